import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Metadata } from "@grpc/grpc-js";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { findPachctlContext } from "../../src/cli/pachctl-context.ts";
import { findMlflow } from "../../src/cli/find-mlflow.ts";
import { findPachyderm } from "../../src/cli/find-pachyderm.ts";
import { writeRecord } from "../../src/local/services-file.ts";
import { stateFolder } from "../../src/local/state-folder.ts";

let cwd: string;

beforeEach(() => {
  cwd = mkdtempSync(join(tmpdir(), "stemma-remotes-"));
});
afterEach(() => {
  rmSync(cwd, { recursive: true });
});

function pachydermAddress(env: Record<string, string>, address?: string): string {
  const client = findPachyderm(env, cwd, address);
  client.close();
  return client.address;
}

function mlflowUri(env: Record<string, string>, uri?: string): string {
  return findMlflow(env, cwd, uri).uri;
}

/** Writes pachctl's configuration and answers its file. */
function writeConfig(config: unknown): string {
  const file = join(cwd, "config.json");
  writeFileSync(file, typeof config === "string" ? config : JSON.stringify(config));
  return file;
}

describe("who is asked", () => {
  test("the usual places, where nothing says otherwise", () => {
    expect(pachydermAddress({})).toBe("127.0.0.1:30650");
    expect(mlflowUri({ MLFLOW_TRACKING_URI: "" })).toBe("http://127.0.0.1:5000");
  });

  test("what `stemma up` has started in this folder, before the usual places", () => {
    writeRecord(stateFolder({}, cwd), "engine", { port: 30651, process: undefined });
    writeRecord(stateFolder({}, cwd), "mlflow", { port: 5001, process: undefined });
    expect(pachydermAddress({})).toBe("127.0.0.1:30651");
    expect(mlflowUri({})).toBe("http://127.0.0.1:5001");
  });

  test("the environment before that, and an option before the environment", () => {
    writeRecord(stateFolder({}, cwd), "engine", { port: 30651, process: undefined });
    const env = { PACHD_ADDRESS: "grpc://pachd.example:1650", MLFLOW_TRACKING_URI: "https://mlflow.example/" };
    expect(pachydermAddress(env)).toBe("grpc://pachd.example:1650");
    expect(pachydermAddress(env, "localhost:1")).toBe("localhost:1");
    expect(mlflowUri(env)).toBe("https://mlflow.example");
    expect(mlflowUri(env, "http://localhost:2")).toBe("http://localhost:2");
  });
});

describe("pachctl's configuration", () => {
  const contexts = {
    here: { pachd_address: "grpc://here:30650", session_token: "t", project: "p" },
    there: { pachd_address: "grpcs://there:443" },
    cluster: { cluster_name: "k8s" },
  };

  test("says where the server is, where nothing else does", () => {
    const PACH_CONFIG = writeConfig({ v2: { active_context: "here", contexts } });
    expect(pachydermAddress({ PACH_CONFIG })).toBe("grpc://here:30650");
    expect(pachydermAddress({ PACH_CONFIG, PACHD_ADDRESS: "other:1" })).toBe("other:1");
    writeRecord(stateFolder({}, cwd), "engine", { port: 30651, process: undefined });
    expect(pachydermAddress({ PACH_CONFIG })).toBe("127.0.0.1:30651");
  });

  test("has several contexts, of which PACH_CONTEXT chooses one", () => {
    const PACH_CONFIG = writeConfig({ v2: { active_context: "here", contexts } });
    expect(pachydermAddress({ PACH_CONFIG, PACH_CONTEXT: "there" })).toBe("grpcs://there:443");
  });

  test("is in the home folder, if nothing else is said", () => {
    mkdirSync(join(cwd, ".pachyderm"));
    writeFileSync(join(cwd, ".pachyderm", "config.json"), JSON.stringify({ v2: { active_context: "there", contexts } }));
    expect(pachydermAddress({ HOME: cwd })).toBe("grpcs://there:443");
  });

  test.each([
    {},
    { v2: {} },
    { v2: { active_context: "here", contexts: {} } },
    { v2: { active_context: "cluster", contexts } },
    { v2: { contexts } },
  ])("may say nothing of it: %j", (config) => {
    expect(pachydermAddress({ PACH_CONFIG: writeConfig(config) })).toBe("127.0.0.1:30650");
  });

  test("that cannot be read is told by its name", () => {
    const PACH_CONFIG = writeConfig("{");
    expect(() => findPachyderm({ PACH_CONFIG }, cwd)).toThrow(
      expect.objectContaining({ code: "USAGE", message: expect.stringContaining(PACH_CONFIG) as string }),
    );
  });

  test("shows its token to its own server alone", () => {
    const PACH_CONFIG = writeConfig({ v2: { active_context: "here", contexts } });
    expect(findPachctlContext({ PACH_CONFIG })).toEqual({ address: "grpc://here:30650", token: "t", ca: undefined });
    const spy = vi.spyOn(Metadata.prototype, "set");
    pachydermAddress({ PACH_CONFIG, PACHD_ADDRESS: "other:1" });
    expect(spy).not.toHaveBeenCalled();
    pachydermAddress({ PACH_CONFIG });
    expect(spy).toHaveBeenCalledWith("authn-token", "t");
    spy.mockRestore();
  });
});

test.each(["ftp://pachd:30650", "pachd:port", "pachd:99999", "a b"])("%s is no address of a Pachyderm server", (address) => {
  expect(() => findPachyderm({}, cwd, address)).toThrow(expect.objectContaining({ code: "USAGE" }));
});

test.each(["sqlite:///mlflow.db", "mlruns", "databricks"])("%s is no address of an MLflow server", (uri) => {
  expect(() => findMlflow({}, cwd, uri)).toThrow(expect.objectContaining({ code: "USAGE" }));
});

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { findMlflow, findPachyderm } from "../../src/cli/remotes.ts";
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

test.each(["ftp://pachd:30650", "pachd:port", "pachd:99999", "a b"])("%s is no address of a Pachyderm server", (address) => {
  expect(() => findPachyderm({}, cwd, address)).toThrow(expect.objectContaining({ code: "USAGE" }));
});

test.each(["sqlite:///mlflow.db", "mlruns", "databricks"])("%s is no address of an MLflow server", (uri) => {
  expect(() => findMlflow({}, cwd, uri)).toThrow(expect.objectContaining({ code: "USAGE" }));
});

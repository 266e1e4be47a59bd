import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { type Server, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type S3Settings, type S3Wishes, chooseS3Settings } from "../../src/cli/artifacts-option.ts";
import { chooseS3Listen } from "../../src/cli/s3-listen.ts";
import { findProcess } from "../../src/local/processes.ts";
import { type ServiceName, findRecord, writeRecord } from "../../src/local/services-file.ts";
import { stateFolder } from "../../src/local/state-folder.ts";
import { freePort } from "../helpers/mlflow-server.ts";
import { testContext } from "./terminal.ts";

let cwd: string;
let said: string[];
let port: number;

beforeEach(async () => {
  cwd = mkdtempSync(join(tmpdir(), "stemma-s3-"));
  said = [];
  port = await freePort();
});
afterEach(() => rmSync(cwd, { recursive: true }));

/** Remembers a service, as one that runs or as one that has been stopped. */
function remember(name: ServiceName, state: "running" | "stopped", s3Port?: number): void {
  const running = state === "running" ? findProcess(process.pid) : undefined;
  writeRecord(stateFolder({}, cwd), name, { port: 1, process: running, s3Port });
}

function choose(wishes: S3Wishes, env: Record<string, string> = {}): Promise<S3Settings> {
  return chooseS3Settings(testContext({ cwd, env }), wishes, (line) => said.push(line));
}

async function take(taken: number): Promise<Server> {
  const other = createServer().listen(taken, "127.0.0.1");
  await once(other, "listening");
  return other;
}

describe("where the S3 gateway listens", () => {
  test("where the user wants, else as last time", async () => {
    expect(await choose({ s3Port: port })).toEqual({ s3Port: port, artifactsInPachyderm: false });
    remember("engine", "stopped", port);
    expect(findRecord(stateFolder({}, cwd), "engine")).toEqual({ port: 1, process: undefined, s3Port: port });
    expect(await choose({})).toEqual({ s3Port: port, artifactsInPachyderm: false });
  });

  test("nowhere, with a line that says so, when its port is taken and nobody asked for it", async () => {
    remember("engine", "stopped", port);
    const other = await take(port);
    expect(await choose({})).toEqual({ s3Port: undefined, artifactsInPachyderm: false });
    expect(said).toEqual([`engine: without an S3 gateway, as port ${port} is taken; give another with stemma up --s3-port`]);
    const refused = { code: "USAGE", message: `port ${port} is taken; give another with stemma up --s3-port` };
    await expect(choose({ s3Port: port })).rejects.toMatchObject(refused);
    await expect(choose({ artifactsInPachyderm: true })).rejects.toMatchObject(refused);
    other.close();
  });

  test("an engine that runs keeps it", async () => {
    remember("engine", "running", port);
    expect(await choose({})).toMatchObject({ s3Port: port });
    expect(await choose({ s3Port: port })).toMatchObject({ s3Port: port });
    await expect(choose({ s3Port: port + 1 })).rejects.toMatchObject({
      message: `the engine already runs with its S3 gateway on port ${port}; stop it first with "stemma down"`,
    });
  });

  test("an engine that runs without one gets none", async () => {
    remember("engine", "running");
    expect(await choose({})).toMatchObject({ s3Port: undefined });
    for (const wishes of [{ s3Port: port }, { artifactsInPachyderm: true }]) {
      await expect(choose(wishes)).rejects.toMatchObject({
        message: 'the engine already runs without an S3 gateway; stop it first with "stemma down"',
      });
    }
  });
});

describe("where MLflow's artifacts go", () => {
  test("where the user wants, else as last time", async () => {
    expect(await choose({ s3Port: port, artifactsInPachyderm: true })).toEqual({ s3Port: port, artifactsInPachyderm: true });
    remember("mlflow", "stopped", port);
    expect(await choose({ s3Port: port })).toMatchObject({ artifactsInPachyderm: true });
    expect(await choose({ s3Port: port, artifactsInPachyderm: false })).toMatchObject({ artifactsInPachyderm: false });
  });

  test.each([
    [undefined, true, "in a folder"],
    [1234, false, "behind the S3 gateway on port 1234"],
    [1234, true, "behind the S3 gateway on port 1234"],
  ])("a server that runs keeps its place: %s", async (s3Port, artifactsInPachyderm, place) => {
    remember("mlflow", "running", s3Port);
    await expect(choose({ s3Port: port, artifactsInPachyderm })).rejects.toMatchObject({
      code: "USAGE",
      message: `the MLflow server already runs with its artifacts ${place}; stop it first with "stemma down"`,
    });
  });

  test("not into a Pachyderm that is given from outside, nor from such an MLflow server", async () => {
    const pachyderm = { PACHD_ADDRESS: "127.0.0.1:1" };
    await expect(choose({ artifactsInPachyderm: true }, pachyderm)).rejects.toMatchObject({
      message: expect.stringContaining("PACHD_ADDRESS names another Pachyderm"),
    });
    const mlflow = { MLFLOW_TRACKING_URI: "http://127.0.0.1:1" };
    await expect(choose({ s3Port: port, artifactsInPachyderm: true }, mlflow)).rejects.toMatchObject({
      message: expect.stringContaining("MLFLOW_TRACKING_URI names another"),
    });
    remember("mlflow", "stopped", port);
    expect(await choose({ s3Port: port }, mlflow)).toEqual({ s3Port: port, artifactsInPachyderm: false });
    expect(await choose({}, { ...mlflow, ...pachyderm })).toEqual({ s3Port: undefined, artifactsInPachyderm: false });
  });
});

describe("stemma engine --s3-listen", () => {
  test("listens there, or not at all", async () => {
    expect(await chooseS3Listen(`127.0.0.1:${port}`, () => undefined)).toBe(`127.0.0.1:${port}`);
    expect(await chooseS3Listen("off", () => undefined)).toBeUndefined();
    await expect(chooseS3Listen("nowhere", () => undefined)).rejects.toMatchObject({ code: "USAGE" });
    const other = await take(port);
    await expect(chooseS3Listen(`127.0.0.1:${port}`, () => undefined)).rejects.toMatchObject({
      message: `port ${port} is taken; give another with --s3-listen HOST:PORT, or off`,
    });
    other.close();
  });
});

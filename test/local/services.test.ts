import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { findService, startService, stopService } from "../../src/local/services.ts";
import type { ServiceDefinition, StartOptions } from "../../src/local/services.ts";
import { stateFolder } from "../../src/local/state-folder.ts";
import type { StateFolder } from "../../src/local/state-folder.ts";
import { freePort } from "../helpers/mlflow-server.ts";

const SERVER = "require('node:http').createServer((_, answer) => answer.end()).listen(process.argv[1], '127.0.0.1')";
const OPTIONS: StartOptions = { port: undefined, signal: new AbortController().signal, onWaiting: () => undefined };

let folder: StateFolder;
let port: number;

beforeEach(async () => {
  folder = stateFolder({ STEMMA_HOME: mkdtempSync(join(tmpdir(), "stemma-services-")) }, "/");
  port = await freePort();
});

afterEach(async () => {
  await stopService(folder, "mlflow");
  rmSync(folder.path, { recursive: true });
});

/** A service that is a small web server, or another script. */
function service(script = SERVER): ServiceDefinition {
  return {
    name: "mlflow",
    title: "the small server",
    defaultPort: port,
    portOption: "--small-port",
    startLimitMs: 20_000,
    command: (at) => ({ program: process.execPath, args: ["-e", script, String(at)], cwd: folder.path, env: process.env }),
    answers: (address) =>
      fetch(address).then(
        ({ ok }) => ok,
        () => false,
      ),
  };
}

describe("a service", () => {
  test("is started, found and stopped", async () => {
    const started = await startService(folder, service(), OPTIONS);
    expect(started).toMatchObject({ address: `http://127.0.0.1:${port}`, isNew: true });
    expect(findService(folder, "mlflow")).toEqual({
      address: started.address,
      pid: started.pid,
      logFile: join(folder.path, "logs", "mlflow.log"),
    });

    expect(await stopService(folder, "mlflow")).toMatchObject({ pid: started.pid });
    expect(findService(folder, "mlflow")).toMatchObject({ address: started.address, pid: undefined });
    await expect(fetch(started.address)).rejects.toThrow("fetch failed");
  });

  test("that runs already is left as it is", async () => {
    const first = await startService(folder, service(), OPTIONS);
    expect(await startService(folder, service(), { ...OPTIONS, port })).toEqual({ ...first, isNew: false });
  });

  test("that runs already cannot get another port", async () => {
    await startService(folder, service(), OPTIONS);
    await expect(startService(folder, service(), { ...OPTIONS, port: port + 1 })).rejects.toMatchObject({ code: "USAGE" });
  });

  test("is started again on the port of the last time", async () => {
    const other = await freePort();
    await startService(folder, service(), { ...OPTIONS, port: other });
    await stopService(folder, "mlflow");
    expect(await startService(folder, service(), OPTIONS)).toMatchObject({ address: `http://127.0.0.1:${other}` });
  });

  test("is not started on a port that another has", async () => {
    const other = createServer().listen(port, "127.0.0.1");
    await once(other, "listening");
    try {
      await expect(startService(folder, service(), OPTIONS)).rejects.toMatchObject({
        code: "USAGE",
        message: `port ${port} is taken; give another with --small-port`,
      });
      expect(findService(folder, "mlflow")).toBeUndefined();
    } finally {
      other.close();
    }
  });

  test("that ends while it starts shows the end of its log", async () => {
    const broken = service("console.error('no database'); process.exit(3)");
    await expect(startService(folder, broken, OPTIONS)).rejects.toMatchObject({
      code: "FAILED",
      message: "the small server ended while it was starting: no database",
    });
  });

  test("whose program is missing says so", async () => {
    const missing: ServiceDefinition = {
      ...service(),
      command: () => ({ program: "/no/such/program", args: [], cwd: folder.path, env: {} }),
    };
    await expect(startService(folder, missing, OPTIONS)).rejects.toMatchObject({
      code: "FAILED",
      message: expect.stringContaining("cannot start the small server"),
    });
  });

  test("is no longer waited for when the user ends the wait", async () => {
    const silent = service("setInterval(() => undefined, 1000)");
    const signal = AbortSignal.abort(new Error("ended by SIGINT"));
    await expect(startService(folder, silent, { ...OPTIONS, signal })).rejects.toThrow("ended by SIGINT");
  });
});

test("a damaged services.json is one line that says what to do", async () => {
  writeFileSync(folder.servicesFile, "{");
  expect(() => findService(folder, "engine")).toThrow(`${folder.servicesFile} is damaged;`);
  rmSync(folder.servicesFile);
});

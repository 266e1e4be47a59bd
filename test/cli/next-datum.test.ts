import { describe, expect, test } from "vitest";
import { Server, ServerCredentials } from "@grpc/grpc-js";
import { WorkerServer } from "../../src/engine/work/worker-server.ts";
import { refused } from "../../src/engine/fault.ts";
import { loadProtocol } from "../../src/pachyderm/protocol.ts";
import { type CommandResult, stemma } from "./terminal.ts";

function ask(port: string | undefined, ...argv: string[]): Promise<CommandResult> {
  return stemma(["next-datum", ...argv], { cwd: "/", env: { PPS_WORKER_GRPC_PORT: port } });
}

/** Asks a worker that answers so. */
async function askWorker(answer: (error: string) => string[], ...argv: string[]): Promise<CommandResult> {
  const worker = await WorkerServer.start(
    () => undefined,
    async (error) => answer(error),
  );
  try {
    return await ask(String(worker.port), ...argv);
  } finally {
    worker.close();
  }
}

describe("next-datum, with a worker as the engine has them", () => {
  test("prints the datum's variables as JSON", async () => {
    const large = "x".repeat(200_000);
    const result = await askWorker(() => ["in=/pfs/in/a.csv", "EMPTY=", 'ODD=a=b\n"ä"', `LARGE=${large}`]);
    expect(result).toMatchObject({ code: 0, err: "" });
    expect(JSON.parse(result.out)).toEqual({ in: "/pfs/in/a.csv", EMPTY: "", ODD: 'a=b\n"ä"', LARGE: large });
  });

  test("tells how it went with the datum before: well, unless --error says otherwise", async () => {
    const said: string[] = [];
    const note = (error: string): string[] => {
      said.push(error);
      return [];
    };
    await askWorker(note);
    const last = await askWorker(note, "--error", "day 1: größer\nas allowed");
    expect(said).toEqual(["", "day 1: größer\nas allowed"]);
    expect(last).toEqual({ code: 0, out: "{}\n", err: "" });
  });

  test("ends with the worker's reason when that refuses", async () => {
    const found = await askWorker(() => {
      throw refused("no datum: 100 % für ü");
    });
    expect(found).toEqual({ code: 1, out: "", err: "stemma: no datum: 100 % für ü\n" });
  });
});

test("next-datum says that the datums of a pipeline are not batched", async () => {
  const worker = await WorkerServer.start(() => undefined);
  try {
    const result = await ask(String(worker.port));
    expect(result).toEqual({ code: 1, out: "", err: "stemma: datum batching not enabled\n" });
  } finally {
    worker.close();
  }
});

test("next-datum ends when the worker goes away while it waits", async () => {
  const asked = Promise.withResolvers<void>();
  const worker = await WorkerServer.start(
    () => undefined,
    () => {
      asked.resolve();
      return new Promise(() => undefined);
    },
  );
  const result = ask(String(worker.port));
  await asked.promise;
  worker.close();
  const { code, err } = await result;
  expect(code).toBe(4);
  expect(err).toMatch(/^stemma: the worker at 127\.0\.0\.1:\d+ can't be reached \(.+\)\.\n$/);
});

test("next-datum says so where there is no such service", async () => {
  const server = new Server();
  const { service } = loadProtocol().pfs_v2.API;
  server.addService(service, {});
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    );
  });
  try {
    const { code, err } = await ask(String(port));
    expect(code).toBe(1);
    expect(err).toMatch(/^stemma: .*NextDatum.*\n$/);
  } finally {
    server.forceShutdown();
  }
});

test.each([
  [
    undefined,
    "PPS_WORKER_GRPC_PORT is not set; this works in a job of a pipeline with datum_batching only, where Pachyderm sets it.",
  ],
  ["web", 'PPS_WORKER_GRPC_PORT is "web", which is no port.'],
  ["70000", 'PPS_WORKER_GRPC_PORT is "70000", which is no port.'],
])("next-datum refuses %s for a port", async (port, trouble) => {
  expect(await ask(port)).toEqual({ code: 2, out: "", err: `stemma: ${trouble}\n` });
});

test("next-datum says when nobody listens", async () => {
  const worker = await WorkerServer.start(() => undefined);
  worker.close();
  const { code, err } = await ask(String(worker.port));
  expect(code).toBe(4);
  expect(err).toContain("ECONNREFUSED");
});

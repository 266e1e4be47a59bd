import { once } from "node:events";
import { type Server, type Socket, createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import { MlflowClient, type MlflowClientOptions } from "../../src/mlflow/client.ts";
import { timeoutOf } from "../../src/mlflow/timeouts.ts";

const RUN_ID = "0123456789abcdef0123456789abcdef";
const NEW_RUN = { experimentId: "1", name: "n", startTime: new Date(0), tags: {} };
const BODY = JSON.stringify({ run: { info: { run_id: RUN_ID, experiment_id: "1", status: "RUNNING" } } });
const WHOLE = `HTTP/1.1 200 OK\r\nContent-Length: ${BODY.length}\r\n\r\n${BODY}`;

/** What a server does with one request; the last one is for all that follow. */
type Act = (socket: Socket) => void;

let server: Server | undefined;
const sockets = new Set<Socket>();
let requests = 0;

/** A server that speaks bare TCP, so that it can break off anywhere. */
async function serverThat(...acts: readonly Act[]): Promise<string> {
  requests = 0;
  server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => undefined); // it is the client that hangs up here
    socket.once("data", () => acts[Math.min(requests++, acts.length - 1)]?.(socket));
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

afterEach(() => {
  for (const socket of sockets) socket.destroy();
  sockets.clear();
  server?.close();
});

const answer: Act = (socket) => socket.end(WHOLE);
const reset: Act = (socket) => socket.resetAndDestroy();
const silence: Act = () => undefined;
const drip: Act = (socket) => {
  socket.write("HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n");
  const timer = setInterval(() => socket.write(" "), 5);
  socket.on("close", () => clearInterval(timer));
};
const half =
  (head: string): Act =>
  (socket) =>
    socket.end(`HTTP/1.1 200 OK\r\n${head}\r\n\r\n${BODY.slice(0, 40)}`);

async function clientOf(acts: readonly Act[], options: Partial<MlflowClientOptions> = {}): Promise<MlflowClient> {
  return new MlflowClient({ uri: await serverThat(...acts), ...options });
}

describe("an answer that is lost", () => {
  test.each<[string, Act]>([
    ["a reset", reset],
    ["a hang-up", (socket) => socket.end()],
    ["a body shorter than its length", half(`Content-Length: ${BODY.length}`)],
    ["a chunk that is cut", half(`Transfer-Encoding: chunked\r\n\r\n${BODY.length.toString(16)}`)],
    ["a body without length that ends in the middle", half("Content-Type: application/json")],
  ])("by %s is asked for again, and a run's creation is a doubt instead", async (_, act) => {
    const client = await clientOf([act, answer]);
    await expect(client.inspectRun(RUN_ID)).resolves.toMatchObject({ id: RUN_ID });
    expect([requests, client.doubts]).toEqual([2, 0]);
    server?.close();

    const creating = await clientOf([act, answer]);
    await expect(creating.createRun(NEW_RUN)).rejects.toMatchObject({ code: "UNREACHABLE" });
    expect([requests, creating.doubts]).toEqual([1, 1]);
  });

  test("after the time is over is not waited for again", async () => {
    const client = await clientOf([silence], { env: { MLFLOW_HTTP_REQUEST_TIMEOUT: "0.05" } });
    await expect(client.updateRun(RUN_ID, { status: "FINISHED" })).rejects.toMatchObject({
      code: "UNREACHABLE",
      message: expect.stringContaining("in time"),
    });
    expect([requests, client.doubts]).toEqual([1, 1]);
  });

  test("that comes byte by byte does not hold up longer than the time-out", async () => {
    const client = await clientOf([drip], { timeoutMs: 100 });
    await expect(client.inspectRun(RUN_ID)).rejects.toMatchObject({ code: "UNREACHABLE" });
  });
});

describe("a signal", () => {
  test("ends a call that waits for its answer", async () => {
    const controller = new AbortController();
    const client = await clientOf([() => controller.abort()], { signal: controller.signal });
    await expect(client.createRun(NEW_RUN)).rejects.toMatchObject({
      code: "UNREACHABLE",
      message: expect.stringContaining("given up"),
    });
    expect(client.doubts).toBe(1);
  });

  test("ends a call that waits for its next try, and all that come later", async () => {
    const controller = new AbortController();
    const act: Act = (socket) => {
      reset(socket);
      setImmediate(() => controller.abort());
    };
    const client = await clientOf([act], { signal: controller.signal });
    await expect(client.inspectRun(RUN_ID)).rejects.toMatchObject({ code: "UNREACHABLE" });
    await expect(client.inspectRun(RUN_ID)).rejects.toMatchObject({ message: expect.stringContaining("given up") });
    expect(requests).toBe(1);
  });
});

test("a server elsewhere is reached through the proxy that the environment names", async () => {
  let firstLine = "";
  const proxy = await serverThat((socket) => socket.end(WHOLE));
  server?.on("connection", (socket) => socket.once("data", (data) => (firstLine = data.toString().split("\r\n")[0] ?? "")));
  const client = new MlflowClient({ uri: "http://mlflow.invalid:5000", env: { http_proxy: proxy } });
  await expect(client.inspectRun(RUN_ID)).resolves.toMatchObject({ id: RUN_ID });
  expect(firstLine).toMatch(/^GET http:\/\/mlflow\.invalid:5000\/api\//);
});

describe("MLFLOW_HTTP_REQUEST_TIMEOUT", () => {
  test.each([
    ["", 60_000],
    ["7", 7_000],
    ["0.5", 500],
  ])("%j is %i ms", (text, ms) => {
    expect(timeoutOf({ MLFLOW_HTTP_REQUEST_TIMEOUT: text })).toBe(ms);
  });

  test.each(["soon", "0", "-1", "1e12"])("%j is refused", (text) => {
    expect(() => timeoutOf({ MLFLOW_HTTP_REQUEST_TIMEOUT: text })).toThrow(expect.objectContaining({ code: "USAGE" }));
  });
});

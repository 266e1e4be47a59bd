import { once } from "node:events";
import { type Server, createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { MlflowClient } from "../../src/mlflow/client.ts";
import { freePort } from "../helpers/mlflow-server.ts";

interface Recorded {
  readonly status: number;
  readonly type?: string;
  readonly body: string;
  readonly headers?: Readonly<Record<string, string>>;
}

const RUN_ID = "0123456789abcdef0123456789abcdef";
const NEW_RUN = { experimentId: "1", name: "n", startTime: new Date(0), tags: {} };
const RUN = { run: { info: { run_id: RUN_ID, experiment_id: "1", status: "RUNNING" } } };

/** A stand-in for MLflow and what may stand before it: it says what real ones were recorded to say. */
let standIn: Server;
let answers: Recorded[] = [];
let calls = 0;
let uri = "";

beforeAll(async () => {
  standIn = createServer((request, response) => {
    calls += 1;
    const { status, type, body, headers = {} } = answers.length > 1 ? (answers.shift() as Recorded) : (answers[0] as Recorded);
    const all = { ...headers, ...(type === undefined ? {} : { "content-type": type }) };
    request.resume().on("end", () => response.writeHead(status, all).end(body));
  }).listen(0, "127.0.0.1");
  await once(standIn, "listening");
  uri = `http://127.0.0.1:${(standIn.address() as AddressInfo).port}`;
});

afterAll(() => standIn.close());

function standInSays(...recorded: Recorded[]): MlflowClient {
  answers = recorded;
  calls = 0;
  return new MlflowClient({ uri });
}

const json = (status: number, body: unknown): Recorded => ({ status, type: "application/json", body: JSON.stringify(body) });
const html = (status: number, body: string): Recorded => ({ status, type: "text/html", body });
const PAGE = "<!doctype html>\n<html lang=en>\n<title>404 Not Found</title>\n<h1>Not Found</h1>";
const SQL_TEXT =
  "Experiment(name=a) already exists. Error: (sqlite3.IntegrityError) UNIQUE constraint failed: experiments.name\n[SQL: INSERT INTO experiments]";

describe("an error of the server", () => {
  test.each<[string, Recorded, string, string]>([
    [
      "unknown run",
      json(404, { error_code: "RESOURCE_DOES_NOT_EXIST", message: "Run with id=r not found" }),
      "NOT_FOUND",
      "Run with id=r not found",
    ],
    [
      "name taken",
      json(400, { error_code: "RESOURCE_ALREADY_EXISTS", message: SQL_TEXT }),
      "ALREADY_EXISTS",
      "Experiment(name=a) already exists.",
    ],
    ["bad value", json(400, { error_code: "INVALID_PARAMETER_VALUE", message: "Invalid path" }), "USAGE", "Invalid path"],
    [
      "integrity error",
      json(400, { error_code: "BAD_REQUEST", message: "(sqlite3.IntegrityError) FOREIGN KEY constraint failed" }),
      "FAILED",
      "HTTP status 400, BAD_REQUEST",
    ],
    [
      "own failure",
      json(500, { error_code: "INTERNAL_ERROR", message: "failures while downloading from s3://bkt" }),
      "FAILED",
      "HTTP status 500, INTERNAL_ERROR.",
    ],
    [
      "FastAPI's shape",
      json(400, { detail: "Artifact path must include a filename." }),
      "FAILED",
      "Artifact path must include a filename.",
    ],
    ["a page", html(404, PAGE), "FAILED", "HTTP status 404."],
    ["plain text", { status: 500, type: "text/plain", body: "Internal Server Error" }, "FAILED", "Internal Server Error."],
    [
      "foreign host name",
      { status: 403, body: "Invalid Host header - possible DNS rebinding attack detected" },
      "FAILED",
      "Invalid Host header",
    ],
    ["no credentials", html(401, "You are not authenticated."), "FAILED", "You are not authenticated."],
    ["no permission", html(403, "Permission denied"), "FAILED", "Permission denied."],
    ["an empty body", { status: 400, body: "" }, "FAILED", "HTTP status 400"],
  ])("%s", async (_, recorded, code, text) => {
    const promise = standInSays(recorded).createRun(NEW_RUN);
    await expect(promise).rejects.toMatchObject({ code, message: expect.stringContaining(`MLflow at ${uri}: ${text}`) });
    await expect(promise).rejects.toMatchObject({ message: expect.not.stringMatching(/sqlite3|SQL|s3:|</) });
    expect(calls).toBe(1);
  });

  test.each([408, 429, 500, 502, 503, 504])("status %i is tried again", async (status) => {
    await expect(standInSays(html(status, PAGE), json(200, RUN)).inspectRun(RUN_ID)).resolves.toMatchObject({ id: RUN_ID });
    expect(calls).toBe(2);
  });

  test("a failure that the server calls a wrong state is not tried again", async () => {
    const client = standInSays(json(500, { error_code: "INVALID_STATE", message: "Cannot rename." }));
    await expect(client.inspectRun(RUN_ID)).rejects.toMatchObject({ code: "FAILED" });
    expect(calls).toBe(1);
  });

  test("a call without effect so far is tried again after a while that the server names, also a run's creation", async () => {
    const later = { ...html(429, "slow down"), headers: { "retry-after": "1" } };
    const startedAt = performance.now();
    await expect(standInSays(later, json(200, RUN)).createRun(NEW_RUN)).resolves.toMatchObject({ id: RUN_ID });
    expect(performance.now() - startedAt).toBeGreaterThan(990);
  });

  test("a gateway that stays without its server is UNREACHABLE, and a run's creation is not tried twice", async () => {
    const client = standInSays(html(503, PAGE));
    await expect(client.createRun(NEW_RUN)).rejects.toMatchObject({ code: "UNREACHABLE" });
    expect(calls).toBe(1);
    expect(client.doubts).toBe(1);
  });

  test("a page where JSON is due means that this is no MLflow server", async () => {
    await expect(standInSays(html(200, PAGE)).inspectRun(RUN_ID)).rejects.toMatchObject({
      code: "FAILED",
      message: expect.stringContaining("JSON"),
    });
  });

  test.each<[string, unknown]>([
    ["a list", []],
    ["nothing", null],
    ["no run", { login: "please" }],
    ["a run without id", { run: { info: { experiment_id: "1", status: "RUNNING" } } }],
    ["a run whose tags are no list", { run: { ...RUN.run, data: { tags: { a: "b" } } } }],
    ["a run with a tag without key", { run: { ...RUN.run, data: { tags: ["a"] } } }],
    ["a run of an unknown status", { run: { info: { ...RUN.run.info, status: "ASLEEP" } } }],
    ["another run", { run: { info: { ...RUN.run.info, run_id: "f".repeat(32) } } }],
  ])("an answer that holds %s is one line, and no bug of ours", async (_, answer) => {
    await expect(standInSays(json(200, answer)).inspectRun(RUN_ID)).rejects.toMatchObject({
      name: "StemmaError",
      code: "FAILED",
    });
    expect(calls).toBe(1);
  });

  test("a status that the server ignored is an error", async () => {
    const client = standInSays(json(200, { run_info: RUN.run.info }));
    await expect(client.updateRun(RUN_ID, { status: "FINISHED" })).rejects.toMatchObject({ code: "FAILED" });
  });
});

describe("a server that does not answer", () => {
  test("nobody listening is UNREACHABLE, with a hint", async () => {
    const client = new MlflowClient({ uri: `http://127.0.0.1:${await freePort()}` });
    await expect(client.checkHealth()).rejects.toMatchObject({
      code: "UNREACHABLE",
      message: expect.stringContaining("connection refused"),
      hint: expect.stringContaining("stemma status"),
    });
  });

  test("a time-out is UNREACHABLE", async () => {
    const silent = createServer(() => {}).listen(0, "127.0.0.1");
    await once(silent, "listening");
    const client = new MlflowClient({ uri: `http://127.0.0.1:${(silent.address() as AddressInfo).port}`, timeoutMs: 50 });
    await expect(client.inspectRun(RUN_ID)).rejects.toMatchObject({
      code: "UNREACHABLE",
      message: expect.stringContaining("in time"),
    });
    silent.closeAllConnections();
    silent.close();
  });
});

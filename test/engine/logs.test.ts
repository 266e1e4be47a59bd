import { writeFile } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { maskOf } from "../../src/engine/work/mask.ts";
import { Connection } from "../../src/pachyderm/connection.ts";
import type { GetLogsRequest } from "../../src/pachyderm/generated/pps_v2/GetLogsRequest.ts";
import type { LogMessage__Output as LogMessage } from "../../src/pachyderm/generated/pps_v2/LogMessage.ts";
import { loadProtocol } from "../../src/pachyderm/protocol.ts";
import { type TestEngine, commitFiles, pipeline, repo, shellSpec, startTestEngine } from "../helpers/engine.ts";

const TOKEN = "a-token-of-the-engine";
const { GetLogs } = loadProtocol().pps_v2.API.service;

let engine: TestEngine;
let connection: Connection;
let names = 0;
beforeAll(async () => {
  engine = await startTestEngine({ access: { token: TOKEN, tls: undefined } });
  connection = new Connection({ address: engine.engine.address, token: TOKEN });
});
afterAll(async () => {
  connection.close();
  await engine.close();
});

/** A pipeline that runs a script on one file, and its first job. */
async function start(script: string, more: object = {}): Promise<{ name: string; id: string; request: GetLogsRequest }> {
  names += 1;
  const [input, name] = [`input${names}`, `pipeline${names}`];
  await engine.client.createRepo(repo(input));
  await commitFiles(engine.client, input, { "/a": "1" });
  await engine.client.createPipeline(shellSpec(name, input, script, more));
  const [job] = await Array.fromAsync(engine.client.listJobs({ pipeline: pipeline(name) }));
  return { name, id: job?.job.id ?? "", request: { pipeline: { project: { name: "default" }, name } } };
}

async function run(script: string, more: object = {}): ReturnType<typeof start> {
  const started = await start(script, more);
  await engine.client.inspectJob({ pipeline: pipeline(started.name), id: started.id }, { wait: true });
  return started;
}

function lines(request: GetLogsRequest): AsyncIterable<LogMessage> {
  return connection.receive(GetLogs, request, (line) => line);
}

async function texts(request: GetLogsRequest): Promise<string[]> {
  return Array.fromAsync(lines(request), ({ message = "" }) => message);
}

describe("logs of jobs", () => {
  test("with a tail are the last so many lines", async () => {
    const { request } = await run("for n in 1 2 3 4; do echo $n; done");
    const all = await texts(request);
    expect(all).toHaveLength(5);
    expect(await texts({ ...request, tail: "2" })).toEqual(all.slice(-2));
    expect(await texts({ ...request, tail: "100" })).toEqual(all);
  });

  test("of a great many lines are all there, in order", async () => {
    const { request } = await run("seq 5000");
    const printed = (await Array.fromAsync(lines(request))).filter(({ user }) => user).map(({ message }) => message);
    expect(printed).toEqual(Array.from({ length: 5000 }, (_, index) => `${index + 1}`));
  });

  test("that are followed end with their job", async () => {
    const { id, request } = await start(
      'echo before; until [ -e "/tmp/$PACH_JOB_ID" ]; do sleep 0.05; done; rm "/tmp/$PACH_JOB_ID"; echo after',
    );
    const seen: string[] = [];
    for await (const { message = "" } of lines({ job: { ...request, id }, follow: true })) {
      seen.push(message);
      if (message === "before") await writeFile(`/tmp/${id}`, "");
    }
    expect(seen).toEqual(["before", "after", expect.stringContaining("attempt 1 of 1 succeeded")]);
  });

  test("of the master say what became of a job, and no others do", async () => {
    const { id, request } = await run("exit 1");
    expect(await texts({ ...request, master: true })).toEqual([
      `job ${id} begins: 1 of 1 datums to work on`,
      expect.stringMatching(new RegExp(`^job ${id} ends as JOB_FAILURE: datum [0-9a-f]{64} failed$`)),
    ]);
    expect((await texts(request)).filter((text) => text.startsWith("job "))).toEqual([]);
  });

  test("are filtered by what a datum reads also while it is at work", async () => {
    const { id, request } = await start("echo ready; exec sleep 1000");
    for await (const { message, data } of lines({ ...request, follow: true, data_filters: ["/a"] })) {
      expect([message, data?.[0]?.path]).toEqual(["ready", "/a"]);
      break;
    }
    await engine.client.stopJob({ pipeline: pipeline(request.pipeline?.name ?? ""), id });
  });

  test("hide the values of secrets and the engine's token", async () => {
    await engine.client.createSecret("words", { one: "correct horse", lines: "first line\nsecond line\n" });
    const secrets = [
      { name: "words", key: "one", env_var: "ONE" },
      { name: "words", key: "lines", env_var: "LINES" },
    ];
    const script = 'echo "it is $ONE"; echo "$LINES"; echo "token $PACH_TOKEN"';
    const { request } = await run("", { transform: { cmd: ["sh", "-c", script], secrets } });
    expect((await texts(request)).slice(0, 5)).toEqual(["it is ***", "***", "***", "", "token ***"]);
  });

  test("of a job that was deleted are gone", async () => {
    const { id, request } = await run("echo here");
    await connection.call(loadProtocol().pps_v2.API.service.DeleteJob, { job: { ...request, id } });
    expect(await texts(request)).toEqual([]);
  });
});

describe("the engine's own logs", () => {
  test("say where it listens and what its jobs run in, and go on", async () => {
    const [first = ""] = await texts({});
    expect(first).toMatch(/^listening on 127\.0\.0\.1:\d+; jobs run /);
    const followed = lines({ follow: true })[Symbol.asyncIterator]();
    expect((await followed.next()).value).toMatchObject({ message: first });
    await followed.return?.();
  });
});

describe("a mask", () => {
  test.each([
    ["a value", ["secret"], "a secret, twice secret", "a ***, twice ***"],
    ["a long value before a shorter one in it", ["horse", "correct horse"], "correct horse", "***"],
    ["each line of a value", ["one\n two \n"], "one and two", "*** and ***"],
    ["no value of one or two characters", ["x", "ab", ""], "xab", "xab"],
    ["a value with signs that mean something elsewhere", ["$&.*(a"], "is $&.*(a", "is ***"],
  ])("hides %s", (_, values, line, masked) => expect(maskOf(values)(line)).toBe(masked));
});

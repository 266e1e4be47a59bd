import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Pachd, type RepoName, expectFault, pps, uniqueName } from "./pachd.ts";
import { type PipelineName, Pipelines } from "./pipeline-calls.ts";

let pachd: Pachd;
let pipelines: Pipelines;
let input: RepoName;
/** Its keys are user, password and file. */
let name: string;
beforeAll(async () => {
  pachd = await Pachd.connect();
  pipelines = new Pipelines(pachd);
  input = await pachd.newRepo("in");
  await pachd.put(input, { "/a": "1" });
  name = secretName();
  await create(name, {
    data: { user: Buffer.from("alice").toString("base64"), file: Buffer.from("line 1\nline 2\n").toString("base64") },
    stringData: { password: "correct horse" },
  });
});
afterAll(async () => {
  await pachd.call(pps.DeleteSecret, { secret: { name } });
  await pachd.close();
});

function secretName(): string {
  return uniqueName("secret").replace("_", "-");
}

async function create(secret: string, content: object): Promise<void> {
  const file = { apiVersion: "v1", kind: "Secret", metadata: { name: secret }, ...content };
  await pachd.call(pps.CreateSecret, { file: Buffer.from(JSON.stringify(file)) });
}

async function listed(): Promise<string[]> {
  const { secret_info } = await pachd.call(pps.ListSecret, {});
  return (secret_info ?? []).map(({ secret }) => secret?.name ?? "");
}

/** A pipeline whose command gets secrets. */
async function withSecrets(script: string, secrets: readonly object[]): Promise<PipelineName> {
  const pipeline = await pipelines.new(input, "", { transform: { cmd: ["sh", "-e", "-c", script], secrets } });
  expect(await pipelines.newest(pipeline)).toMatchObject({ state: "JOB_SUCCESS" });
  return pipeline;
}

describe("a secret", () => {
  test("is listed by its name", async () => {
    expect(await listed()).toContain(name);
  });

  test("is inspected without its values: name, type and time", async () => {
    const info = await pachd.call(pps.InspectSecret, { secret: { name } });
    expect(info).toMatchObject({ secret: { name }, type: "Opaque" });
    expect(Number(info.creation_timestamp?.seconds)).toBeGreaterThan(0);
    expect(JSON.stringify(info)).not.toMatch(/alice|correct horse/);
  });

  test("keeps the type that it was given", async () => {
    const typed = secretName();
    await create(typed, { type: "stemma.dev/login", stringData: { a: "b" } });
    expect(await pachd.call(pps.InspectSecret, { secret: { name: typed } })).toMatchObject({ type: "stemma.dev/login" });
    await pachd.call(pps.DeleteSecret, { secret: { name: typed } });
  });

  test("that is deleted is gone", async () => {
    const gone = secretName();
    await create(gone, { stringData: { a: "b" } });
    await pachd.call(pps.DeleteSecret, { secret: { name: gone } });
    expect(await listed()).not.toContain(gone);
  });
});

describe("a secret reaches a command", () => {
  test.each([
    ["data, which is in base64", "user", "alice"],
    ["stringData, which is not", "password", "correct horse"],
  ])("in a variable, from %s", async (_, key, value) => {
    const pipeline = await withSecrets('printf %s "$TOKEN" > /pfs/out/value', [{ name, key, env_var: "TOKEN" }]);
    expect(await pachd.read(pipelines.repo(pipeline), "/value")).toBe(value);
  });

  test("in a folder, with a file for each of its keys", async () => {
    const script = "ls /var/secrets/login > /pfs/out/keys; cat /var/secrets/login/file > /pfs/out/file";
    const pipeline = await withSecrets(script, [{ name, mount_path: "/var/secrets/login" }]);
    expect((await pachd.read(pipelines.repo(pipeline), "/keys")).split("\n").filter(Boolean)).toEqual([
      "file",
      "password",
      "user",
    ]);
    expect(await pachd.read(pipelines.repo(pipeline), "/file")).toBe("line 1\nline 2\n");
  });
});

describe("a secret is refused", () => {
  test("to be inspected when it is not there", async () => {
    const call = pachd.call(pps.InspectSecret, { secret: { name: "nope" } });
    await expectFault(call, "UNKNOWN", 'failed to get secret: secrets "nope" not found');
  });

  test("to be deleted when it is not there", async () => {
    const call = pachd.call(pps.DeleteSecret, { secret: { name: "nope" } });
    await expectFault(call, "UNKNOWN", 'failed to delete secret: secrets "nope" not found');
  });

  test.each([
    ["is no JSON", "{", "failed to unmarshal secret"],
    ["has data that is not in base64", { metadata: { name: "a" }, data: { key: "?" } }, "failed to unmarshal secret"],
    ["has a name that Kubernetes refuses", { metadata: { name: "Not_Lower" } }, "failed to create secret"],
  ])("when it %s", async (_, content, phrase) => {
    const file = Buffer.from(
      typeof content === "string" ? content : JSON.stringify({ apiVersion: "v1", kind: "Secret", ...content }),
    );
    await expectFault(pachd.call(pps.CreateSecret, { file }), "UNKNOWN", phrase);
  });

  test.each([
    ["inspected", pps.InspectSecret],
    ["deleted", pps.DeleteSecret],
  ])("to be %s without its name", async (_, method) => {
    await expectFault(pachd.call(method, {}), "INVALID_ARGUMENT", "validate request");
  });

  test("to a pipeline that wants it in a variable, but names no key", async () => {
    const transform = { cmd: ["true"], secrets: [{ name, env_var: "TOKEN" }] };
    const call = pipelines.create(pipelines.spec(input, "", { transform }));
    await expectFault(call, "UNKNOWN", `secret ${name} has env_var set but is missing key`);
  });
});

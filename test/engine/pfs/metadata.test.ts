import { Client, credentials } from "@grpc/grpc-js";
import type { MethodDefinition } from "@grpc/proto-loader";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { Edit } from "../../../src/pachyderm/generated/metadata/Edit.ts";
import { loadProtocol } from "../../../src/pachyderm/protocol.ts";
import { type TestEngine, branch, commitFiles, repo, startTestEngine } from "../../helpers/engine.ts";

const protocol = loadProtocol();
const admin = protocol.admin_v2.API.service;
const pfs = protocol.pfs_v2.API.service;
const metadata = protocol.metadata.API.service;

let running: TestEngine;
beforeAll(async () => {
  running = await startTestEngine();
});
afterAll(() => running.close());
beforeEach(() => running.client.createRepo(repo("r")));
afterEach(() => running.client.deleteRepo(repo("r")));

function call<Request, Reply>(method: MethodDefinition<Request, object, object, Reply>, request: Request): Promise<Reply> {
  const client = new Client(running.engine.address, credentials.createInsecure());
  const { path, requestSerialize, responseDeserialize } = method;
  return new Promise<Reply>((resolve, reject) => {
    client.makeUnaryRequest(path, requestSerialize, responseDeserialize, request, (error, reply) =>
      error === null ? resolve(reply as Reply) : reject(error),
    );
  }).finally(() => client.close());
}

async function edit(...edits: Edit[]): Promise<void> {
  await call(metadata.EditMetadata, { edits });
}

const wire = { name: "r", type: "user", project: { name: "default" } };
const repoPicker = { name: { project: { name: "default" }, name: "r", type: "user" } };
const branchPicker = { name: { repo: repoPicker, name: "master" } };

describe("notes", () => {
  test("are there after a restart", async () => {
    await edit({ repo: repoPicker, add_key: { key: "k", value: "v" } }, { cluster: {}, add_key: { key: "c", value: "v" } });
    running = await running.restart();
    expect((await call(pfs.InspectRepo, { repo: wire })).metadata).toEqual({ k: "v" });
    expect((await call(admin.InspectCluster, {})).metadata).toEqual({ c: "v" });
  });

  test("stay when what they are on changes otherwise", async () => {
    await commitFiles(running.client, "r", { "/a": "1" });
    await edit(
      { repo: repoPicker, add_key: { key: "k", value: "v" } },
      { branch: branchPicker, add_key: { key: "b", value: "v" } },
    );
    await running.client.createRepo(repo("r"), { update: true, description: "new" });
    await commitFiles(running.client, "r", { "/a": "2" });
    await running.client.createBranch(branch("r"));
    expect(await call(pfs.InspectRepo, { repo: wire })).toMatchObject({ description: "new", metadata: { k: "v" } });
    expect((await call(pfs.InspectBranch, { branch: { repo: wire, name: "master" } })).metadata).toEqual({ b: "v" });
  });

  test("go with what they are on", async () => {
    await edit({ repo: repoPicker, add_key: { key: "k", value: "v" } });
    await running.client.deleteRepo(repo("r"));
    await running.client.createRepo(repo("r"));
    expect((await call(pfs.InspectRepo, { repo: wire })).metadata ?? {}).toEqual({});
  });
});

describe("the cluster", () => {
  test("keeps the id of its deployment over a restart, and has a new id itself", async () => {
    const before = await call(admin.InspectCluster, {});
    running = await running.restart();
    const after = await call(admin.InspectCluster, {});
    expect(after.deployment_id).toMatch(/^[0-9a-f]{32}$/);
    expect(after.deployment_id).toBe(before.deployment_id);
    expect(after.id).not.toBe(before.id);
  });

  test.each([
    ["that tells no version", null],
    ["of another minor release", { major: 2, minor: 8, micro: 1 }],
    ["of a pre-release", { major: 2, minor: 12, micro: 0, additional: "-rc.3" }],
  ])("warns a client %s", async (_which, client_version) => {
    const { warnings, warnings_ok } = await call(admin.InspectCluster, { client_version });
    expect(warnings).toEqual([expect.stringMatching(/^WARNING: this server speaks the API of 2\.12/)]);
    expect(warnings_ok).toBe(true);
  });

  test("has no warning for the Python SDK of its minor release", async () => {
    const { warnings } = await call(admin.InspectCluster, { client_version: { major: 2, minor: 12, micro: 2 } });
    expect(warnings ?? []).toEqual([]);
  });

  test("lets `pachctl delete all` begin: there are no logins to delete", async () => {
    await expect(call(protocol.identity_v2.API.service.DeleteAll, {})).resolves.toEqual({});
  });
});

test("a probe that asks for a service by name is told that it is not known", async () => {
  const { Check } = protocol.grpc.health.v1.Health.service;
  await expect(call(Check, { service: "pfs_v2.API" })).rejects.toThrow("5 NOT_FOUND: unknown service");
});

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { loadProtocol } from "../../src/pachyderm/protocol.ts";
import { Pachd, admin, auth, commitOf, expectFault, pfs, pps, transactions, versions } from "./pachd.ts";

const enterprise = loadProtocol().enterprise_v2.API.service;
const health = loadProtocol().grpc.health.v1.Health.service;

let pachd: Pachd;
beforeAll(async () => {
  pachd = await Pachd.connect();
});
afterAll(() => pachd.close());

describe("the cluster", () => {
  test("has an id that stays while it runs", async () => {
    const { id } = await pachd.call(admin.InspectCluster, {});
    expect(id).toMatch(/^[0-9a-f]{32}$/);
    expect(await pachd.call(admin.InspectCluster, {})).toMatchObject({ id });
  });

  test("tells its version", async () => {
    expect(await pachd.call(versions.GetVersion, {})).toMatchObject({ major: 2 });
  });

  test("has nothing to say to a client of its own version", async () => {
    const client_version = await pachd.call(versions.GetVersion, {});
    const info = await pachd.call(admin.InspectCluster, { client_version });
    expect(info.warnings_ok).toBe(true);
    expect(info.warnings ?? []).toEqual([]);
  });

  test("has nothing to say to a developer's build, of version 0.0.0", async () => {
    const info = await pachd.call(admin.InspectCluster, { client_version: { major: 0, minor: 0, micro: 0 } });
    expect(info.warnings ?? []).toEqual([]);
  });

  test("warns a client that is a pre-release of another version", async () => {
    const client_version = { major: 2, minor: 1, micro: 0, additional: "-alpha.1" };
    const info = await pachd.call(admin.InspectCluster, { client_version });
    expect(info.warnings_ok).toBe(true);
    expect(info.warnings).toEqual([expect.stringContaining("WARNING: ")]);
  });

  test("warns of a current project that is not there", async () => {
    const client_version = await pachd.call(versions.GetVersion, {});
    const info = await pachd.call(admin.InspectCluster, { client_version, current_project: { name: "not-there" } });
    expect(info.warnings).toEqual([expect.any(String)]);
  });

  test("has no warning of a current project that is there", async () => {
    const client_version = await pachd.call(versions.GetVersion, {});
    const info = await pachd.call(admin.InspectCluster, { client_version, current_project: { name: pachd.project } });
    expect(info.warnings ?? []).toEqual([]);
  });

  test("names its web resources", async () => {
    const { web_resources } = await pachd.call(admin.InspectCluster, {});
    expect(web_resources?.archive_download_base_url).toMatch(/\/archive\/$/);
    expect(web_resources?.create_pipeline_request_json_schema_url).toMatch(/CreatePipelineRequest\.schema\.json$/);
  });

  test("is healthy", async () => {
    expect(await pachd.call(health.Check, {})).toEqual({ status: "SERVING" });
  });

  test("tells its health also as a stream, which stays open", async () => {
    expect(await pachd.collect(health.Watch, {}, 1)).toEqual([{ status: "SERVING" }]);
  });
});

describe("without authentication", () => {
  test.each(["WhoAmI", "GetRoleBinding", "ModifyRoleBinding", "GetRobotToken", "RevokeAuthToken"] as const)(
    "%s is not implemented",
    async (name) => {
      await expectFault(pachd.call(auth[name] as typeof auth.WhoAmI, {}), "UNIMPLEMENTED", "the auth service is not activated");
    },
  );

  test("a token that a client sends does not matter", async () => {
    const repo = await pachd.newRepo();
    expect(await pachd.call(pfs.InspectRepo, { repo }, { "authn-token": "whatever" })).toMatchObject({ repo });
  });
});

test("the enterprise service is deprecated", async () => {
  await expectFault(pachd.call(enterprise.GetState, {}), "UNKNOWN", "enterprise server is deprecated");
});

/** What is missing, of which call, and a request without it. */
type Lacking = [string, unknown, object];

describe("a request that lacks what it needs is INVALID_ARGUMENT:", () => {
  const pipeline = { name: "", project: { name: "default" } };
  const id = "00000000000040008000000000000000";

  test.each<Lacking>([
    ["InspectPipeline, a pipeline", pps.InspectPipeline, {}],
    ["InspectPipeline, its name", pps.InspectPipeline, { pipeline }],
    ["DeletePipeline, a pipeline", pps.DeletePipeline, {}],
    ["StartPipeline, its name", pps.StartPipeline, { pipeline }],
    ["StopPipeline, its name", pps.StopPipeline, { pipeline }],
    ["RerunPipeline, a pipeline", pps.RerunPipeline, {}],
    ["RunCron, a pipeline", pps.RunCron, {}],
    ["InspectJob, the pipeline's name", pps.InspectJob, { job: { pipeline, id } }],
    ["StopJob, the pipeline's name", pps.StopJob, { job: { pipeline, id } }],
    ["InspectSecret, a secret", pps.InspectSecret, {}],
    ["DeleteSecret, a secret", pps.DeleteSecret, {}],
    ["InspectProject, a project", pfs.InspectProject, {}],
    ["InspectProjectV2, a project", pfs.InspectProjectV2, {}],
    ["DeleteBranch, a branch", pfs.DeleteBranch, {}],
    ["DropCommitSet, a commit set", pfs.DropCommitSet, {}],
    ["InspectTransaction, a transaction", transactions.InspectTransaction, {}],
    ["DeleteTransaction, a transaction", transactions.DeleteTransaction, {}],
    ["FinishTransaction, a transaction", transactions.FinishTransaction, {}],
    [
      "BatchTransaction, the name of a job's pipeline",
      transactions.BatchTransaction,
      { requests: [{ stop_job: { job: { pipeline, id } } }] },
    ],
  ])("%s", async (_what, method, request) => {
    await expectFault(pachd.call(method as typeof pps.InspectPipeline, request), "INVALID_ARGUMENT", "validate request: ");
  });

  test.each<Lacking>([
    ["FindCommits, a start", pfs.FindCommits, {}],
    ["InspectJobSet, a job set", pps.InspectJobSet, {}],
    ["ListDatum, the name of the job's pipeline", pps.ListDatum, { job: { pipeline, id } }],
  ])("%s, where the answer is a stream", async (_what, method, request) => {
    await expectFault(pachd.collect(method as typeof pfs.FindCommits, request), "INVALID_ARGUMENT", "validate recv: ");
  });

  test("ListTask, a group, in the words of a real pachd", async () => {
    await expectFault(
      pachd.collect(pfs.ListTask, {}),
      "INVALID_ARGUMENT",
      "validate recv: invalid ListTaskRequest.Group: value is required",
    );
  });

  test("ModifyFile, a change in each message; then nothing is changed", async () => {
    const repo = await pachd.newRepo();
    const set_commit = { repo, branch: { repo, name: "master" } };
    const add_file = { path: "/a", raw: { value: Buffer.from("1") } };
    await expectFault(pachd.send(pfs.ModifyFile, [{ set_commit }, { add_file }, {}]), "INVALID_ARGUMENT", "validate recv: ");
    await expectFault(pachd.call(pfs.InspectBranch, { branch: { repo, name: "master" } }), "NOT_FOUND");
  });

  test("ModifyFile, the source of a copy", async () => {
    const repo = await pachd.newRepo();
    await pachd.put(repo, { "/a": "1" });
    const messages = [{ set_commit: commitOf(repo) }, { copy_file: { dst: "/b" } }];
    await expectFault(pachd.send(pfs.ModifyFile, messages), "INVALID_ARGUMENT", "validate recv: ");
  });
});

import { describe, expect, test } from "vitest";
import { toBranchInfo, toCommitInfo, toFileInfo, toRepoInfo } from "../../src/pachyderm/from-wire.ts";
import { toDatumInfo, toJobInfo, toLogLine, toPipelineInfo } from "../../src/pachyderm/from-wire-pipelines.ts";
import { pfs, pps } from "../../src/pachyderm/services.ts";
import type { RepoName } from "../../src/pachyderm/types.ts";

/** What a client reads of what a server writes. */
function overTheWire<Written, Read>(
  method: { readonly responseSerialize: (message: Written) => Buffer; readonly responseDeserialize: (bytes: Buffer) => Read },
  message: Written,
): Read {
  return method.responseDeserialize(method.responseSerialize(message));
}

const IMAGES: RepoName = { project: "default", name: "images", type: "user" };
const EDGES: RepoName = { project: "vision", name: "edges", type: "user" };
const images = { name: "images", type: "user", project: { name: "default" } };
const edges = { name: "edges", type: "user", project: { name: "vision" } };
const ID = "eb49947ce3db4357bf651ce27f9dfcad";
const PARENT = "0f3dd1d93ab34d6b9f8b9a3a4c1d2e3f";
const at = (text: string) => ({ seconds: String(Date.parse(text) / 1000), nanos: 894_061_000 });

describe("toCommitInfo", () => {
  test("reads a finished commit", () => {
    const info = overTheWire(pfs.InspectCommit, {
      commit: { repo: edges, id: ID },
      origin: { kind: "AUTO" },
      parent_commit: { repo: edges, id: PARENT },
      started: at("2026-11-21T09:55:21Z"),
      finishing: at("2026-11-21T09:55:22Z"),
      finished: at("2026-11-21T09:55:23Z"),
      direct_provenance: [{ repo: images, id: ID, branch: { repo: images, name: "master" } }],
      details: { size_bytes: "8589934592" },
      metadata: { reviewed: "yes" },
    });
    expect(toCommitInfo(info)).toEqual({
      commit: { repo: EDGES, id: ID },
      origin: "AUTO",
      description: "",
      parent: PARENT,
      started: new Date("2026-11-21T09:55:21.894Z"),
      finishing: new Date("2026-11-21T09:55:22.894Z"),
      finished: new Date("2026-11-21T09:55:23.894Z"),
      directProvenance: [{ repo: IMAGES, id: ID }],
      directSubvenance: [],
      error: "",
      sizeBytes: 8_589_934_592,
      metadata: { reviewed: "yes" },
    });
  });

  test("knows no size of an open commit, and size 0 of an empty finished one", () => {
    const open = {
      commit: { repo: images, id: ID },
      origin: { kind: "USER" },
      started: at("2026-11-21T09:55:21Z"),
      details: {},
    } as const;
    expect(toCommitInfo(overTheWire(pfs.InspectCommit, open))).toMatchObject({
      finished: undefined,
      finishing: undefined,
      sizeBytes: undefined,
    });
    const finished = { ...open, finished: at("2026-11-21T09:55:23Z") };
    expect(toCommitInfo(overTheWire(pfs.InspectCommit, finished)).sizeBytes).toBe(0);
  });
});

test("toRepoInfo prefers the exact size to the upper bound", () => {
  const info = {
    repo: images,
    created: at("2026-11-21T09:00:00Z"),
    size_bytes_upper_bound: 10,
    branches: [{ repo: images, name: "master" }],
  };
  expect(toRepoInfo(overTheWire(pfs.InspectRepo, info))).toEqual({
    repo: IMAGES,
    description: "",
    created: new Date("2026-11-21T09:00:00.894Z"),
    sizeBytes: 10,
    branches: ["master"],
  });
  expect(toRepoInfo(overTheWire(pfs.InspectRepo, { ...info, details: { size_bytes: 7 } })).sizeBytes).toBe(7);
});

test("toBranchInfo takes the repo of a head that comes without one", () => {
  const info = {
    branch: { repo: edges, name: "master" },
    head: { id: ID },
    direct_provenance: [{ repo: images, name: "master" }],
  };
  expect(toBranchInfo(overTheWire(pfs.InspectBranch, info))).toEqual({
    branch: { repo: EDGES, name: "master" },
    head: { repo: EDGES, id: ID },
    directProvenance: [{ repo: IMAGES, name: "master" }],
  });
  expect(toBranchInfo(overTheWire(pfs.InspectBranch, { branch: { repo: edges, name: "new" } })).head).toBeUndefined();
});

test("toFileInfo writes the hash in hexadecimal", () => {
  const file = {
    file: { commit: { repo: images, id: ID }, path: "/a", datum: "default" },
    file_type: "FILE",
    size_bytes: 6,
  } as const;
  expect(toFileInfo(overTheWire(pfs.InspectFile, { ...file, hash: Buffer.from("a765", "hex") }))).toEqual({
    commit: { repo: IMAGES, id: ID },
    path: "/a",
    type: "FILE",
    sizeBytes: 6,
    hash: "a765",
    datum: "default",
  });
});

test("toPipelineInfo flattens the inputs, crosses and crons among them", () => {
  const info = toPipelineInfo(
    overTheWire(pps.InspectPipeline, {
      pipeline: { name: "edges", project: { name: "vision" } },
      version: 3,
      spec_commit: { repo: { ...edges, type: "spec" }, id: ID },
      state: "PIPELINE_RUNNING",
      last_job_state: "JOB_SUCCESS",
      user_spec_json: "{}",
      details: {
        transform: { image: "opencv", cmd: ["python3", "/edges.py"] },
        created_at: at("2026-11-21T09:00:00Z"),
        output_branch: "master",
        input: {
          cross: [
            { pfs: { name: "in", project: "default", repo: "images", repo_type: "user", branch: "master", glob: "/*" } },
            { cron: { name: "tick", project: "vision", repo: "edges_tick" } },
          ],
        },
      },
    }),
  );
  expect(info).toMatchObject({
    version: 3,
    image: "opencv",
    command: ["python3", "/edges.py"],
    stopped: false,
    state: "PIPELINE_RUNNING",
  });
  expect(info.specCommit).toEqual({ repo: { ...EDGES, type: "spec" }, id: ID });
  expect(info.inputs).toEqual([
    { name: "in", repo: IMAGES, branch: "master", glob: "/*", commit: "" },
    { name: "tick", repo: { project: "vision", name: "edges_tick", type: "user" }, branch: "master", glob: "/*", commit: "" },
  ]);
});

test("toJobInfo reads counts, times and inputs", () => {
  const info = toJobInfo(
    overTheWire(pps.InspectJob, {
      job: { pipeline: { name: "edges", project: { name: "vision" } }, id: ID },
      pipeline_version: 2,
      output_commit: { repo: edges, id: ID, branch: { repo: edges, name: "master" } },
      data_total: 4,
      data_processed: 1,
      data_skipped: 3,
      state: "JOB_SUCCESS",
      created: at("2026-11-21T09:00:00Z"),
      stats: { process_time: { seconds: 1, nanos: 29_500_000 }, download_bytes: 12 },
      details: {
        transform: { image: "stemma/spark:0.1.0" },
        input: { pfs: { name: "images", project: "default", repo: "images", branch: "master", glob: "/", commit: ID } },
      },
    }),
  );
  expect(info).toEqual({
    job: { pipeline: { project: "vision", name: "edges" }, id: ID },
    pipelineVersion: 2,
    outputCommit: { repo: EDGES, id: ID },
    state: "JOB_SUCCESS",
    reason: "",
    created: new Date("2026-11-21T09:00:00.894Z"),
    started: undefined,
    finished: undefined,
    datums: { total: 4, processed: 1, skipped: 3, failed: 0, recovered: 0 },
    inputs: [{ name: "images", repo: IMAGES, branch: "master", glob: "/", commit: ID }],
    image: "stemma/spark:0.1.0",
    stats: { downloadMs: 0, processMs: 1029, uploadMs: 0, downloadBytes: 12, uploadBytes: 0 },
  });
});

test("toDatumInfo and toLogLine read what is set and fill in the rest", () => {
  const job = { pipeline: { name: "edges", project: { name: "vision" } }, id: ID };
  const datum = overTheWire(pps.InspectDatum, {
    datum: { job, id: "87329387" },
    state: "SKIPPED",
    data: [{ file: { path: "/a" } }],
  });
  expect(toDatumInfo(datum)).toMatchObject({ id: "87329387", state: "SKIPPED", files: [{ path: "/a", sizeBytes: 0, hash: "" }] });
  const line = overTheWire(pps.GetLogs, {
    pipeline_name: "edges",
    project_name: "vision",
    job_id: ID,
    user: true,
    message: "hello",
  });
  expect(toLogLine(line)).toEqual({
    pipeline: { project: "vision", name: "edges" },
    jobId: ID,
    datumId: "",
    user: true,
    time: undefined,
    message: "hello",
  });
});

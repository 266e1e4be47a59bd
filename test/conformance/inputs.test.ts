import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Input } from "../../src/pachyderm/generated/pps_v2/Input.ts";
import type { ListDatumRequest } from "../../src/pachyderm/generated/pps_v2/ListDatumRequest.ts";
import { Pachd, type RepoName, expectFault, pps, uniqueName } from "./pachd.ts";

let pachd: Pachd;
let data: RepoName;
let more: RepoName;
beforeAll(async () => {
  pachd = await Pachd.connect();
  data = await pachd.newRepo("data");
  more = await pachd.newRepo("more");
  await pachd.put(data, { "/a-1": "a1", "/a-2": "a2", "/b-1": "b1", "/d-9/x": "x", "/d-9/y": "y" });
  await pachd.put(more, { "/a-7": "a7", "/c-7": "c7", "/c-8": "c8" });
});
afterAll(() => pachd.close());

/** A pfs input of the first repo, or of another, with its name. */
function from(name: string, options: object = {}): { pfs: NonNullable<Input["pfs"]> } {
  const pfs = { project: pachd.project, name, repo: name === "more" ? more.name : data.name, glob: "/*", ...options };
  return { pfs };
}

/** Creates a pipeline and answers its name. */
async function create(input: object | undefined, options: object = {}): Promise<string> {
  const name = uniqueName("p");
  const spec = { pipeline: { name, project: { name: pachd.project } }, transform: { cmd: ["true"] }, input, ...options };
  await pachd.call(pps.CreatePipelineV2, { create_pipeline_request_json: JSON.stringify(spec) });
  return name;
}

async function inputOf(name: string): Promise<Input | undefined> {
  const pipeline = { name, project: { name: pachd.project } };
  const info = await pachd.call(pps.InspectPipeline, { pipeline, details: true });
  return info.details?.input;
}

/** The paths of each datum that an input makes, sorted. */
async function preview(input: object, options: ListDatumRequest = {}): Promise<string[]> {
  const infos = await pachd.collect(pps.ListDatum, { input, ...options });
  return infos.map(({ data: files }) => (files ?? []).map(({ file }) => file?.path ?? "").join(" ")).sort();
}

async function previewIds(input: object, options: ListDatumRequest = {}): Promise<string[]> {
  const infos = await pachd.collect(pps.ListDatum, { input, ...options });
  return infos.map(({ datum }) => datum?.id ?? "");
}

describe("an input is refused that", () => {
  test.each([
    ["has no glob", () => from("in", { glob: "" }), "input must specify a glob"],
    ["has no repo", () => from("in", { repo: "" }), "input must specify a repo"],
    ["has neither name nor repo", () => from("", { repo: "" }), "input must specify a name"],
    ["is called out", () => from("out"), "input cannot be named out"],
    ["is called .env", () => from(".env"), "input cannot be named .env"],
    ["comes from a commit", () => from("in", { commit: "master" }), "input cannot come from a commit"],
    ["is empty", () => ({}), "no input set"],
    ["has an empty child", () => ({ cross: [from("in"), {}] }), "no input set"],
    ["is of two kinds", () => ({ ...from("in"), cross: [from("x")] }), "multiple input types set"],
    ["composes in two ways", () => ({ cross: [from("x")], union: [from("y")] }), "multiple input types set"],
    ["uses a name twice in a cross", () => ({ cross: [from("in"), from("in")] }), 'name "in" was used more than once'],
    ["uses a name twice in a join", () => ({ join: [from("in"), from("in")] }), 'name "in" was used more than once'],
    ["uses a name twice in a group", () => ({ group: [from("in"), from("in")] }), 'name "in" was used more than once'],
    [
      "uses a name of a union again beside it",
      () => ({ cross: [from("in"), { union: [from("x"), from("in")] }] }),
      'name "in" was used more than once',
    ],
    [
      "has s3 in a join",
      () => ({ join: [from("in", { s3: true, glob: "/" })] }),
      "S3 inputs in join expressions are not supported",
    ],
    [
      "has s3 in a group",
      () => ({ group: [from("in", { s3: true, glob: "/" })] }),
      "S3 inputs in group expressions are not supported",
    ],
    [
      "has s3 in a union",
      () => ({ union: [from("in", { s3: true, glob: "/" })] }),
      "S3 inputs in union expressions are not supported",
    ],
    ["has s3 and a glob other than /", () => from("in", { s3: true }), "must also set 'glob', to \"/\""],
    ["has s3 and is lazy", () => from("in", { s3: true, glob: "/", lazy: true }), "cannot specify both 's3' and 'lazy'"],
    [
      "has s3 and empty files",
      () => from("in", { s3: true, glob: "/", empty_files: true }),
      "cannot specify both 's3' and 'empty_files'",
    ],
    ["is a cron without a name", () => ({ cron: { spec: "@never" } }), "input must specify a name"],
    ["is a cron whose schedule is none", () => ({ cron: { name: "tick", spec: "now and then" } }), "error parsing cron-spec"],
  ])("%s", async (_, input, phrase) => {
    await expectFault(create(input()), "UNKNOWN", phrase);
  });

  test("reads a repo that is not there", async () => {
    await expectFault(create(from("in", { repo: "missing" })), "NOT_FOUND", `repo ${pachd.project}/missing not found`);
  });
});

describe("a spec is refused that", () => {
  test.each([
    ["is for TensorFlow jobs", { tf_job: { tf_job: "x" } }, "embedding TFJobs in pipelines is not supported yet"],
    ["scales a spout by itself", { spout: {}, input: undefined, autoscaling: true }, "autoscaling can't be used with spouts"],
    ["has a spout with an input", { spout: {} }, "spout pipelines (without a service) must not have an input"],
    [
      "has two workers for a service",
      { service: { internal_port: 80, external_port: 31000, type: "NodePort" }, parallelism_spec: { constant: 2 } },
      "services can only be run with a constant parallelism of 1",
    ],
  ])("%s", async (_, options, phrase) => {
    await expectFault(create(from("in"), options), "UNKNOWN", phrase);
  });
});

describe("an input is accepted", () => {
  test("and may be missing altogether", async () => {
    expect(await inputOf(await create(undefined))).toBeFalsy();
  });

  test("and has its name, branch, project and a slash before its glob filled in", async () => {
    const name = await create({ pfs: { repo: data.name, glob: "a*" } });
    expect((await inputOf(name))?.pfs).toMatchObject({
      name: data.name,
      project: pachd.project,
      repo_type: "user",
      branch: "master",
      glob: "/a*",
    });
  });

  test("and the children of a composition are in the order of their names", async () => {
    const input = await inputOf(await create({ cross: [from("z"), { union: [from("m"), from("b")] }, from("c")] }));
    expect(input?.cross?.map(({ pfs }) => pfs?.name)).toEqual([undefined, "c", "z"]);
    expect(input?.cross?.[0]?.union?.map(({ pfs }) => pfs?.name)).toEqual(["b", "m"]);
  });

  test("and the children of a union may share a name", async () => {
    expect((await inputOf(await create({ union: [from("in"), from("in", { repo: more.name })] })))?.union).toHaveLength(2);
  });

  test("and a cron input is read from a repo that is named after it, with its start filled in", async () => {
    const name = await create({ cron: { name: "tick", spec: "@never" } });
    const cron = (await inputOf(name))?.cron;
    expect(cron).toMatchObject({ name: "tick", project: pachd.project, repo: `${name}_tick`, spec: "@never" });
    expect(Number(cron?.start?.seconds)).toBeGreaterThan(0);
  });
});

describe("the datums of", () => {
  test("a pfs input are the matches of its glob, of which a directory is one", async () => {
    expect(await preview(from("in"))).toEqual(["/a-1", "/a-2", "/b-1", "/d-9/"]);
    expect(await preview(from("in", { glob: "/d-9/*" }))).toEqual(["/d-9/x", "/d-9/y"]);
  });

  test("the glob / are one, of the whole", async () => {
    expect(await preview(from("in", { glob: "/" }))).toEqual(["/"]);
  });

  test("a glob that matches nothing are none", async () => {
    expect(await preview(from("in", { glob: "/nothing*" }))).toEqual([]);
  });

  test("a cross are the choices of one datum of each child, the files in the order of the children's names", async () => {
    const input = { cross: [from("more", { glob: "/c*" }), from("in", { glob: "/a*" })] };
    expect(await preview(input)).toEqual(["/a-1 /c-7", "/a-1 /c-8", "/a-2 /c-7", "/a-2 /c-8"]);
  });

  test("a cross with a child that has none are none", async () => {
    expect(await preview({ cross: [from("in"), from("more", { glob: "/nothing" })] })).toEqual([]);
  });

  test("a union are those of all its children", async () => {
    expect(await preview({ union: [from("in", { glob: "/a*" }), from("more")] })).toEqual([
      "/a-1",
      "/a-2",
      "/a-7",
      "/c-7",
      "/c-8",
    ]);
  });

  test("a union are one where two children make the same", async () => {
    expect(await preview({ union: [from("in", { glob: "/a*" }), from("in", { glob: "/*-1" })] })).toEqual([
      "/a-1",
      "/a-2",
      "/b-1",
    ]);
  });

  test("a join are the choices of files whose keys are the same", async () => {
    const keyed = { glob: "/(*)-*", join_on: "$1" };
    expect(await preview({ join: [from("in", keyed), from("more", keyed)] })).toEqual(["/a-1 /a-7", "/a-2 /a-7"]);
  });

  test("an outer join are also files of its outer children that match none of another", async () => {
    const keyed = { glob: "/(*)-*", join_on: "$1" };
    const outer = { ...keyed, outer_join: true };
    const matched = ["/a-1 /a-7", "/a-2 /a-7"];
    expect(await preview({ join: [from("in", outer), from("more", keyed)] })).toEqual([...matched, "/b-1", "/d-9/"]);
    expect(await preview({ join: [from("in", keyed), from("more", outer)] })).toEqual([...matched, "/c-7", "/c-8"]);
    expect(await preview({ join: [from("in", outer), from("more", outer)] })).toEqual([
      ...matched,
      "/b-1",
      "/c-7",
      "/c-8",
      "/d-9/",
    ]);
  });

  test("a join without a key are those of the cross", async () => {
    const inputs = [from("in", { glob: "/a*" }), from("more", { glob: "/c*" })];
    expect(await preview({ join: inputs })).toEqual(await preview({ cross: inputs }));
  });

  test("a join may go by several groups of the glob, in any order", async () => {
    const glob = "/(*)-(*)";
    const same = [from("in", { glob, join_on: "$1_$2" }), from("x", { glob, join_on: "${1}_${2}" })];
    expect(await preview({ join: same })).toEqual(["/a-1 /a-1", "/a-2 /a-2", "/b-1 /b-1", "/d-9/ /d-9/"]);
    const turned = [from("in", { glob, join_on: "$1$2" }), from("x", { glob, join_on: "$2$1" })];
    expect(await preview({ join: turned })).toEqual([]);
  });

  test("a group are one for each key, with the files of all children that have it", async () => {
    const keyed = { glob: "/(*)-*", group_by: "$1" };
    expect(await preview({ group: [from("in", keyed), from("more", keyed)] })).toEqual([
      "/a-1 /a-2 /a-7",
      "/b-1",
      "/c-7 /c-8",
      "/d-9/",
    ]);
  });

  test("a group of a join have what the join keeps", async () => {
    const keyed = { glob: "/(*)-(*)", join_on: "$1" };
    const joined = { join: [from("in", { ...keyed, group_by: "$1" }), from("more", { ...keyed, group_by: "$1" })] };
    const [datum = "", ...others] = await preview({ group: [joined] });
    expect([...new Set(datum.split(" "))].sort()).toEqual(["/a-1", "/a-2", "/a-7"]);
    expect(others).toEqual([]);
  });

  test("a cross of a union spread over its children", async () => {
    const union = { union: [from("in", { glob: "/b*" }), from("in", { glob: "/d*" })] };
    expect(await preview({ cross: [union, from("more", { glob: "/a*" })] })).toEqual(["/b-1 /a-7", "/d-9/ /a-7"]);
  });
});

describe("a list of the datums that an input would make", () => {
  test("is in the order of their ids, whose state is unknown and that no job has worked on", async () => {
    const infos = await pachd.collect(pps.ListDatum, { input: from("in") });
    const ids = infos.map(({ datum }) => datum?.id ?? "");
    expect(ids).toEqual(ids.toSorted());
    expect(infos.map(({ state }) => state ?? "UNKNOWN")).toEqual(["UNKNOWN", "UNKNOWN", "UNKNOWN", "UNKNOWN"]);
    expect(infos[0]?.datum?.job).toBeFalsy();
  });

  test("has what is known of the files", async () => {
    const [info] = await pachd.collect(pps.ListDatum, { input: from("in", { glob: "/b-1" }) });
    expect(info?.data?.[0]).toMatchObject({
      file: { path: "/b-1", commit: { repo: { name: data.name } }, datum: "default" },
      file_type: "FILE",
      size_bytes: "2",
    });
    expect(Buffer.from(info?.data?.[0]?.hash ?? "")).toHaveLength(32);
  });

  test("has the same ids whenever the same is read, and others where the input has another name", async () => {
    expect(await previewIds(from("in"))).toEqual(await previewIds(from("in")));
    expect(await previewIds(from("in"))).not.toEqual(await previewIds(from("other")));
  });

  test("can be asked for in parts, each from the last one's end on", async () => {
    const all = await previewIds(from("in"));
    expect(await previewIds(from("in"), { number: 3 })).toEqual(all.slice(0, 3));
    expect(await previewIds(from("in"), { number: 3, paginationMarker: all[2] ?? "" })).toEqual(all.slice(3));
  });

  test("can be asked for backwards", async () => {
    const all = await previewIds(from("in"));
    expect(await previewIds(from("in"), { number: 2, reverse: true })).toEqual(all.toReversed().slice(0, 2));
    expect(await previewIds(from("in"), { number: 9, reverse: true, paginationMarker: all[2] ?? "" })).toEqual(
      all.slice(0, 2).toReversed(),
    );
  });

  test("is not asked for backwards without a number", async () => {
    await expectFault(previewIds(from("in"), { reverse: true }), "UNKNOWN", "number must be > 0 when reverse is set");
  });

  test("is not asked for together with those of a job", async () => {
    const job = { pipeline: { name: "p", project: { name: pachd.project } }, id: "1".repeat(32) };
    await expectFault(previewIds(from("in"), { job }), "UNKNOWN", "cannot specify both job and input");
  });

  test("is refused with UNKNOWN where the repo is not there", async () => {
    await expectFault(preview(from("in", { repo: "missing" })), "UNKNOWN", `repo ${pachd.project}/missing not found`);
  });

  test("is refused with UNKNOWN where the branch is not there", async () => {
    await expectFault(preview(from("in", { branch: "missing" })), "UNKNOWN", "not found");
  });

  test("is refused for a cron input", async () => {
    await expectFault(preview({ cron: { name: "tick", spec: "@never" } }), "UNKNOWN", "can't list datums with a cron input");
  });
});

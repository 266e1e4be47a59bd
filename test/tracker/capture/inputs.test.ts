import { describe, expect, test } from "vitest";
import { StemmaError } from "../../../src/lineage/errors.ts";
import type { FileInfo, JobInfo, PipelineInfo } from "../../../src/pachyderm/types.ts";
import type { WorkerJob } from "../../../src/tracker/capture/environment.ts";
import { type ResolvedJob, resolveInputs, toDataset } from "../../../src/tracker/capture/inputs.ts";
import type { JobSource } from "../../../src/tracker/ports.ts";
import { attemptKey, isReservedTag, originTags } from "../../../src/tracker/capture/tags.ts";

const commit = "a".repeat(32);
const id = "1".repeat(32);

const job: WorkerJob = {
  project: "fraud",
  pipeline: "train",
  job: id,
  outputCommit: id,
  datum: "d".repeat(64),
  specCommit: undefined,
  inputs: [{ name: "in", path: "/x.csv", commit }],
  outputFolder: "/pfs/out",
  pachdAddress: "127.0.0.1:30650",
};

const repo = { project: "other", name: "etl", type: "user" } as const;
const jobInfo = {
  job: { pipeline: { project: "fraud", name: "train" }, id },
  pipelineVersion: 3,
  outputCommit: { repo: { project: "fraud", name: "train", type: "user" }, id },
  state: "JOB_RUNNING",
  reason: "",
  created: new Date(0),
  started: new Date(0),
  finished: undefined,
  datums: { total: 1, processed: 0, skipped: 0, failed: 0, recovered: 0 },
  inputs: [{ name: "in", repo, branch: "master", glob: "/*", commit: id }],
  image: "python@sha256:0a",
} satisfies Partial<JobInfo>;

function fileInfo(path: string, type: FileInfo["type"]): FileInfo {
  return { commit: { repo, id: commit }, path, type, sizeBytes: 12, hash: "ff00", datum: "" };
}

/** Pachyderm as far as the tracker asks it. */
class FakeJobSource implements JobSource {
  isClosed = false;
  readonly #problem: StemmaError | undefined;
  readonly #fileCount: number;
  readonly #version: number;

  constructor({ problem, fileCount = 2, version = 3 }: { problem?: StemmaError; fileCount?: number; version?: number } = {}) {
    this.#problem = problem;
    this.#fileCount = fileCount;
    this.#version = version;
  }

  inspectJob(): Promise<JobInfo> {
    return this.#problem === undefined ? Promise.resolve(jobInfo as unknown as JobInfo) : Promise.reject(this.#problem);
  }

  async inspectPipeline(): Promise<PipelineInfo> {
    return { version: this.#version, userSpecJson: '{"pipeline":{"name":"train"}}' } as unknown as PipelineInfo;
  }

  async inspectFile(query: Parameters<JobSource["inspectFile"]>[0], path: string): ReturnType<JobSource["inspectFile"]> {
    if (query.repo !== repo || query.at !== commit) throw new StemmaError("NOT_FOUND", `no ${query.repo.name}@${query.at}`);
    return fileInfo(path, "FILE");
  }

  async *walkFiles(_: unknown, path: string): AsyncIterable<FileInfo> {
    yield fileInfo(`${path}/`, "DIR");
    for (let index = 0; index < this.#fileCount; index++) yield fileInfo(`${path}/${index}`, "FILE");
  }

  close(): void {
    this.isClosed = true;
  }
}

/** What `resolveInputs` finds out, and what it says. */
async function resolveWith(source: FakeJobSource): Promise<{ resolved: ResolvedJob; said: string[] }> {
  const said: string[] = [];
  const resolved = await resolveInputs({ connectJobSource: async () => source, say: (line) => void said.push(line) }, job);
  expect(source.isClosed).toBe(true);
  return { resolved, said };
}

describe("resolveInputs", () => {
  test("asks Pachyderm for image, spec, repo, branch, content digest, size and files", async () => {
    const input = { name: "in", project: "other", repo: "etl", branch: "master", commit, path: "/x.csv" };
    const files = ["/x.csv/0", "/x.csv/1"].map((path) => ({ path, sizeBytes: 12, hash: "ff00" }));
    expect(await resolveWith(new FakeJobSource())).toEqual({
      resolved: {
        pipelineVersion: 3,
        image: "python@sha256:0a",
        specJson: '{"pipeline":{"name":"train"}}',
        inputs: [{ ...input, hash: "ff00", sizeBytes: 12, files }],
      },
      said: [],
    });
  });

  test("lists a thousand files and counts the others", async () => {
    const { resolved } = await resolveWith(new FakeJobSource({ fileCount: 1234 }));
    const [input] = resolved.inputs;
    expect([input?.files?.length, input?.moreFiles]).toEqual([1000, 234]);
  });

  test("takes no spec of a later version for its own", async () => {
    const { resolved } = await resolveWith(new FakeJobSource({ version: 4 }));
    expect(resolved).toMatchObject({ pipelineVersion: 3, specJson: undefined });
  });

  test("goes by the input's name when Pachyderm does not answer, and says so", async () => {
    const source = new FakeJobSource({ problem: new StemmaError("UNREACHABLE", "nobody there") });
    expect(await resolveWith(source)).toEqual({
      resolved: { inputs: [{ name: "in", project: "fraud", repo: "in", commit, path: "/x.csv" }] },
      said: [expect.stringContaining("nobody there")],
    });
  });
});

describe("toDataset", () => {
  const input = { name: "in", project: "default", repo: "etl", branch: "master", commit, path: "/", hash: "ff00", sizeBytes: 12 };

  test("is the repo and the commit, with the place in its source", () => {
    expect(toDataset(input, "training")).toEqual({
      name: "etl",
      digest: commit,
      sourceType: "pachyderm",
      source: `{"uri":"pachyderm://default/etl@${commit}:/","hash":"ff00","sizeBytes":12}`,
      context: "training",
    });
  });

  test("names as many files as MLflow keeps of a source, and counts the others", () => {
    const files = Array.from({ length: 1000 }, (_, index) => ({
      path: `/${"é".repeat(100)}${index}`,
      sizeBytes: 1,
      hash: "0".repeat(64),
    }));
    const { source } = toDataset({ ...input, files, moreFiles: 5 }, "training");
    expect(source.length).toBeLessThanOrEqual(65_535);
    const told = JSON.parse(source) as { files: unknown[]; moreFiles: number };
    expect(told.files.length).toBeGreaterThan(100);
    expect(told.files).toEqual(files.slice(0, told.files.length));
    expect(told.files.length + told.moreFiles).toBe(1005);
  });

  test("two paths, and two projects, are two data sets to MLflow", () => {
    expect(toDataset({ ...input, path: "/a.csv" }, "training").name).toBe("etl:/a.csv");
    expect(toDataset({ ...input, project: "fraud" }, "training").name).toBe("fraud/etl");
    const long = "/" + "x".repeat(600);
    const names = ["a", "b"].map((end) => toDataset({ ...input, path: long + end }, "training").name);
    expect(new Set(names).size).toBe(2);
    expect(Math.max(...names.map((name) => name.length))).toBeLessThanOrEqual(500);
  });
});

describe("tags", () => {
  test("the key of an attempt can be searched for, whatever the run is called", () => {
    expect(attemptKey(job, 'it\'s "q" 100% ü\n')).toBe(`fraud/train@${id}/${"d".repeat(64)}/it's %22q%22 100%25 %C3%BC%0A`);
  });

  test("an inputs tag stays JSON when MLflow cannot keep it whole", () => {
    const inputs = Array.from({ length: 200 }, (_, index) => ({
      name: `in${index}`,
      project: "default",
      repo: "etl",
      commit,
      path: `/${index}`,
    }));
    const tags = originTags({ command: ["x"], user: "u", git: undefined, job, resolved: { inputs } });
    const text = tags["pachyderm.inputs"] ?? "";
    expect(text.length).toBeLessThanOrEqual(8000);
    expect((JSON.parse(text) as unknown[]).length).toBeGreaterThan(40);
  });

  test("only the tracker says where a run comes from", () => {
    expect(["pachyderm.commit", "stemma.key", "pachyderm", "team"].map(isReservedTag)).toEqual([true, true, false, false]);
  });
});

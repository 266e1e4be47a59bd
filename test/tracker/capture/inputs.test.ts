import { describe, expect, test } from "vitest";
import { StemmaError } from "../../../src/lineage/errors.ts";
import type { JobInfo } from "../../../src/pachyderm/types.ts";
import type { WorkerJob } from "../../../src/tracker/capture/environment.ts";
import { resolveInputs, toDataset } from "../../../src/tracker/capture/inputs.ts";
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
} satisfies Partial<JobInfo>;

/** Pachyderm as far as the tracker asks it. */
class FakeJobSource implements JobSource {
  isClosed = false;
  readonly #problem: StemmaError | undefined;

  constructor(problem?: StemmaError) {
    this.#problem = problem;
  }

  inspectJob(): Promise<JobInfo> {
    return this.#problem === undefined ? Promise.resolve(jobInfo as unknown as JobInfo) : Promise.reject(this.#problem);
  }

  async inspectFile(query: Parameters<JobSource["inspectFile"]>[0], path: string): ReturnType<JobSource["inspectFile"]> {
    if (query.repo !== repo || query.at !== commit) throw new StemmaError("NOT_FOUND", `no ${query.repo.name}@${query.at}`);
    return { commit: { repo, id: commit }, path, type: "FILE", sizeBytes: 12, hash: "ff00", datum: "" };
  }

  close(): void {
    this.isClosed = true;
  }
}

describe("resolveInputs", () => {
  test("asks Pachyderm for repo, branch, hash and size", async () => {
    const source = new FakeJobSource();
    const said: string[] = [];
    const ports = { connectJobSource: async () => source, say: (line: string) => void said.push(line) };
    expect(await resolveInputs(ports, job)).toEqual({
      pipelineVersion: 3,
      inputs: [
        { name: "in", project: "other", repo: "etl", branch: "master", commit, path: "/x.csv", hash: "ff00", sizeBytes: 12 },
      ],
    });
    expect([said, source.isClosed]).toEqual([[], true]);
  });

  test("goes by the input's name when Pachyderm does not answer, and says so", async () => {
    const source = new FakeJobSource(new StemmaError("UNREACHABLE", "nobody there"));
    const said: string[] = [];
    const ports = { connectJobSource: async () => source, say: (line: string) => void said.push(line) };
    expect(await resolveInputs(ports, job)).toEqual({
      inputs: [{ name: "in", project: "fraud", repo: "in", commit, path: "/x.csv" }],
    });
    expect(said).toEqual([expect.stringContaining("nobody there")]);
    expect(source.isClosed).toBe(true);
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

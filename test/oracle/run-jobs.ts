import { randomFrom } from "../../src/stages/random.ts";
import type { Random } from "../../src/stages/random.ts";
import type { PfsInput } from "../../src/pachyderm/types.ts";
import type { Taken } from "./datums.ts";
import { planDatums } from "./datums.ts";
import { commitKey, digestOf, isSame, jobKey, pipelineKey, repoName } from "./names.ts";
import type { Tracking } from "./tracking.ts";
import { trackDatum } from "./track-datum.ts";
import type { StoredCommit, StoredDatum, StoredFile, StoredJob, World } from "./world.ts";
import { chance } from "./world.ts";

/** What a datum of a job came to. */
interface Done {
  readonly datum: StoredDatum;
  readonly files: ReadonlyMap<string, StoredFile>;
}

/** Runs jobs to their ends, those upstream first. What fails or is reported is drawn from the seed. */
export function runJobs(world: World, tracking: Tracking, jobs: readonly StoredJob[], seed: number): void {
  for (const job of jobs) runJob(world, tracking, job, randomFrom(seed));
}

function runJob(world: World, tracking: Tracking, job: StoredJob, random: Random): void {
  const output = world.commits.get(commitKey(outputOf(job)));
  if (output === undefined) return;
  const broken = output.provenance.filter((name) => world.commits.get(commitKey(name))?.error !== "");
  const done = broken.length > 0 ? [] : planDatums(job.inputs, (input) => hashesOf(world, output, input)).map(work);
  job.datums = done.map(({ datum }) => datum).sort((one, other) => (one.id < other.id ? -1 : 1));
  const failed = job.datums.find(({ state }) => state === "FAILED");
  if (broken.length > 0) finish("JOB_UNRUNNABLE", "unrunnable because the following upstream pipelines failed");
  else if (failed !== undefined) finish("JOB_FAILURE", `datum ${failed.id} failed`);
  else finish("JOB_SUCCESS", "");

  function work(taken: readonly Taken[]): Done {
    const { name } = job.name.pipeline;
    // Pachyderm leaves the project out: two datums of a union may then share an id, and it does not tell which files a skipped one read.
    const read = taken.flatMap(({ input, path, hash }) => [input.repo.project, input.repo.name, path, hash]);
    const id = digestOf([name, ...read].join(), 64);
    const files = taken.map(({ input, path }) => ({ commit: inputCommit(output, input), path }));
    const before = job.reprocess ? undefined : lastDone(world, job, id);
    if (before !== undefined) return { ...before, datum: { id, state: "SKIPPED", files, worker: before.datum.worker } };
    const state = chance(random, 5) ? "FAILED" : chance(random, 5) ? "RECOVERED" : "SUCCESS";
    const datum: StoredDatum = { id, state, files, worker: { job: job.name, files } };
    const isTracked = world.pipelines.get(pipelineKey(job.name.pipeline))?.tracked ?? false;
    const cards = isTracked ? trackDatum(world, tracking, { job, datum, random }) : new Map<string, string>();
    if (state !== "SUCCESS") return { datum, files: new Map() };
    const texts = [...cards, ...written(id, random).map((path) => [path, `${path} of version ${job.version}`] as const)];
    return { datum, files: new Map(texts.map(([path, text]) => [path, { datum: id, text, hash: digestOf(text) }])) };
  }

  function finish(state: string, reason: string): void {
    job.state = state;
    job.reason = reason;
    job.finished = world.tick();
    for (const type of ["user", "meta"] as const) {
      const commit = world.commits.get(commitKey({ repo: { ...outputOf(job).repo, type }, id: job.name.id }));
      if (commit === undefined) continue;
      commit.finished = world.now;
      commit.error = reason;
      if (type === "user" && reason === "") commit.files = new Map(done.flatMap(({ files }) => Array.from(files)));
    }
  }
}

function outputOf({ name: { pipeline, id } }: StoredJob): StoredCommit["name"] {
  return { repo: repoName(pipeline.project, pipeline.name), id };
}

function inputCommit(output: StoredCommit | undefined, { repo }: PfsInput): StoredCommit["name"] {
  return output?.provenance.find((name) => isSame(name.repo, repo)) ?? { repo, id: "" };
}

function hashesOf(world: World, output: StoredCommit, input: PfsInput): ReadonlyMap<string, string> {
  const files = world.commits.get(commitKey(inputCommit(output, input)))?.files ?? new Map<string, StoredFile>();
  return new Map([...files].map(([path, { hash }]) => [path, hash]));
}

/** The same datum in the last job of the pipeline that succeeded, and what it wrote. */
function lastDone(world: World, job: StoredJob, id: string): Done | undefined {
  const earlier = [...world.jobs.values()].filter(
    (each) =>
      jobKey(each.name) !== jobKey(job.name) &&
      pipelineKey(each.name.pipeline) === pipelineKey(job.name.pipeline) &&
      each.state === "JOB_SUCCESS" &&
      world.commits.has(commitKey(outputOf(each))),
  );
  const last = earlier.at(-1);
  const datum = last?.datums.find((each) => each.id === id && each.state !== "RECOVERED");
  if (last === undefined || datum === undefined) return undefined;
  const files = world.commits.get(commitKey(outputOf(last)))?.files ?? new Map<string, StoredFile>();
  return { datum, files: new Map([...files].filter(([, file]) => file.datum === id)) };
}

/** Up to two files, some of them in folders that other datums write to. */
function written(datum: string, random: Random): readonly string[] {
  const name = datum.slice(0, 6);
  return Array.from({ length: random.below(3) }, (_, index) => (chance(random, 50) ? `/${index}/${name}` : `/${name}-${index}`));
}

import { execa } from "execa";
import { type Bench, newBranch, randomFiles, timeMs } from "./engine.ts";
import type { Figure } from "./figure.ts";

const DATUMS = 1000;
const WIDTH = 4;

/** A job of many datums whose command does nothing, beside as many bare starts of that command. */
export async function benchJob(bench: Bench): Promise<Figure[]> {
  const { ours } = bench;
  const branch = await newBranch(bench, "datums");
  await ours.modifyBranch(branch, randomFiles(DATUMS, 1024));
  const pipeline = { project: "default", name: "nothing" };
  const took = await timeMs(async () => {
    await ours.createPipeline(
      JSON.stringify({
        pipeline: { name: pipeline.name },
        transform: { cmd: ["true"] },
        input: { pfs: { repo: branch.repo.name, glob: "/*" } },
        parallelism_spec: { constant: WIDTH },
      }),
    );
    const { commit } = await ours.inspectCommit({ repo: { ...pipeline, type: "user" }, at: "master" });
    const job = await ours.inspectJob({ pipeline, id: commit.id }, { wait: true });
    if (job.state !== "JOB_SUCCESS" || job.datums.total !== DATUMS) throw new Error(`the job ended as ${job.state}`);
  });
  return [
    {
      work: "a job of 1,000 datums, `true`, 4 at a time",
      ours: took,
      peer: await timeMs(startBare),
      peerName: "1,000 starts of `true` by execa",
      unit: "ms",
      limit: 4,
      elsewhere: "88 s, 1 at a time",
    },
  ];
}

async function startBare(): Promise<void> {
  let left = DATUMS;
  await Promise.all(
    Array.from({ length: WIDTH }, async () => {
      while (left > 0) {
        left -= 1;
        await execa("true");
      }
    }),
  );
}

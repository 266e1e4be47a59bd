import { StemmaError } from "../../lineage/errors.ts";
import type { PachydermClient } from "../../pachyderm/client.ts";
import type { CommitName } from "../../pachyderm/types.ts";
import type { Context } from "../context.ts";
import { demoPipeline } from "./demo-pipelines.ts";

/** The training's run as its output commit names it: by a file whose name is the run's id. */
export interface DemoRun {
  readonly id: string;
  readonly commit: CommitName;
}

export async function findDemoRun(pachyderm: PachydermClient, commitSet: string): Promise<DemoRun> {
  const repo = { ...demoPipeline("train"), type: "user" } as const;
  const { commit } = await pachyderm.inspectCommit({ repo, at: commitSet }, "FINISHED");
  for await (const { path } of pachyderm.listFiles({ repo, at: commitSet }, "/")) {
    const id = /^\/([\da-f]{32})$/.exec(path)?.[1];
    if (id !== undefined) return { id, commit };
  }
  throw new StemmaError("FAILED", `train@${commitSet} has no file named by a run.`, {
    hint: `List it: npx stemma ls train@${commitSet}`,
  });
}

interface DemoOutcome {
  readonly run: DemoRun;
  /** A reference to the registered version, where there is one. */
  readonly model: string | undefined;
  readonly rawData: { readonly commit: string; readonly path: string };
}

/** Prints what has come out, where it came from and what came of it, and where to go from here. */
export async function printSummary(context: Context, { run, model, rawData }: DemoOutcome): Promise<void> {
  const { printTrace } = await import("../trace-command.ts");
  const mlflow = await context.mlflow();
  const link = mlflow.runLink(await mlflow.inspectRun(run.id));
  context.out(`\nRun id file  train@${run.commit.id}:/${run.id}\nMLflow run   ${link}\n`);
  if (model !== undefined) context.out(`Model        ${model}\n`);
  context.out("\nWhere does this model come from?\n\n");
  await printTrace(context, model ?? run.id, { direction: "up", output: "tree" });
  context.out("\nWhat has come out of this data?\n\n");
  await printTrace(context, `raw_data@${rawData.commit}`, { direction: "down", output: "tree" });
  context.out(`
Look further
  npx stemma why ${model ?? run.id}
  npx stemma trace raw_data@master:${rawData.path} --down
  npx stemma impact raw_data@master:${rawData.path} --live
  npx stemma verify --all
  npx stemma log train@master --graph
  npm run demo -- --rows 100000      another commit of data, and what it changes

Stop it
  npx stemma down
`);
}

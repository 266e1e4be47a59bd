import { Command, Option } from "@commander-js/extra-typings";
import { StemmaError } from "../lineage/errors.ts";
import type { PachydermClient } from "../pachyderm/client.ts";
import type { Context } from "./context.ts";
import { dataRepo, formatName } from "./names.ts";
import type { PipelineSpec } from "./pipeline-specs.ts";

const EXAMPLES = `
Takes what \`pachctl create pipeline -f\` takes, in JSON: a spec, several after each other, or a list of them. A folder
stands for its *.json files. Pipelines are made in the order of their data; input repos that are not there are made too.
A pipeline is updated when its spec is another than the one it was last given.

Examples:
  stemma apply -f pipelines/train.json
  stemma apply -f pipelines --dry-run
  jq '.transform.image = "etl:2"' pipelines/etl.json | stemma apply -f -`;

interface Change {
  readonly kind: "repo" | "pipeline";
  readonly name: string;
  readonly action: "create" | "update" | "none";
}

interface ApplyOptions {
  readonly reprocess: boolean;
  readonly dryRun: boolean;
}

/** `stemma apply`: makes pipelines what their specs say. */
export function applyCommand(context: Context) {
  return new Command("apply")
    .description("Create or update pipelines from their specs")
    .requiredOption("-f, --file <file...>", "JSON files, folders of them, or - for standard input")
    .option("--reprocess", "update all of them, and run every datum again")
    .option("--dry-run", "only say what would be done")
    .addOption(
      new Option("-o, --output <format>", "how to print what was done")
        .choices(["text", "json"] as const)
        .default("text" as const),
    )
    .option("--pachd <address>", "Pachyderm's address, instead of $PACHD_ADDRESS or what `stemma up` started")
    .addHelpText("after", EXAMPLES)
    .action(async ({ file, reprocess = false, dryRun = false, output, pachd }) => {
      const { readPipelineSpecs } = await import("./pipeline-specs.ts");
      const specs = await readPipelineSpecs(context, file);
      using client = await context.pachyderm(pachd);
      const changes: Change[] = [];
      for await (const change of apply(client, specs, { reprocess, dryRun })) {
        changes.push(change);
        if (output === "text") context.out(`${sentence(change, dryRun)}\n`);
      }
      if (output === "json") context.out(`${JSON.stringify({ dryRun, changes }, undefined, 2)}\n`);
    });
}

async function* apply(client: PachydermClient, specs: readonly PipelineSpec[], options: ApplyOptions): AsyncGenerator<Change> {
  const present = new Set(specs.map((spec) => formatName(spec.pipeline)));
  for (const spec of specs) {
    for (const repo of spec.inputs) {
      const name = formatName(repo);
      if (present.has(name)) continue;
      present.add(name);
      if (await orAbsent(client.inspectRepo(dataRepo(repo)))) continue;
      if (!options.dryRun) await client.createRepo(dataRepo(repo));
      yield { kind: "repo", name, action: "create" };
    }
    const action = await decide(client, spec, options);
    if (action !== "none" && !options.dryRun) {
      await client.createPipeline(spec.json, {
        update: action === "update",
        reprocess: action === "update" && options.reprocess,
      });
    }
    yield { kind: "pipeline", name: formatName(spec.pipeline), action };
  }
}

async function decide(client: PachydermClient, spec: PipelineSpec, options: ApplyOptions): Promise<Change["action"]> {
  const existing = await orAbsent(client.inspectPipeline(spec.pipeline));
  if (existing === undefined) return "create";
  return spec.isSameAs(existing.userSpecJson) && !options.reprocess ? "none" : "update";
}

async function orAbsent<Found>(found: Promise<Found>): Promise<Found | undefined> {
  try {
    return await found;
  } catch (error) {
    if (error instanceof StemmaError && error.code === "NOT_FOUND") return undefined;
    throw error;
  }
}

function sentence({ kind, name, action }: Change, dryRun: boolean): string {
  if (action === "none") return `unchanged ${kind} ${name}`;
  return `${dryRun ? `would ${action}` : `${action}d`} ${kind} ${name}`;
}

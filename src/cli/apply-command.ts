import { Command, Option } from "@commander-js/extra-typings";
import type { Context } from "./context.ts";
import { collectText } from "./track-options.ts";

const EXAMPLES = `
Takes what \`pachctl create pipeline -f\` takes, in JSON: a spec, several after each other, or a list of them. A folder
stands for its *.json files. Pipelines are made in the order of their data; input repos that are not there are made too.
A pipeline is updated when its spec is another than the one it was last given, after what differs has been shown.

--set PIPELINE.FIELD=VALUE puts a value into a spec: PIPELINE is a name, or * for all; FIELD is written as
transform.env.NAME, transform.cmd[3] or metadata.labels["a.b/c"]; VALUE is JSON, or else text; null takes a default away.
--image NAME=IMAGE puts another image into all specs with this one; without a tag it keeps the one there is.

Examples:
  stemma apply -f pipelines/train.json
  stemma apply -f pipelines --dry-run
  stemma apply -f pipelines --image stemma/spark=registry.example/spark:1.2 --image stemma/split=registry.example/split
  stemma apply -f pipelines --set etl.resource_limits.memory=8Gi --set '*.autoscaling=true'
  stemma apply -f pipelines --reprocess
  jq '.transform.image = "etl:2"' pipelines/etl.json | stemma apply -f -`;

/** `stemma apply`: makes pipelines what their specs say. */
export function applyCommand(context: Context) {
  return new Command("apply")
    .description("Create or update pipelines from their specs")
    .requiredOption("-f, --file <file...>", "JSON files, folders of them, or - for standard input")
    .option("--set <pipeline.field=value>", "put this value into a spec; can be given several times", collectText, [])
    .option("--image <name=image>", "put this image in place of that one; can be given several times", collectText, [])
    .option("--reprocess", "update all of them, and run every datum again")
    .option("--dry-run", "only say what would be done")
    .addOption(
      new Option("-o, --output <format>", "how to print what was done")
        .choices(["text", "json"] as const)
        .default("text" as const),
    )
    .option("--pachd <address>", "Pachyderm's address, instead of $PACHD_ADDRESS or what `stemma up` started")
    .addHelpText("after", EXAMPLES)
    .action(async ({ file, set, image, reprocess = false, dryRun = false, output, pachd }) => {
      const { readPipelineSpecs } = await import("./pipeline-specs.ts");
      const { planChanges } = await import("./apply/plan.ts");
      const { carryOut } = await import("./apply/carry-out.ts");
      const { changeToJson, renderDone, renderPlanned } = await import("./apply/render.ts");
      const specs = await readPipelineSpecs(context, file, { settings: set, images: image });
      using client = await context.pachyderm(pachd);
      const say = (text: string): void => void (output === "text" && context.out(text));
      const done = [];
      for (const change of await planChanges(client, specs, { reprocess })) {
        say(renderPlanned(change, { dryRun }));
        const version = dryRun ? undefined : await carryOut(client, change, reprocess);
        if (!dryRun) say(renderDone(change, version));
        done.push(changeToJson(change, version));
      }
      if (output === "json") context.out(`${JSON.stringify({ dryRun, changes: done }, undefined, 2)}\n`);
    });
}

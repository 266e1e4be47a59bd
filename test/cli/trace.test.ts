import { expect, test } from "vitest";
import type { Context } from "../../src/cli/context.ts";
import { printTrace, traceCommand } from "../../src/cli/trace-command.ts";
import { StemmaError } from "../../src/lineage/errors.ts";
import type { MlflowClient } from "../../src/mlflow/client.ts";
import type { PachydermClient } from "../../src/pachyderm/client.ts";
import type { Story } from "../collect/story.ts";
import { RUN, SET, demoStory } from "../collect/story.ts";
import { testContext } from "./terminal.ts";

interface Run {
  readonly context: Context;
  readonly out: string[];
  readonly addresses: (string | undefined)[];
}

/** A context whose clients are the story's fakes. They lack what tracing never calls. */
function contextOf(story: Pick<Story, "pachyderm"> & Partial<Pick<Story, "mlflow">>): Run {
  const out: string[] = [];
  const addresses: (string | undefined)[] = [];
  const context = testContext(
    { cwd: "/", env: {} },
    {
      out: (text) => out.push(text),
      err: () => expect.unreachable("tracing has nothing to say on the side"),
      pachyderm: async (address) => {
        addresses.push(address);
        return story.pachyderm as unknown as PachydermClient;
      },
      mlflow: async (uri) => {
        addresses.push(uri);
        if (story.mlflow === undefined)
          throw new StemmaError("UNREACHABLE", "MLflow at http://127.0.0.1:5000 cannot be reached.");
        return story.mlflow as unknown as MlflowClient;
      },
    },
  );
  return { context, out, addresses };
}

async function trace(story: Parameters<typeof contextOf>[0], ...argv: readonly string[]): Promise<string> {
  const { context, out } = contextOf(story);
  await traceCommand(context).exitOverride().parseAsync(argv, { from: "user" });
  return out.join("");
}

test("a run is traced up to the raw files", async () => {
  expect(await trace(demoStory(), RUN, "--up")).toMatchInlineSnapshot(`
    "run 2222222222224222822222222222bbbb  tree  finished  2026-11-21T10:01:00Z
      areaUnderPR=0.5 areaUnderROC=0.75
      http://mlflow.test/#/experiments/1/runs/2222222222224222822222222222bbbb
    came from
    └─ job train@1111111111114111811111111111aaaa  success  2026-11-21T10:00:04Z
       ├─ pipeline train#1  stemma/train:1  2026-11-21T10:00:00Z
       └─ commit etl@1111111111114111811111111111aaaa  finished  2026-11-21T10:00:03Z
          │ read: /0.csv /1.csv
          └─ job etl@1111111111114111811111111111aaaa  success  2026-11-21T10:00:03Z
             ├─ pipeline etl#1  stemma/etl:1  2026-11-21T10:00:00Z
             └─ commit split@1111111111114111811111111111aaaa  finished  2026-11-21T10:00:02Z
                │ read: /0/day-1.csv /0/day-2.csv /1/day-2.csv
                └─ job split@1111111111114111811111111111aaaa  success  2026-11-21T10:00:02Z
                   ├─ pipeline split#1  stemma/split:1  2026-11-21T10:00:00Z
                   └─ commit raw_data@1111111111114111811111111111aaaa  finished  2026-11-21T10:00:01Z
                        read: /day-1.csv /day-2.csv
    note: a datum was the whole of etl, so what it made counts as made from every file there, at job train@1111111111114111811111111111aaaa
    note: a datum was a folder of split, so what it made counts as made from every file in it, at job etl@1111111111114111811111111111aaaa
    complete
    "
  `);
});

test("a commit is traced down to the run", async () => {
  expect(await trace(demoStory(), "raw_data@master", "--down")).toMatchInlineSnapshot(`
    "commit raw_data@1111111111114111811111111111aaaa  finished  2026-11-21T10:00:01Z
    led to
    └─ job split@1111111111114111811111111111aaaa  success  2026-11-21T10:00:02Z
       └─ commit split@1111111111114111811111111111aaaa  finished  2026-11-21T10:00:02Z
          └─ job etl@1111111111114111811111111111aaaa  success  2026-11-21T10:00:03Z
             └─ commit etl@1111111111114111811111111111aaaa  finished  2026-11-21T10:00:03Z
                └─ job train@1111111111114111811111111111aaaa  success  2026-11-21T10:00:04Z
                   └─ run 2222222222224222822222222222bbbb  tree  finished  2026-11-21T10:01:00Z
                      │ areaUnderPR=0.5 areaUnderROC=0.75
                      │ http://mlflow.test/#/experiments/1/runs/2222222222224222822222222222bbbb
                      └─ commit train@1111111111114111811111111111aaaa  finished  2026-11-21T10:00:04Z
    complete
    "
  `);
});

test("a file is traced in both directions by default", async () => {
  expect(await trace(demoStory(), "etl@master:/1.csv")).toMatchInlineSnapshot(`
    "file etl@1111111111114111811111111111aaaa:/1.csv
    came from
    └─ datum b1 of etl@1111111111114111811111111111aaaa  success
       ├─ pipeline etl#1  stemma/etl:1  2026-11-21T10:00:00Z
       └─ file split@1111111111114111811111111111aaaa:/1/day-2.csv
          └─ datum a2 of split@1111111111114111811111111111aaaa  success
             ├─ pipeline split#1  stemma/split:1  2026-11-21T10:00:00Z
             └─ file raw_data@1111111111114111811111111111aaaa:/day-2.csv
    led to
    └─ datum c0 of train@1111111111114111811111111111aaaa  success
       └─ run 2222222222224222822222222222bbbb  tree  finished  2026-11-21T10:01:00Z
          │ areaUnderPR=0.5 areaUnderROC=0.75
          │ http://mlflow.test/#/experiments/1/runs/2222222222224222822222222222bbbb
          ├─ file train@1111111111114111811111111111aaaa:/2222222222224222822222222222bbbb
          └─ file train@1111111111114111811111111111aaaa:/model
    note: a datum was a folder of split, so what it made counts as made from every file in it, at job etl@1111111111114111811111111111aaaa
    note: a datum was the whole of etl, so what it made counts as made from every file there, at job train@1111111111114111811111111111aaaa
    complete
    "
  `);
});

test("an answer without MLflow says so in its last line", async () => {
  const drawn = await trace({ pachyderm: demoStory().pachyderm }, "train@master", "--up");
  expect(drawn).toContain(`commit raw_data@${SET}`);
  expect(drawn).toMatch(/\nincomplete: MLflow at http:\/\/127\.0\.0\.1:5000 cannot be reached, at .*\n$/);
});

test("a run cannot be traced without MLflow", async () => {
  await expect(trace({ pachyderm: demoStory().pachyderm }, RUN)).rejects.toMatchObject({ code: "UNREACHABLE" });
});

test("as JSON it is one object", async () => {
  const json: unknown = JSON.parse(await trace(demoStory(), RUN, "--up", "-o", "json"));
  expect(json).toMatchObject({ version: 1, root: `urn:stemma:run:${RUN}`, direction: "up", complete: true });
});

test("what is wrong with a reference is said before anything is connected to", async () => {
  const { context, addresses } = contextOf(demoStory());
  await expect(printTrace(context, "raw_data", { direction: "up", output: "tree" })).rejects.toMatchObject({ code: "USAGE" });
  expect(addresses).toEqual([]);
});

test("addresses that are given are used, and the connection is closed", async () => {
  const story = demoStory();
  const { context, addresses } = contextOf(story);
  await traceCommand(context)
    .exitOverride()
    .parseAsync(["raw_data@master", "--pachd", "pachd.test:30650", "--mlflow", "http://mlflow.test"], { from: "user" });
  expect(addresses).toEqual(["pachd.test:30650", "http://mlflow.test"]);
  expect(story.pachyderm.calls.at(-1)).toBe("close");
});

test("--up and --down exclude each other", async () => {
  const { context } = contextOf(demoStory());
  const command = traceCommand(context)
    .exitOverride()
    .configureOutput({ writeErr: () => undefined });
  await expect(command.parseAsync(["raw_data@master", "--up", "--down"], { from: "user" })).rejects.toMatchObject({
    code: "commander.conflictingOption",
  });
});

test("its help has examples", () => {
  let help = "";
  const command = traceCommand(contextOf(demoStory()).context).configureOutput({
    writeOut: (text) => {
      help += text;
    },
  });
  command.outputHelp();
  expect(help).toContain("stemma trace train@master");
});

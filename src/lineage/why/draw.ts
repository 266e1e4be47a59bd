import { headline, nameOf, oneLine } from "../describe.ts";
import { concludingLines, countText, metricsText, sizeText, timeText } from "../draw/words.ts";
import type { Node, RunNode } from "../graph.ts";
import { plainText } from "../plain-text.ts";
import { referenceTo } from "../reference.ts";
import type { Urn } from "../urn.ts";
import { formatUrn, parseUrn } from "../urn.ts";
import type { DataPart, Making, Why, WhyStep } from "../why.ts";
import type { RunWords } from "./words.ts";
import { factsOf } from "./words.ts";

/** What is known beside the graph. */
export interface WhyExtras {
  /** By run. */
  readonly words: ReadonlyMap<Urn, RunWords>;
  /** How many rows the data of a commit has, where that was counted. */
  readonly rows: ReadonlyMap<Urn, number>;
  /** Aliases and stages that point at the root now. */
  readonly labels: readonly string[];
}

/** A chain in words: each stage in a paragraph, from what was asked for back to what came from outside. */
export function drawWhy({ chain, steps, gaps }: Why, extras: WhyExtras): string {
  const lines = [...chainLines(chain, extras.labels), ...steps.flatMap((step) => stepLines(step, extras))];
  return `${[...lines, ...concludingLines(gaps)].join("\n")}\n`;
}

/** How a model leads to its run, which is the first step. */
function chainLines([root, ...origins]: readonly Node[], labels: readonly string[]): readonly string[] {
  if (root === undefined || origins.length === 0) return [];
  // What the model itself says of its aliases is in its headline.
  const said: readonly string[] = root.kind === "model-version" ? [...(root.aliases ?? []), root.stage ?? ""] : [];
  const others = labels.filter((label) => !said.includes(label));
  const pointed = others.length === 0 ? "" : `  (${others.map(oneLine).join(", ")})`;
  return [
    `${headline(root)}${pointed}`,
    ...origins.map((node) => `  is what ${nameOf(node)} ${node.kind === "run" ? "made" : "became"}`),
  ];
}

const MOST_PATHS = 3;
const MOST_PARAMS = 12;

function stepLines({ what, made }: WhyStep, extras: WhyExtras): readonly string[] {
  const title =
    what.kind === "data" ? dataText(what, extras) : `${headline(what)}${what.kind === "run" ? metricsAfter(what) : ""}`;
  const body = made === undefined ? originLines(what) : makingLines(what, made, extras);
  return [title, ...body.map((line) => `  ${line}`)];
}

function dataText({ commit, paths, count, sizeBytes }: DataPart, { rows }: WhyExtras): string {
  const rowCount = rows.get(formatUrn(commit));
  const amounts = [
    count === undefined ? "everything in it" : countText(count, "file"),
    ...(rowCount === undefined ? [] : [countText(rowCount, "row")]),
    ...(sizeBytes === undefined ? [] : [sizeText(sizeBytes)]),
  ].join(", ");
  const shown = paths.slice(0, MOST_PATHS).map(plainText).join(" ");
  const more = (count ?? 0) - Math.min(paths.length, MOST_PATHS);
  const names = shown === "" ? "" : `: ${shown}${more > 0 ? ` and ${more.toLocaleString("en-US")} more` : ""}`;
  return `data ${referenceTo(commit)}  ${amounts}${names}`;
}

/** What has no origin in the graph: data from outside. */
function originLines(what: Node | DataPart): readonly string[] {
  if (what.kind !== "data") return ["came from nothing that is recorded"];
  const { time, state, description = "" } = what.commit;
  if (state === undefined && time === undefined) return ["of which nothing more is known"];
  return [
    `put by a user${time === undefined ? "" : `, ${timeText(time)}`}${description === "" ? "" : `, who says: ${plainText(description)}`}`,
  ];
}

function makingLines(what: Node | DataPart, made: Making, { words }: WhyExtras): readonly string[] {
  const { code, params, environment } = factsOf(made.runs, words);
  const others = made.runs.filter((run) => what.kind === "data" || formatUrn(run) !== formatUrn(what));
  const image = made.runs.length === 0 && made.pipeline?.image !== undefined ? [`image ${made.pipeline.image}`] : environment;
  const commits = made.code.map(({ commit }) => `git ${commit}`).filter((text) => !code.some((each) => each.startsWith(text)));
  const shownParams =
    params.length > MOST_PARAMS ? [...params.slice(0, MOST_PARAMS), `and ${params.length - MOST_PARAMS} more`] : params;
  return [
    ...doneLines(made),
    ...runsText(others),
    ...listLine("with code:", [...code, ...commits], ", "),
    ...listLine("with params:", shownParams, " "),
    ...listLine("with environment:", image, ", "),
    ...listLine(
      "from",
      [
        ...made.from.map((urn) => referenceTo(parseUrn(urn))),
        ...made.datasets.map(({ name, digest }) => `data set ${name} (${digest})`),
      ],
      " and ",
    ),
    ...listLine(
      "from",
      made.models.map((model) => `model ${referenceTo(model)}`),
      " and ",
    ),
  ];
}

function doneLines({ job, pipeline, datums }: Making): readonly string[] {
  if (job === undefined) return [];
  const command = pipeline?.command === undefined ? "" : ` (${plainText(pipeline.command.join(" "))})`;
  const by = pipeline === undefined ? job.pipeline : referenceTo(pipeline);
  const state = [job.state ?? "", timeText(job.time)].filter((text) => text !== "").join(", ");
  return [
    `made by ${by}${command} in job ${referenceTo(job)}${datums > 0 ? `, ${countText(datums, "datum")}` : ""}${state === "" ? "" : `, ${state}`}`,
  ];
}

function runsText(runs: readonly RunNode[]): readonly string[] {
  const [first] = runs;
  if (first === undefined) return [];
  if (runs.length > 1) return [`in ${countText(runs.length, "run")}, the first ${first.id}`];
  return [`in run ${first.id}${first.name === undefined ? "" : ` ${JSON.stringify(oneLine(first.name))}`}${metricsAfter(first)}`];
}

function metricsAfter({ metrics }: RunNode): string {
  const text = metricsText(metrics ?? {}, 3);
  return text === "" ? "" : `  ${text}`;
}

function listLine(title: string, texts: readonly string[], joint: string): readonly string[] {
  return texts.length === 0 ? [] : [`${title} ${texts.map(plainText).join(joint)}`];
}

import { StemmaError } from "./errors.ts";
import type { Node } from "./graph.ts";
import { knownPipelines, knownRepos, labelNames } from "./known-names.ts";
import type { ManyThings } from "./mlflow-link.ts";
import { referenceTo } from "./reference.ts";
import type { LineageIndex } from "./store/lineage-index.ts";

const ID_DIGITS = 32;
const MAX_CHOICES = 5;

/** The commit, run, job or git commit whose id begins so. Throws NOT_FOUND, and USAGE when there are several. */
export function resolveId(index: LineageIndex, digits: string): Node {
  const commits = knownRepos(index).flatMap((repo) => commitsBeginning(index, repo, digits));
  const found = [...commits, ...runsBeginning(index, digits), ...codeBeginning(index, digits)];
  const jobs = found.length > 0 ? [] : knownPipelines(index).flatMap((pipeline) => jobsBeginning(index, pipeline, digits));
  const [only, ...others] = [...found, ...jobs];
  if (only === undefined) throw new StemmaError("NOT_FOUND", `no commit, run or job has ${beginning(digits)}.`);
  if (others.length > 0) throw sayWhich(digits, [only, ...others]);
  return only;
}

/** The run whose id begins so. Throws NOT_FOUND or USAGE. */
export function resolveRunId(index: LineageIndex, digits: string): Node {
  const [only, ...others] = runsBeginning(index, digits);
  if (only === undefined) throw new StemmaError("NOT_FOUND", `no run has ${beginning(digits)}.`);
  if (others.length > 0) throw sayWhich(digits, [only, ...others]);
  return only;
}

/** The commits of a repo (`project/repo`) whose ids begin so, up to a few. */
export function commitsBeginning(index: LineageIndex, repo: string, digits: string): readonly Node[] {
  return digits.length > ID_DIGITS ? [] : nodesBeginning(index, `commit:${repo}@${digits}`);
}

export function jobsBeginning(index: LineageIndex, pipeline: string, digits: string): readonly Node[] {
  return digits.length > ID_DIGITS ? [] : nodesBeginning(index, `job:${pipeline}@${digits}`);
}

/** The error for a text that may mean several things: it lists the first of them, as they can be typed. */
export function sayWhich(text: string, nodes: readonly Node[]): StemmaError {
  const kinds = Map.groupBy(nodes, ({ kind }) => kind);
  const what = text.length >= ID_DIGITS ? "is the id" : "is the beginning of the ids";
  const listed = [...kinds].map(([kind, { length }]) => (length === 1 ? `a ${words(kind)}` : `several ${words(kind)}s`));
  const choices = nodes.slice(0, MAX_CHOICES).map((node) => (node.kind === "run" ? `runs:/${node.id}` : referenceTo(node)));
  return new StemmaError("USAGE", `${text} ${what} of ${listed.join(" and of ")}.`, {
    hint: `Say which: ${choices.join(" or ")}${nodes.length > MAX_CHOICES ? " or another" : ""}`,
  });
}

/** The error for a page that shows several things, with the first of them. */
export function chooseOne(index: LineageIndex, { kind, name }: ManyThings): never {
  const choices = kind === "model" ? versionsOf(index, name) : runsOfExperiment(index, name);
  const what = kind === "model" ? `the model "${name}" has versions` : `the experiment ${name} has runs`;
  throw new StemmaError(
    choices.length === 0 ? "NOT_FOUND" : "USAGE",
    choices.length === 0 ? `no ${kind} ${name} is known.` : `${what}: say which of them.`,
    { hint: choices.length === 0 ? undefined : `Such as: ${choices.slice(0, MAX_CHOICES).join(" or ")}` },
  );
}

function versionsOf(index: LineageIndex, name: string): readonly string[] {
  const aliases = labelNames(index, `alias:${name}`).map((alias) => `models:/${name}@${alias}`);
  const versions = [...index.recordsBeginning(`model-version:${encodeURIComponent(name)}/`)].map(({ node }) => referenceTo(node));
  return [...aliases, ...versions];
}

/** The newest first. */
function runsOfExperiment(index: LineageIndex, id: string): readonly string[] {
  return [...index.records(["run"])]
    .filter(({ node }) => node.kind === "run" && node.link?.includes(`/experiments/${id}/runs/`) === true)
    .toSorted((a, b) => (b.since?.getTime() ?? 0) - (a.since?.getTime() ?? 0))
    .map(({ node }) => referenceTo(node));
}

function runsBeginning(index: LineageIndex, digits: string): readonly Node[] {
  return digits.length > ID_DIGITS ? [] : nodesBeginning(index, `run:${digits}`);
}

function codeBeginning(index: LineageIndex, digits: string): readonly Node[] {
  return nodesBeginning(index, `code:${digits}`);
}

function nodesBeginning(index: LineageIndex, prefix: string): readonly Node[] {
  return Iterator.from(index.recordsBeginning(prefix))
    .take(MAX_CHOICES + 1)
    .map(({ node }) => node)
    .toArray();
}

function beginning(digits: string): string {
  return digits.length >= ID_DIGITS ? `the id ${digits}` : `an id that begins with ${digits}`;
}

function words(kind: Node["kind"]): string {
  return kind === "code" ? "git commit" : kind;
}

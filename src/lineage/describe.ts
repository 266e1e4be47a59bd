import type { FileNames, Node } from "./graph.ts";
import { referenceTo } from "./reference.ts";
import { formatUrn } from "./urn.ts";

const MAX_METRICS = 6;
const WRAP_AT = 100;

/** What a thing is and how to say it again: `commit raw_data@<id>`. */
export function nameOf(node: Node): string {
  if (node.kind === "datum") return `datum ${node.id} of ${referenceTo({ ...node, kind: "job", id: node.job })}`;
  return `${node.kind} ${referenceTo(node)}`;
}

/** The one line that stands for a node: name, state, time. */
export function headline(node: Node): string {
  return [nameOf(node), ...namesGiven(node), stateOf(node), timeText(node.time), ...marks(node)]
    .filter((part) => part !== "")
    .map(oneLine)
    .join("  ");
}

/** What else a reader wants to see of a node, in lines below its own. */
export function details(node: Node): readonly string[] {
  if (node.kind !== "run") return [];
  return [...metricLines(node.metrics ?? {}), ...(node.link === undefined ? [] : [node.link])];
}

/** Which files of a commit were read, in lines that are not too long. */
export function fileLines(files: FileNames | undefined): readonly string[] {
  if (files === undefined) return [];
  if (files.names.includes("/")) return ["read: everything in it"];
  if (files.names.length === 0) return files.count === 0 ? [] : [`read: ${files.count} files`];
  return wrap(["read:", ...files.names.map((name) => (/\s/.test(name) ? JSON.stringify(name) : oneLine(name)))]);
}

/** A line of text without line breaks, tabs or what else would move the cursor. */
export function oneLine(text: string): string {
  return text
    .replace(/\s+/g, " ")
    .replace(/\p{Cc}/gu, "\uFFFD")
    .trim();
}

/** A node as JSON: all that is known, with its URN and the reference that can be typed. */
export function nodeToJson(node: Node): Readonly<Record<string, unknown>> {
  return { urn: formatUrn(node), reference: referenceTo(node), ...node };
}

function namesGiven(node: Node): readonly string[] {
  switch (node.kind) {
    case "run":
    case "logged-model":
    case "deployment":
      return [node.name ?? ""];
    case "pipeline":
      return [node.image ?? ""];
    case "model-version":
      return [...(node.aliases ?? []).map((alias) => `@${alias}`), node.stage ?? ""];
    default:
      return [];
  }
}

/** What a reader has to know of it: that it is no more there, or that another try counts in its stead. */
function marks({ gone, attempt }: Node): readonly string[] {
  return [gone === undefined ? "" : `gone since ${timeText(gone)}`, attempt === true ? "(attempt)" : ""];
}

function stateOf({ state, reason }: Node): string {
  if (state === undefined) return "";
  return reason === undefined || reason === "" ? state : `${state} (${reason})`;
}

function timeText(time: Date | undefined): string {
  return time === undefined ? "" : time.toISOString().replace(/\.\d+Z$/, "Z");
}

/** What a run used of its machine says nothing of what came out. */
function isOfMachine(key: string): boolean {
  return key.startsWith("system/") || key.startsWith("spark.");
}

function metricLines(metrics: Readonly<Record<string, number>>): readonly string[] {
  const texts = Object.entries(metrics)
    .filter(([key]) => !isOfMachine(key))
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, value]) => oneLine(`${key}=${Number.isInteger(value) ? value : Number(value.toPrecision(6))}`));
  if (texts.length <= MAX_METRICS) return wrap(texts);
  return wrap([...texts.slice(0, MAX_METRICS), `and ${texts.length - MAX_METRICS} more`]);
}

function wrap(words: readonly string[]): readonly string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of words) {
    if (line !== "" && line.length + 1 + word.length > WRAP_AT) {
      lines.push(line);
      line = word;
    } else line = line === "" ? word : `${line} ${word}`;
  }
  return line === "" ? lines : [...lines, line];
}

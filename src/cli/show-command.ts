import { createReadStream } from "node:fs";
import { resolve } from "node:path";
import { Command, Option } from "@commander-js/extra-typings";
import { StemmaError } from "../lineage/errors.ts";
import { type DataReference, type Reference, parseReference } from "../lineage/reference.ts";
import type { JsonObject } from "../tracker/json.ts";
import type { Context } from "./context.ts";
import { toCommitQuery } from "./names.ts";

const EXAMPLES = `
A run card is what stemma track leaves in a job's output, or where its --card says. Its digest is checked: the exit code is 5 if
the card is not as it was written. Of a run id or a link MLflow is asked, and what it says is shown in the same way.

Examples:
  stemma show cards/3f1c5e0a9b7d4c6e8f2a1b3c5d7e9f01
  stemma show train@master:/3f1c5e0a9b7d4c6e8f2a1b3c5d7e9f01
  stemma show 3f1c5e0a9b7d4c6e8f2a1b3c5d7e9f01 -o json | jq .params`;

/** Larger than any card: artifacts are listed in it. */
const MAX_CARD_BYTES = 64 * 1024 * 1024;

interface Places {
  readonly pachd?: string | undefined;
  readonly mlflow?: string | undefined;
}

/** `stemma show`: a run card, or a run, drawn well. */
export function showCommand(context: Context) {
  return new Command("show")
    .description("Print a run card and check it, or print a run of MLflow in the same way")
    .argument("<what>", "a file, REPO@BRANCH-OR-ID:/PATH, a run id, or a link to a run in MLflow")
    .addOption(new Option("-o, --output <format>", "how to print it").choices(["text", "json"] as const).default("text" as const))
    .option("--pachd <address>", "Pachyderm's address, instead of $PACHD_ADDRESS or what `stemma up` started")
    .option("--mlflow <uri>", "MLflow's address, instead of $MLFLOW_TRACKING_URI or what `stemma up` started")
    .addHelpText("after", EXAMPLES)
    .action(async (what, { output, ...places }) => {
      const file = await readIfThere(resolve(context.cwd, what));
      const reference = file === undefined ? parseWhat(what) : undefined;
      const run = reference === undefined ? undefined : runOf(reference);
      if (run !== undefined) return showRun(context, run, places, output === "json");
      const text = file ?? (await readFromCommit(context, dataOf(reference, what), places));
      return showCard(context, text, what, output === "json");
    });
}

async function showRun(context: Context, id: string, { mlflow }: Places, isJson: boolean): Promise<void> {
  const [{ readRun }, { drawCard }] = await Promise.all([import("./read-run.ts"), import("./draw-card.ts")]);
  const run = await readRun(await context.mlflow(mlflow), id);
  context.out(isJson ? `${JSON.stringify(run, undefined, 2)}\n` : drawCard(run));
}

/** As JSON a card is printed to the byte, so that what it says of itself stays true. */
async function showCard(context: Context, text: string, what: string, isJson: boolean): Promise<void> {
  const [{ cardDigest }, { drawCard }] = await Promise.all([import("../tracker/card/canonical.ts"), import("./draw-card.ts")]);
  const card = await parseCard(text, what);
  const actual = cardDigest(card);
  context.out(isJson ? text : drawCard(card));
  const { digest } = card;
  if (digest !== undefined && digest !== actual) {
    throw new StemmaError("INTEGRITY", `${what} is not as it was written: its content has the digest ${actual}.`, {
      hint: `Compare it with the same card in Pachyderm, or with the run in MLflow.`,
    });
  }
  if (!isJson) context.out(digest === undefined ? "digest none\n" : "digest ok\n");
}

async function parseCard(text: string, what: string): Promise<JsonObject> {
  const [{ parseObject, textAt }, { RUN_CARD_SCHEMA }] = await Promise.all([
    import("../tracker/json.ts"),
    import("../tracker/card/run-card.ts"),
  ]);
  const card = parseObject(text) ?? {};
  const schema = textAt(card, "schema");
  if (schema === RUN_CARD_SCHEMA) return card;
  const problem = schema === undefined ? "is no run card" : `has the schema "${schema}", which this version does not know`;
  throw new StemmaError("USAGE", `${what} ${problem}.`, { hint: `A run card has the schema "${RUN_CARD_SCHEMA}".` });
}

/** A name without an @ that is no id is one of a file that is not there. */
function parseWhat(what: string): Reference {
  if (/^(?:[0-9a-fA-F]{32}$|https?:|urn:|models:)/.test(what) || what.includes("@")) return parseReference(what);
  throw new StemmaError("NOT_FOUND", `there is no file ${what}.`, {
    hint: "Name a file, REPO@BRANCH-OR-ID:/PATH, a run id, or a link to a run in MLflow.",
  });
}

function runOf(reference: Reference): string | undefined {
  if (reference.kind === "id") return reference.id;
  return reference.kind === "node" && reference.identity.kind === "run" ? reference.identity.id : undefined;
}

function dataOf(reference: Reference | undefined, what: string): DataReference & { readonly path: string } {
  if (reference?.kind === "data" && reference.path !== undefined) return { ...reference, path: reference.path };
  const { identity } = reference?.kind === "node" ? reference : { identity: undefined };
  if (identity?.kind === "file") return { ...identity, at: identity.commit };
  throw new StemmaError("USAGE", `${what} is neither a file nor a run.`, {
    hint: "Write REPO@BRANCH-OR-ID:/RUN_ID for a run card.",
  });
}

async function readFromCommit(
  context: Context,
  data: DataReference & { readonly path: string },
  { pachd }: Places,
): Promise<string> {
  using client = await context.pachyderm(pachd);
  return await readText(client.readFile(toCommitQuery(data), data.path));
}

/** Undefined for what is no file of this machine. */
async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readText(createReadStream(path));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR" || code === "EISDIR" || code === "ENAMETOOLONG") return undefined;
    throw new StemmaError("FAILED", `cannot read ${path}: ${code ?? String(error)}`, { cause: error });
  }
}

/** Of a file that is too large for a card, the beginning: no JSON, and so no card. */
async function readText(content: AsyncIterable<Uint8Array>): Promise<string> {
  const pieces: Uint8Array[] = [];
  let sizeBytes = 0;
  for await (const piece of content) {
    pieces.push(piece);
    sizeBytes += piece.length;
    if (sizeBytes > MAX_CARD_BYTES) break;
  }
  return Buffer.concat(pieces).toString("utf8");
}

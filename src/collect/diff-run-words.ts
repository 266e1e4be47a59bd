import type { Values } from "../lineage/diff/values.ts";
import { StemmaError } from "../lineage/errors.ts";
import type { RunNode } from "../lineage/graph.ts";
import type { Gap } from "../lineage/answer.ts";
import type { MlflowClient } from "../mlflow/client.ts";
import type { RunWords } from "./diff-card.ts";
import { readCard, wordsOf } from "./diff-card.ts";
import type { DiffSide } from "./diff-sides.ts";
import { missing } from "./nodes.ts";
import type { Sources } from "./ports.ts";

type Note = (gap: Gap) => void;
type Words = Pick<RunWords, "code" | "environment">;
const NOTHING: RunWords = { code: {}, environment: {}, packages: undefined };
const MOST_LIST_BYTES = 16 * 1024 * 1024;

/** What both runs say of their code and surroundings, and of their packages one by one where these differ. */
export async function readRunWords(
  sources: Sources,
  before: DiffSide,
  after: DiffSide,
  note: Note,
): Promise<{ readonly before: Words; readonly after: Words }> {
  const old = await readWords(sources, before, note);
  const now = await readWords(sources, after, note);
  const differ = old.packages !== undefined && now.packages !== undefined && old.packages.sha256 !== now.packages.sha256;
  if (!differ) return { before: old, after: now };
  return { before: await withPackages(sources, before.run, old, note), after: await withPackages(sources, after.run, now, note) };
}

/** What a run says of its code and surroundings: by its card, or, with a note, by its tags. */
export async function readWords(
  { pachyderm }: Pick<Sources, "pachyderm">,
  { run, output }: Pick<DiffSide, "run" | "output">,
  note: Note,
): Promise<RunWords> {
  if (run === undefined) return NOTHING;
  try {
    const card = output === undefined ? undefined : await readCard(pachyderm, output, run.id);
    if (card === undefined)
      note(missing(run, "its run card is not to be had, so of its code and environment only its tags are known"));
    return wordsOf(run, card);
  } catch (error) {
    if (!(error instanceof StemmaError)) throw error;
    note(missing(run, `its run card cannot be read (${error.message}), so of its code and environment only its tags are known`));
    return wordsOf(run, undefined);
  }
}

async function withPackages({ mlflow }: Sources, run: RunNode | undefined, words: RunWords, note: Note): Promise<Words> {
  const { environment, packages, code } = words;
  if (run === undefined || packages === undefined) return words;
  try {
    return { code, environment: { ...environment, ...packageValues(await readText(mlflow, run.id, packages.path)) } };
  } catch (error) {
    if (!(error instanceof StemmaError)) throw error;
    note(missing(run, `its list of packages cannot be read: ${error.message}`));
    return words;
  }
}

async function readText(
  mlflow: Sources["mlflow"] & Partial<Pick<MlflowClient, "readArtifact">>,
  id: string,
  path: string,
): Promise<string> {
  const run = await mlflow.findRun(id);
  if (run === undefined || mlflow.readArtifact === undefined) throw new StemmaError("NOT_FOUND", `MLflow has no run ${id}`);
  const pieces: Uint8Array[] = [];
  let sizeBytes = 0;
  await mlflow.readArtifact(run, path, (piece) => {
    sizeBytes += piece.length;
    if (sizeBytes > MOST_LIST_BYTES) throw new StemmaError("UNSUPPORTED", "it is too large");
    pieces.push(piece);
  });
  return Buffer.concat(pieces).toString("utf8");
}

/** Of lines such as `numpy==2.1.0`. */
function packageValues(list: string): Values {
  const lines = list
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "" && !line.startsWith("#"));
  return Object.fromEntries(
    lines.map((line) => {
      const [, name = line, version = ""] = /^([^=@ ]+)(?:==| @ |=)(.*)$/.exec(line) ?? [];
      return [`package ${name}`, version];
    }),
  );
}

import { createHash } from "node:crypto";
import { StemmaError } from "../lineage/errors.ts";
import { formatUrn } from "../lineage/urn.ts";
import type { LoggedModel, Run } from "../mlflow/types.ts";
import type { CardFile, RunCard } from "../tracker/card/run-card.ts";
import { type Finding, finding } from "./finding.ts";
import type { Lookups } from "./lookups.ts";

const DIGEST_TAG = "stemma.digest";

/** A file that MLflow is to have. */
interface Wanted {
  readonly owner: Pick<Run, "id" | "artifactUri">;
  /** As the run's card names it. */
  readonly path: string;
  readonly file: CardFile;
}

/** Which of a run's artifacts and model files are gone, or are not what the card has the digests of. Reads them all. */
export async function checkArtifacts(
  look: Lookups,
  card: RunCard,
  run: Run,
  say: (text: string) => void,
): Promise<readonly Finding[]> {
  const models = card.models.length === 0 ? [] : await look.models(run);
  const wanted: Wanted[] = [
    ...card.artifacts.map((file) => ({ owner: run, path: `/${file.path}`, file })),
    ...card.models.flatMap((model) => modelFiles(model, run, models)),
  ];
  const findings: Finding[] = [];
  for (const [index, each] of wanted.entries()) {
    say(`artifacts of run ${run.id}: ${index + 1} of ${wanted.length}`);
    const found = await stateOf(look, each);
    // A file that was not delivered yet waits in an outbox.
    if (found === undefined || (found === "nothing" && isWaiting(card, run))) continue;
    findings.push(
      finding(
        found === "nothing" ? "artifact-missing" : "artifact-changed",
        formatUrn({ kind: "artifact", run: run.id, path: each.path }),
        {
          expected: `${each.file.sizeBytes} bytes, SHA-256 ${each.file.sha256}`,
          found,
        },
      ),
    );
  }
  return findings;
}

/** A server without logged models keeps a model's files among the run's artifacts. */
function modelFiles(
  { name, digest, files }: RunCard["models"][number],
  run: Run,
  models: readonly LoggedModel[],
): readonly Wanted[] {
  const model = models.find((each) => each.name === name && each.tags[DIGEST_TAG] === digest);
  return files.map((file) => ({
    owner: model ?? run,
    path: `/${name}/${file.path}`,
    file: model === undefined ? { ...file, path: `${name}/${file.path}` } : file,
  }));
}

/** Undefined when the file is as it was. */
async function stateOf(look: Lookups, { owner, file }: Wanted): Promise<string | undefined> {
  const hash = createHash("sha256");
  let sizeBytes = 0;
  const read = (): Promise<void> =>
    look.sources.mlflow.readArtifact(owner, file.path, (piece) => {
      hash.update(piece);
      sizeBytes += piece.length;
    });
  try {
    await look.ask("mlflow", read);
  } catch (error) {
    if (error instanceof StemmaError && error.code === "NOT_FOUND") return "nothing";
    throw error;
  }
  const sha256 = hash.digest("hex");
  return sha256 === file.sha256 ? undefined : `${sizeBytes} bytes, SHA-256 ${sha256}`;
}

function isWaiting({ undelivered }: RunCard, { tags }: Run): boolean {
  return tags["stemma.replayed"] === undefined && ((undelivered.artifact ?? 0) > 0 || (undelivered.model ?? 0) > 0);
}

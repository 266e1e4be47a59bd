import { StemmaError } from "../lineage/errors.ts";
import { s3AddressOf } from "./services-file.ts";

const BUCKET = "master.artifacts";

/** Where MLflow keeps its artifacts in Pachyderm: the branch master of the repo `artifacts`, as a bucket. */
export const ARTIFACTS_URL = `s3://${BUCKET}`;

/** Makes the repo `artifacts` with its branch, where they are missing. The gateway must be there. */
export async function ensureArtifactsRepo(s3Port: number, signal: AbortSignal): Promise<void> {
  const answer = await fetch(`${s3AddressOf(s3Port)}/${BUCKET}`, { method: "PUT", signal });
  const text = await answer.text();
  if (answer.ok || text.includes("<Code>BucketAlreadyOwnedByYou</Code>")) return;
  const why = /<Message>(.*)<\/Message>/.exec(text)?.[1] ?? `HTTP ${answer.status}`;
  throw new StemmaError("FAILED", `cannot make the repo artifacts: ${why}`);
}

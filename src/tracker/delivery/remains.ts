import { StemmaError } from "../../lineage/errors.ts";
import { VALUE_LIMITS, cutText } from "../../mlflow/batches.ts";
import type { Metric, Run } from "../../mlflow/types.ts";
import { type FoundArtifact, artifactParcel, findArtifacts, sha256OfFile } from "../report/artifacts.ts";
import type { Complaints } from "../report/complaints.ts";
import type { Delivery, Parcel } from "./delivery.ts";
import type { RunKeeper } from "../ports.ts";
import type { Report } from "../report/report.ts";
import { type RunCard, toCardNumber } from "../card/run-card.ts";

/** What takes part in one tracked command, from its start to its end. */
export interface Session {
  readonly runs: RunKeeper;
  readonly run: Run;
  readonly report: Report;
  readonly complaints: Complaints;
  readonly delivery: Delivery;
  readonly artifactsFolder: string;
}

export function metricParcel({ runs, run }: Pick<Session, "runs" | "run">, metrics: readonly Metric[]): Parcel {
  return { kind: "metrics", count: () => metrics.length, send: () => runs.logBatch(run.id, { metrics }) };
}

/** Delivers what the command left behind, and tells all that its run says now: its own report, and what it logged itself. */
export async function deliverRemains(session: Session): Promise<Pick<RunCard, "params" | "metrics" | "artifacts">> {
  const { runs, run, report, complaints, delivery, artifactsFolder } = session;
  const logged = await readLogged(runs, run);
  const params = withoutConflicts(await report.readParams(), logged.params, complaints);
  const tags = await report.readTags();
  const artifacts = artifactParcel(await findArtifacts(artifactsFolder, complaints), ({ path, file }) =>
    runs.putArtifact(run, path, { file }),
  );
  delivery.add(metricParcel(session, await report.readMetrics(true)));
  delivery.add({ kind: "params", count: () => Object.keys(params).length, send: () => runs.logBatch(run.id, { params }) });
  delivery.add({ kind: "tags", count: () => Object.keys(tags).length, send: () => runs.logBatch(run.id, { tags }) });
  delivery.add(artifacts);
  await delivery.flush();
  const metrics = Object.entries({ ...logged.metrics, ...report.lastValues }).map(([key, value]) => [key, toCardNumber(value)]);
  return {
    params: { ...logged.params, ...params },
    metrics: Object.fromEntries(metrics),
    artifacts: await describeArtifacts(artifacts.delivered()),
  };
}

/** The run as the command's own MLflow client, and earlier attempts, left it; nothing of it when MLflow is away. */
async function readLogged(runs: RunKeeper, run: Run): Promise<Pick<Run, "params" | "metrics">> {
  try {
    return await runs.inspectRun(run.id);
  } catch (error) {
    if (error instanceof StemmaError) return run;
    throw error;
  }
}

/** MLflow never changes a param, and refuses the good ones together with the one that would. */
function withoutConflicts(
  params: Readonly<Record<string, string>>,
  logged: Run["params"],
  complaints: Complaints,
): Record<string, string> {
  const isGood = ([key, value]: [string, string]): boolean => {
    const before = logged[key];
    if (before === undefined || before === cutText(value, VALUE_LIMITS.params)) return true;
    complaints.add("params", undefined, `"${key}" was logged as "${before}" before, and MLflow does not change it to "${value}"`);
    return false;
  };
  return Object.fromEntries(Object.entries(params).filter(isGood));
}

async function describeArtifacts(artifacts: readonly FoundArtifact[]): Promise<RunCard["artifacts"]> {
  const described: RunCard["artifacts"][number][] = [];
  for (const { path, file, sizeBytes } of artifacts) described.push({ path, sizeBytes, sha256: await sha256OfFile(file) });
  return described;
}

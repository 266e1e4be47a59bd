import { type ErrorCode, StemmaError, orAbsent } from "../../lineage/errors.ts";
import type { JobInfo, JobName } from "../../pachyderm/types.ts";
import type { Finding } from "./finding.ts";
import { findLostRun, findUndelivered } from "./findings-of-commits.ts";
import { findLostOutput } from "./findings-of-runs.ts";
import { type SettledFinding, mend } from "./mend.ts";
import { type CommitFile, OutputCommits } from "./output-commits.ts";
import type { ReconcileOptions, ReconcilePorts } from "./ports.ts";
import { findStale } from "./stale.ts";
import { type TrackedRuns, loadTrackedRuns } from "./tracked-runs.ts";

/** What `reconcile` has found, and what it could not look at. */
export interface Reconciliation {
  /** Whether all was looked at. */
  readonly complete: boolean;
  readonly findings: readonly SettledFinding[];
  /** What could not be looked at, and why. */
  readonly unchecked: readonly string[];
  /** How many were looked at. */
  readonly runs: number;
  readonly commits: number;
}

/**
 * Holds the runs in MLflow against the commits in Pachyderm, says what does not fit, and with `fix` puts right what can be.
 * Rejects with UNREACHABLE when neither answers.
 */
export async function reconcile(ports: ReconcilePorts, options: ReconcileOptions): Promise<Reconciliation> {
  const survey = new Survey(ports, options);
  const runs = await survey.check("runs", () => loadTrackedRuns(ports.runs, options.experiments, ports.now()));
  const left = await survey.check("jobs and their output", () => survey.readOutput());
  if (runs === undefined && left === undefined) throw new StemmaError("UNREACHABLE", survey.unchecked.join(" "));
  const found = runs === undefined ? [] : await findAll(survey, runs, left);
  const findings: SettledFinding[] = [];
  for (const { remedy, ...finding } of found)
    findings.push(await mend(options.fix ? { ...finding, remedy } : finding, ports.runs));
  const { unchecked } = survey;
  return { complete: unchecked.length === 0, findings, unchecked, runs: runs?.live.length ?? 0, commits: left?.commits ?? 0 };
}

async function findAll(survey: Survey, runs: TrackedRuns, left: LeftBehind | undefined): Promise<Finding[]> {
  const { commits, ports, options } = survey;
  const now = ports.now();
  const findJob = (job: JobName): Promise<JobInfo | undefined> => orAbsent(ports.commits.inspectJob(job));
  const signs = { findJob, processes: ports.processes, now, staleAfterMs: options.staleAfterMs };
  const byHand = runs.live.filter(({ job }) => job === undefined);
  const inJobs = runs.live.filter(({ job }) => job !== undefined);
  const found = [...runs.doubled, ...(await survey.each("runs made by hand", byHand, (run) => findStale(run, signs)))];
  if (left === undefined) return found;
  return [
    ...found,
    ...(await survey.each("runs in jobs", inJobs, (run) => findStale(run, signs))),
    ...(await survey.each("the output of runs", inJobs, (run) => findLostOutput(run, commits, now))),
    ...(await survey.each("run cards", left.cards, (card) => findLostRun(card, commits, runs))),
    ...(await survey.each("outboxes", left.outboxes, (outbox) => findUndelivered(outbox, commits, runs))),
  ];
}

interface LeftBehind {
  readonly commits: number;
  /** Each run's card, and each outbox, once: in the oldest commit that has it. */
  readonly cards: readonly CommitFile[];
  readonly outboxes: readonly CommitFile[];
}

/** A server that does not answer, or refuses to: the others are looked at nevertheless. */
const GAPS: ReadonlySet<ErrorCode> = new Set(["UNREACHABLE", "FAILED"]);

/** Looks at one thing after another, and keeps in mind what could not be looked at. */
class Survey {
  readonly ports: ReconcilePorts;
  readonly options: ReconcileOptions;
  readonly commits: OutputCommits;
  readonly unchecked: string[] = [];

  constructor(ports: ReconcilePorts, options: ReconcileOptions) {
    this.ports = ports;
    this.options = options;
    this.commits = new OutputCommits(ports.commits);
  }

  /** Undefined for what cannot be looked at now. */
  async check<Answer>(what: string, look: () => Promise<Answer>): Promise<Answer | undefined> {
    this.options.signal.throwIfAborted();
    try {
      return await look();
    } catch (error) {
      if (!(error instanceof StemmaError) || !GAPS.has(error.code)) throw error;
      this.unchecked.push(`${what} not looked at: ${error.message}`);
      return undefined;
    }
  }

  /** What is wrong with each of some. Where one cannot be looked at, those after it are not tried. */
  async each<Item>(what: string, items: readonly Item[], look: (item: Item) => Promise<Finding | undefined>): Promise<Finding[]> {
    const findings: Finding[] = [];
    await this.check(what, async () => {
      for (const [index, item] of items.entries()) {
        this.options.signal.throwIfAborted();
        this.ports.progress(`${what}: ${index + 1} of ${items.length}`);
        const finding = await look(item);
        if (finding !== undefined) findings.push(finding);
      }
    });
    return findings;
  }

  async readOutput(): Promise<LeftBehind> {
    let commits = 0;
    const cards = new Map<string, CommitFile>();
    const outboxes = new Map<string, CommitFile>();
    for await (const { commit } of this.commits.list()) {
      this.options.signal.throwIfAborted();
      this.ports.progress(`output commits: ${++commits}`);
      for (const card of await this.commits.cards(commit)) cards.set(card.path, card);
      for (const outbox of await this.commits.outboxes(commit)) outboxes.set(outbox.path, outbox);
    }
    return { commits, cards: [...cards.values()], outboxes: [...outboxes.values()] };
  }
}

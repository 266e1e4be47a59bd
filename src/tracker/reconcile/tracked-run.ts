import type { Run } from "../../mlflow/types.ts";
import type { CommitName, JobName } from "../../pachyderm/types.ts";
import { parseAttempts } from "../delivery/attempts.ts";
import { RUN_TAGS } from "../delivery/run-tags.ts";

/** A run of `stemma track`, as its tags tell it. */
export interface TrackedRun {
  readonly run: Run;
  readonly key: string;
  /** The job that it ran in; absent when it was made by hand. */
  readonly job: JobName | undefined;
  /** Where its output went. */
  readonly commit: CommitName | undefined;
  readonly host: string | undefined;
  readonly pid: number | undefined;
  readonly pidStarted: string | undefined;
  /** When its tracker was last known to be alive. */
  readonly lastSign: Date;
}

const NAME = /^[\w-]+$/;
const ID = /^[0-9a-f]{32}$/;

/** Reads a run's tags; undefined for a run of something else than `stemma track`. What is wrong in a tag counts as absent. */
export function toTrackedRun(run: Run): TrackedRun | undefined {
  const { tags, startTime } = run;
  const key = tags[RUN_TAGS.key];
  if (key === undefined) return undefined;
  const pid = Number(tags[RUN_TAGS.pid]);
  const signs = [startTime, toTime(tags[RUN_TAGS.heartbeat]), toTime(parseAttempts(tags[RUN_TAGS.attempts]).at(-1)?.started)];
  return {
    run,
    key,
    job: jobOf(tags),
    commit: commitOf(tags),
    host: tags[RUN_TAGS.host],
    pid: Number.isSafeInteger(pid) && pid > 0 ? pid : undefined,
    pidStarted: tags[RUN_TAGS.pidStarted],
    lastSign: new Date(Math.max(...signs.filter((sign) => sign !== undefined).map((sign) => sign.getTime()))),
  };
}

/** Whether it stands for its work: not deleted, and not the loser of a doubled one. */
export function isLive({ run }: TrackedRun): boolean {
  return !run.deleted && run.tags[RUN_TAGS.supersededBy] === undefined;
}

function jobOf(tags: Run["tags"]): JobName | undefined {
  const { "pachyderm.project": project = "default", "pachyderm.pipeline": name = "", "pachyderm.job": id = "" } = tags;
  return NAME.test(project) && NAME.test(name) && ID.test(id) ? { pipeline: { project, name }, id } : undefined;
}

function commitOf(tags: Run["tags"]): CommitName | undefined {
  const { "pachyderm.project": project = "default", "pachyderm.repo": name = "", "pachyderm.commit": id = "" } = tags;
  return NAME.test(project) && NAME.test(name) && ID.test(id) ? { repo: { project, name, type: "user" }, id } : undefined;
}

function toTime(text: string | undefined): Date | undefined {
  const time = new Date(text ?? "");
  return Number.isNaN(time.getTime()) ? undefined : time;
}

import type { Gap } from "../answer.ts";
import type { Row } from "../store/row.ts";
import { missing } from "./step.ts";

/** The states in which a job makes nothing more. */
const DONE: ReadonlySet<string> = new Set(["success", "failure", "killed", "unrunnable"]);

/** A gap for a job that is still at work. */
export function unfinished(job: Row): readonly Gap[] {
  const { state } = job.node;
  if (state === undefined || DONE.has(state) || job.gone !== null) return [];
  return [missing(job, `the job is not done (${state}), and may yet make more`)];
}

import type { Database } from "../store/database.ts";
import type { JobRow } from "./jobs.ts";

/** Which jobs are asked for; all conditions have to hold. Projects: none means all. */
export interface JobQuery {
  /** The row id of a pipeline. */
  readonly pipeline?: number | undefined;
  readonly projects: readonly string[];
  /** How many versions of its pipeline a job may be behind; negative: any number. */
  readonly history: number;
  /** Row ids of commits: only jobs of sets in which something directly comes from each of them. */
  readonly inputs: readonly number[];
  /** Only jobs created before this time, in milliseconds since 1970; with `reverse` only those created after it. */
  readonly marker?: number | undefined;
  /** Oldest first; else newest first. */
  readonly reverse: boolean;
}

const PAGE = 500;

/** The jobs that are asked for, read bit by bit: a reader who stops early, or is slow, costs no more than what was sent. */
export function* listJobs(db: Database, query: JobQuery): Generator<JobRow> {
  const [isAfter, order] = query.reverse ? [">", "ASC"] : ["<", "DESC"];
  const inputs = query.inputs.map(
    () => "AND j.set_id IN (SELECT c.set_id FROM commit_provenance e JOIN commits c ON c.id = e.commit_id WHERE e.upstream = ?)",
  );
  const sql = `SELECT j.* FROM jobs j JOIN pipelines p ON p.id = j.pipeline
    WHERE j.id ${isAfter} ? AND j.created ${isAfter} ? ${query.pipeline === undefined ? "" : "AND j.pipeline = ?"}
    AND (? = '[]' OR p.project IN (SELECT value FROM json_each(?))) AND (? < 0 OR j.version >= p.version - ?)
    ${inputs.join(" ")} ORDER BY j.id ${order} LIMIT ${PAGE}`;
  const projects = JSON.stringify(query.projects);
  const beginning = query.reverse ? 0 : Number.MAX_SAFE_INTEGER;
  const rest = [...(query.pipeline === undefined ? [] : [query.pipeline]), projects, projects, query.history, query.history];
  for (let last = beginning; ;) {
    const page = db.all<JobRow>(sql, last, query.marker ?? beginning, ...rest, ...query.inputs);
    yield* page;
    const end = page.at(-1);
    if (end === undefined || page.length < PAGE) return;
    last = end.id;
  }
}

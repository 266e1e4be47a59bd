import type { Database } from "../store/database.ts";

const REPO = "r.project || '/' || r.name || iif(r.type = 'user', '', '.' || r.type)";
const COMMIT = `${REPO} || '@' || c.set_id`;
const COMMITS = "commits c JOIN repos r ON r.id = c.repo";
const JOBS = "jobs j JOIN pipelines p ON p.id = j.pipeline";
const JOB = "'job ' || p.project || '/' || p.name || '@' || j.set_id";
const ENDED = "('JOB_SUCCESS', 'JOB_FAILURE', 'JOB_KILLED', 'JOB_UNRUNNABLE')";

/** What must never be: each query finds the places where it is, as sentences. */
const RULES: readonly string[] = [
  `SELECT ${REPO} || ' has several commits of the set ' || c.set_id FROM ${COMMITS} GROUP BY c.repo, c.set_id HAVING count(*) > 1`,
  `SELECT ${COMMIT} || ' is older than its parent' FROM ${COMMITS} WHERE c.parent >= c.id`,
  `SELECT ${COMMIT} || ' is finished, but its parent is not' FROM ${COMMITS}
   JOIN commits parent ON parent.id = c.parent WHERE c.finished IS NOT NULL AND parent.finished IS NULL`,
  `SELECT ${COMMIT} || ' is finished, but still open' FROM ${COMMITS} WHERE c.finished IS NOT NULL AND c.finishing IS NULL`,
  `SELECT ${COMMIT} || ' is older than a commit that it comes from' FROM ${COMMITS}
   JOIN commit_provenance p ON p.commit_id = c.id WHERE p.upstream >= c.id GROUP BY c.id`,
  `SELECT 'the head of branch ' || ${REPO} || '@' || b.name || ' is in another repo' FROM branches b JOIN repos r ON r.id = b.repo
   JOIN commits c ON c.id = b.head WHERE c.repo <> b.repo`,
  `WITH RECURSIVE up (start, id) AS (
     SELECT branch, upstream FROM branch_provenance
     UNION SELECT up.start, p.upstream FROM up JOIN branch_provenance p ON p.branch = up.id)
   SELECT 'branch ' || ${REPO} || '@' || b.name || ' comes from itself' FROM up JOIN branches b ON b.id = up.id
   JOIN repos r ON r.id = b.repo WHERE up.start = up.id`,
  `SELECT ${JOB} || ' has ended, but its state is ' || j.state FROM ${JOBS} WHERE j.finished IS NOT NULL AND j.state NOT IN ${ENDED}`,
  `SELECT ${JOB} || ' has not ended, but its state is ' || j.state FROM ${JOBS} WHERE j.finished IS NULL AND j.state IN ${ENDED}`,
  `SELECT ${JOB} || ' has not ended, but its output commit has' FROM ${JOBS}
   JOIN commits c ON c.id = j.output_commit WHERE j.finished IS NULL AND c.finished IS NOT NULL`,
  `SELECT 'pipeline ' || p.project || '/' || p.name || ' has no version ' || p.version FROM pipelines p
   WHERE NOT EXISTS (SELECT 1 FROM pipeline_versions v WHERE v.pipeline = p.id AND v.version = p.version)`,
];

/** These are read and compared with their digests, row by row: a check of the whole table at once would take too long. */
const CHECKED_BY_DIGEST: ReadonlySet<string> = new Set(["nodes", "objects"]);

/** Contradictions within the tables, as sentences; first of all rows that SQLite itself cannot read, or that lead nowhere. */
export function* brokenRules(db: Database): IterableIterator<string> {
  for (const { name } of db.all<{ name: string }>("SELECT name FROM sqlite_schema WHERE type = 'table'")) {
    if (CHECKED_BY_DIGEST.has(name)) continue;
    const problems = db.all<{ quick_check: string }>(`PRAGMA quick_check('${name}')`).map((row) => row.quick_check);
    for (const problem of problems) if (problem !== "ok") yield `table ${name}: ${problem}`;
  }
  for (const { table, rowid, parent } of db.all<DanglingRow>("PRAGMA foreign_key_check"))
    yield `${rowid === null ? "a row" : `row ${rowid}`} of ${table} refers to something in ${parent} that is not there`;
  for (const rule of RULES) for (const row of db.all<Record<string, string>>(rule)) yield* Object.values(row);
}

interface DanglingRow {
  readonly table: string;
  /** Null for a table without such ids. */
  readonly rowid: number | null;
  readonly parent: string;
}

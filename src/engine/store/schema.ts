/**
 * The engine's tables. Times are milliseconds since 1970; ids of rows grow with time, which orders commits and jobs.
 * A commit is open (no `finishing`), then finishing, then finished. `root` is the root of its tree of files (tree/); `base`
 * is the root that it started from, so that what it changed is diff(base, root). `size` is in bytes, and null while it is not
 * known: until the files were checked, and for good when the commit ended with an error. `metadata` is a JSON object of texts
 * (pfs/metadata.ts). A column that holds roots of trees has to be named in upkeep/reach.ts, too: what is not reached is removed.
 */
export const SCHEMA = `
CREATE TABLE IF NOT EXISTS settings (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS projects (
  id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, description TEXT NOT NULL, created INTEGER NOT NULL,
  metadata TEXT NOT NULL DEFAULT '{}');

-- What pipelines have that their specs do not say: of a project, or of the cluster, whose name here is empty.
CREATE TABLE IF NOT EXISTS pipeline_defaults (project TEXT PRIMARY KEY, json TEXT NOT NULL, created INTEGER NOT NULL) WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS repos (
  id INTEGER PRIMARY KEY, project TEXT NOT NULL REFERENCES projects (name), name TEXT NOT NULL, type TEXT NOT NULL,
  description TEXT NOT NULL, created INTEGER NOT NULL, metadata TEXT NOT NULL DEFAULT '{}', UNIQUE (project, name, type));

CREATE TABLE IF NOT EXISTS commits (
  id INTEGER PRIMARY KEY AUTOINCREMENT, repo INTEGER NOT NULL REFERENCES repos, set_id TEXT NOT NULL, branch TEXT NOT NULL,
  parent INTEGER REFERENCES commits, origin TEXT NOT NULL, description TEXT NOT NULL, error TEXT NOT NULL DEFAULT '',
  started INTEGER NOT NULL, finishing INTEGER, finished INTEGER, base TEXT NOT NULL, root TEXT NOT NULL,
  size INTEGER, forgotten INTEGER NOT NULL DEFAULT 0, metadata TEXT NOT NULL DEFAULT '{}',
  UNIQUE (repo, set_id));
CREATE INDEX IF NOT EXISTS commits_of_repo ON commits (repo);
CREATE INDEX IF NOT EXISTS commits_of_set ON commits (set_id);
CREATE INDEX IF NOT EXISTS commits_of_parent ON commits (parent);
CREATE INDEX IF NOT EXISTS commits_unfinished ON commits (id) WHERE finished IS NULL;

CREATE TABLE IF NOT EXISTS commit_provenance (
  commit_id INTEGER NOT NULL REFERENCES commits, upstream INTEGER NOT NULL REFERENCES commits, PRIMARY KEY (commit_id, upstream)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS commit_subvenance ON commit_provenance (upstream);

-- What a commit wrote or deleted without changing anything, so that its trees do not show it.
CREATE TABLE IF NOT EXISTS rewrites (
  commit_id INTEGER NOT NULL REFERENCES commits ON DELETE CASCADE, path TEXT NOT NULL, PRIMARY KEY (commit_id, path)) WITHOUT ROWID;

-- trigger_spec is JSON (triggers.ts); next_tick is when a trigger that has a schedule fires next.
CREATE TABLE IF NOT EXISTS branches (
  id INTEGER PRIMARY KEY, repo INTEGER NOT NULL REFERENCES repos, name TEXT NOT NULL, head INTEGER NOT NULL REFERENCES commits,
  created INTEGER NOT NULL, updated INTEGER NOT NULL, trigger_spec TEXT, next_tick INTEGER, metadata TEXT NOT NULL DEFAULT '{}',
  UNIQUE (repo, name));
CREATE INDEX IF NOT EXISTS branches_of_head ON branches (head);
CREATE INDEX IF NOT EXISTS branches_triggered ON branches (repo) WHERE trigger_spec IS NOT NULL;
CREATE INDEX IF NOT EXISTS branches_ticking ON branches (next_tick) WHERE next_tick IS NOT NULL;

-- never: a change of the upstream branch makes no commit on the branch.
CREATE TABLE IF NOT EXISTS branch_provenance (
  branch INTEGER NOT NULL REFERENCES branches ON DELETE CASCADE, upstream INTEGER NOT NULL REFERENCES branches,
  never INTEGER NOT NULL DEFAULT 0, PRIMARY KEY (branch, upstream)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS branch_subvenance ON branch_provenance (upstream);

CREATE TABLE IF NOT EXISTS pipelines (
  id INTEGER PRIMARY KEY, project TEXT NOT NULL REFERENCES projects (name), name TEXT NOT NULL, version INTEGER NOT NULL,
  output_branch TEXT NOT NULL, created INTEGER NOT NULL, metadata TEXT NOT NULL DEFAULT '{}', UNIQUE (project, name));

-- reason says why a version cannot run at all, and is empty otherwise.
CREATE TABLE IF NOT EXISTS pipeline_versions (
  pipeline INTEGER NOT NULL REFERENCES pipelines ON DELETE CASCADE, version INTEGER NOT NULL, spec_commit INTEGER NOT NULL REFERENCES commits,
  user_spec TEXT NOT NULL, effective_spec TEXT NOT NULL, salt TEXT NOT NULL, created INTEGER NOT NULL,
  stopped INTEGER NOT NULL DEFAULT 0, reason TEXT NOT NULL DEFAULT '', PRIMARY KEY (pipeline, version)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS versions_of_spec ON pipeline_versions (spec_commit);

-- When a pipeline's cron inputs have ticked last, by their schedule, and when they tick next; no next: never.
CREATE TABLE IF NOT EXISTS cron_inputs (
  pipeline INTEGER NOT NULL REFERENCES pipelines ON DELETE CASCADE, repo INTEGER NOT NULL REFERENCES repos ON DELETE CASCADE,
  spec TEXT NOT NULL, overwrite INTEGER NOT NULL, last INTEGER NOT NULL, next INTEGER, PRIMARY KEY (pipeline, repo)) WITHOUT ROWID;

-- A job outlives its output commit, and then has the branch that it was made on. What is counted and summed is of its datums.
-- datums is the root of a tree of those that it skips (datum-runs.ts), and null until it is known what they are.
CREATE TABLE IF NOT EXISTS jobs (
  id INTEGER PRIMARY KEY AUTOINCREMENT, pipeline INTEGER NOT NULL REFERENCES pipelines ON DELETE CASCADE, version INTEGER NOT NULL,
  set_id TEXT NOT NULL, branch TEXT NOT NULL, output_commit INTEGER REFERENCES commits ON DELETE SET NULL,
  state TEXT NOT NULL, reason TEXT NOT NULL DEFAULT '', restarts INTEGER NOT NULL DEFAULT 0, data_total INTEGER NOT NULL DEFAULT 0,
  data_processed INTEGER NOT NULL DEFAULT 0, data_skipped INTEGER NOT NULL DEFAULT 0, data_failed INTEGER NOT NULL DEFAULT 0,
  data_recovered INTEGER NOT NULL DEFAULT 0, download_ms REAL NOT NULL DEFAULT 0, process_ms REAL NOT NULL DEFAULT 0,
  upload_ms REAL NOT NULL DEFAULT 0, download_bytes INTEGER NOT NULL DEFAULT 0, upload_bytes INTEGER NOT NULL DEFAULT 0, datums TEXT,
  created REAL NOT NULL, started INTEGER, finished INTEGER, UNIQUE (pipeline, set_id));
CREATE INDEX IF NOT EXISTS jobs_of_pipeline ON jobs (pipeline, id);
CREATE INDEX IF NOT EXISTS jobs_of_set ON jobs (set_id);
CREATE INDEX IF NOT EXISTS jobs_of_output ON jobs (output_commit);
CREATE INDEX IF NOT EXISTS jobs_unfinished ON jobs (pipeline, id) WHERE finished IS NULL;
CREATE INDEX IF NOT EXISTS jobs_unsettled ON jobs (id) WHERE finished IS NULL AND (output_commit IS NULL OR state = 'JOB_FINISHING');

-- One row for each time that a datum was worked on, by the job of that set. Jobs that skip it refer to the row, so it stays as
-- long as the pipeline. files and outputs are JSON: what it read, and the paths that it wrote.
CREATE TABLE IF NOT EXISTS datum_runs (
  id INTEGER PRIMARY KEY AUTOINCREMENT, pipeline INTEGER NOT NULL REFERENCES pipelines ON DELETE CASCADE, set_id TEXT NOT NULL, datum TEXT NOT NULL,
  hash TEXT NOT NULL, state TEXT NOT NULL, files TEXT NOT NULL, outputs TEXT NOT NULL, stats TEXT NOT NULL,
  UNIQUE (pipeline, set_id, datum));

CREATE TABLE IF NOT EXISTS logs (
  id INTEGER PRIMARY KEY, job INTEGER NOT NULL REFERENCES jobs ON DELETE CASCADE, datum TEXT NOT NULL, source TEXT NOT NULL,
  time INTEGER NOT NULL, message TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS logs_of_job ON logs (job);

-- Transactions that users have started, as the messages that describe them (TransactionInfo).
CREATE TABLE IF NOT EXISTS transactions (id TEXT PRIMARY KEY, info BLOB NOT NULL);

-- File sets that clients keep for a while (file-sets.ts): root is the tree of what they add, deleted a JSON array of keys.
CREATE TABLE IF NOT EXISTS file_sets (
  token TEXT PRIMARY KEY, root TEXT NOT NULL, deleted TEXT NOT NULL, expires INTEGER NOT NULL) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS file_sets_by_end ON file_sets (expires);

CREATE TABLE IF NOT EXISTS secrets (name TEXT PRIMARY KEY, type TEXT NOT NULL, sealed BLOB NOT NULL, created INTEGER NOT NULL) WITHOUT ROWID;

-- Large rows, and ids in no order: as a part of the index (WITHOUT ROWID) they would take three times the space and ten times the time.
CREATE TABLE IF NOT EXISTS nodes (id TEXT PRIMARY KEY, node TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS objects (id TEXT PRIMARY KEY, data BLOB NOT NULL);
`;

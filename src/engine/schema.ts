/**
 * The engine's tables. Times are milliseconds since 1970; ids of rows grow with time, which orders commits and jobs.
 * A commit is open (no `finishing`), then finishing, then finished. `root` is the root of its tree of files (tree.ts); `base`
 * is the root that it started from, so that what it changed is diff(base, root).
 */
export const SCHEMA = `
CREATE TABLE IF NOT EXISTS settings (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS projects (name TEXT PRIMARY KEY, description TEXT NOT NULL, created INTEGER NOT NULL) WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS repos (
  id INTEGER PRIMARY KEY, project TEXT NOT NULL REFERENCES projects, name TEXT NOT NULL, type TEXT NOT NULL,
  description TEXT NOT NULL, created INTEGER NOT NULL, UNIQUE (project, name, type));

CREATE TABLE IF NOT EXISTS commits (
  id INTEGER PRIMARY KEY AUTOINCREMENT, repo INTEGER NOT NULL REFERENCES repos, set_id TEXT NOT NULL, branch TEXT NOT NULL,
  parent INTEGER REFERENCES commits, origin TEXT NOT NULL, description TEXT NOT NULL, error TEXT NOT NULL DEFAULT '',
  started INTEGER NOT NULL, finishing INTEGER, finished INTEGER, base TEXT NOT NULL, root TEXT NOT NULL,
  UNIQUE (repo, set_id));
CREATE INDEX IF NOT EXISTS commits_of_set ON commits (set_id);
CREATE INDEX IF NOT EXISTS commits_of_parent ON commits (parent);
CREATE INDEX IF NOT EXISTS commits_unfinished ON commits (id) WHERE finished IS NULL;

CREATE TABLE IF NOT EXISTS commit_provenance (
  commit_id INTEGER NOT NULL REFERENCES commits, upstream INTEGER NOT NULL REFERENCES commits, PRIMARY KEY (commit_id, upstream)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS commit_subvenance ON commit_provenance (upstream);

CREATE TABLE IF NOT EXISTS branches (
  id INTEGER PRIMARY KEY, repo INTEGER NOT NULL REFERENCES repos, name TEXT NOT NULL, head INTEGER NOT NULL REFERENCES commits,
  created INTEGER NOT NULL, updated INTEGER NOT NULL, UNIQUE (repo, name));
CREATE INDEX IF NOT EXISTS branches_of_head ON branches (head);

CREATE TABLE IF NOT EXISTS branch_provenance (
  branch INTEGER NOT NULL REFERENCES branches ON DELETE CASCADE, upstream INTEGER NOT NULL REFERENCES branches, PRIMARY KEY (branch, upstream)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS branch_subvenance ON branch_provenance (upstream);

CREATE TABLE IF NOT EXISTS pipelines (
  id INTEGER PRIMARY KEY, project TEXT NOT NULL REFERENCES projects, name TEXT NOT NULL, version INTEGER NOT NULL,
  output_branch TEXT NOT NULL, stopped INTEGER NOT NULL DEFAULT 0, created INTEGER NOT NULL, UNIQUE (project, name));

CREATE TABLE IF NOT EXISTS pipeline_versions (
  pipeline INTEGER NOT NULL REFERENCES pipelines ON DELETE CASCADE, version INTEGER NOT NULL, spec_commit INTEGER NOT NULL REFERENCES commits,
  user_spec TEXT NOT NULL, effective_spec TEXT NOT NULL, salt TEXT NOT NULL, created INTEGER NOT NULL, PRIMARY KEY (pipeline, version)) WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS jobs (
  id INTEGER PRIMARY KEY AUTOINCREMENT, pipeline INTEGER NOT NULL REFERENCES pipelines ON DELETE CASCADE, version INTEGER NOT NULL,
  set_id TEXT NOT NULL, output_commit INTEGER NOT NULL REFERENCES commits, state TEXT NOT NULL, reason TEXT NOT NULL DEFAULT '',
  restarts INTEGER NOT NULL DEFAULT 0, data_total INTEGER NOT NULL DEFAULT 0, created INTEGER NOT NULL, started INTEGER, finished INTEGER,
  UNIQUE (pipeline, set_id));
CREATE INDEX IF NOT EXISTS jobs_of_output ON jobs (output_commit);

-- One row for each datum of each job. files and outputs are JSON: what it read, and the paths that it wrote.
CREATE TABLE IF NOT EXISTS datums (
  job INTEGER NOT NULL REFERENCES jobs ON DELETE CASCADE, id TEXT NOT NULL, hash TEXT NOT NULL, state TEXT NOT NULL, files TEXT NOT NULL,
  outputs TEXT NOT NULL, stats TEXT NOT NULL, PRIMARY KEY (job, id)) WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS logs (
  id INTEGER PRIMARY KEY, job INTEGER NOT NULL REFERENCES jobs ON DELETE CASCADE, datum TEXT NOT NULL, user INTEGER NOT NULL,
  time INTEGER NOT NULL, message TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS logs_of_job ON logs (job);

CREATE TABLE IF NOT EXISTS secrets (name TEXT PRIMARY KEY, type TEXT NOT NULL, sealed BLOB NOT NULL, created INTEGER NOT NULL) WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS nodes (id TEXT PRIMARY KEY, node TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS objects (id TEXT PRIMARY KEY, data BLOB NOT NULL) WITHOUT ROWID;
`;

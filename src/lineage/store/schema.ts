/** What the rows mean. One more with each change that an older or newer stemma would not understand: such an index is rebuilt. */
export const INDEX_FORMAT = 3;

/** Tells an index from other SQLite files: "stem". */
export const APPLICATION_ID = 0x7374656d;

/**
 * `node.key` is the URN without its common beginning. `node.rank` says who speaks (`Rank`). Times are milliseconds since 1970. An edge
 * belongs to its `owner`, the node whose source said it, and goes when that node is said anew without it; `edge.kind` is an edge code.
 * `label` holds what points at a node for a while: branches, aliases, stages.
 */
export const SCHEMA = `
CREATE TABLE node(
  id INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, kind INTEGER NOT NULL, rank INTEGER NOT NULL,
  since INTEGER, gone INTEGER, flags INTEGER NOT NULL, facts TEXT);
CREATE TABLE edge(
  source INTEGER NOT NULL, kind INTEGER NOT NULL, target INTEGER NOT NULL, owner INTEGER NOT NULL, facts TEXT,
  PRIMARY KEY(source, kind, target, owner)) WITHOUT ROWID;
CREATE INDEX edge_back ON edge(target, kind, source);
CREATE INDEX edge_of_other ON edge(owner) WHERE owner <> source;
CREATE TABLE gap(
  node INTEGER NOT NULL, owner INTEGER NOT NULL, why TEXT NOT NULL, effect TEXT NOT NULL,
  PRIMARY KEY(node, owner, why)) WITHOUT ROWID;
CREATE INDEX gap_owner ON gap(owner);
CREATE TABLE label(
  scope TEXT NOT NULL, name TEXT NOT NULL, since INTEGER NOT NULL, until INTEGER, target INTEGER NOT NULL,
  PRIMARY KEY(scope, name, since)) WITHOUT ROWID;
CREATE INDEX label_target ON label(target);
CREATE TABLE cursor(name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
PRAGMA application_id = ${APPLICATION_ID};
PRAGMA user_version = ${INDEX_FORMAT};
`;

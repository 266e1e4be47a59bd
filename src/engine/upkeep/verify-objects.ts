import { hash as digest } from "node:crypto";
import { readFile } from "node:fs/promises";
import { setImmediate } from "node:timers/promises";
import { CHUNK_BYTES } from "../store/content-store.ts";
import type { EngineState } from "../state.ts";

/** Something that the engine has stored under the digest of its content. */
export interface VerifiedObject {
  readonly kind: "object" | "tree node";
  readonly id: string;
  /** What is wrong with it, as in "object … is damaged". */
  readonly problem: string | undefined;
  readonly remove: () => void;
}

/** Reads all content that is stored, small objects first, and compares each with its digest. */
export async function* verifyObjects(state: EngineState): AsyncGenerator<VerifiedObject> {
  const removeRow = (id: string): void => state.content.removeRow(id);
  for await (const row of rowsOf(state, "objects", "data")) yield verified("object", row, () => removeRow(row.id));
  for await (const file of state.content.files()) {
    if (file.id === undefined) continue;
    // What is longer than any chunk is damaged anyway, and perhaps too long for memory.
    const content = file.bytes > CHUNK_BYTES ? new Uint8Array() : await readFile(file.path);
    yield verified("object", { id: file.id, content }, () => state.content.removeFile(file));
  }
}

/** Reads all tree nodes that are stored, and compares each with its digest. */
export async function* verifyNodes(state: EngineState): AsyncGenerator<VerifiedObject> {
  const remove = (id: string): unknown => state.db.run("DELETE FROM nodes WHERE id = ?", id);
  for await (const row of rowsOf(state, "nodes", "node")) yield verified("tree node", row, () => remove(row.id));
}

interface StoredRow {
  readonly rowid: number;
  readonly id: string;
  readonly content: Uint8Array | string;
}

/** A batch at a time, so that others have a turn in between. */
async function* rowsOf({ db }: EngineState, table: string, column: string): AsyncGenerator<StoredRow> {
  const batch = `SELECT rowid, id, ${column} AS content FROM ${table} WHERE rowid > ? ORDER BY rowid LIMIT 20`;
  for (let rows = db.all<StoredRow>(batch, 0); rows.length > 0; rows = db.all<StoredRow>(batch, rows.at(-1)?.rowid ?? 0)) {
    yield* rows;
    await setImmediate();
  }
}

function verified(
  kind: VerifiedObject["kind"],
  { id, content }: Pick<StoredRow, "id" | "content">,
  remove: () => void,
): VerifiedObject {
  const problem = digest("sha256", content) === id ? undefined : "is damaged";
  return { kind, id, problem, remove };
}

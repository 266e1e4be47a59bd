import { closeSync, openSync, readSync, statSync } from "node:fs";
import { StemmaError } from "../lineage/errors.ts";
import { APPLICATION_ID } from "../lineage/store/schema.ts";

const MAGIC = "SQLite format 3\0";
/** Where SQLite keeps the number by which a program knows its own files. */
const APPLICATION_ID_AT = 68;

/** Throws USAGE for a file that is there and is no index, such as one of another program: it is not ours to replace. */
export function refuseOtherFile(file: string): void {
  const stats = statSync(file, { throwIfNoEntry: false });
  if (stats === undefined || (stats.isFile() && (stats.size === 0 || isIndex(file)))) return;
  throw new StemmaError("USAGE", `${file} is ${stats.isDirectory() ? "a folder" : "no index"}, and stays as it is.`, {
    hint: "Name another file with --index, or remove it first.",
  });
}

/** Also true for a damaged one, and one of another version. */
function isIndex(file: string): boolean {
  const head = Buffer.alloc(APPLICATION_ID_AT + 4);
  const descriptor = openSync(file, "r");
  try {
    readSync(descriptor, head);
  } finally {
    closeSync(descriptor);
  }
  return head.toString("latin1", 0, MAGIC.length) === MAGIC && head.readUInt32BE(APPLICATION_ID_AT) === APPLICATION_ID;
}

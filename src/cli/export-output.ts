import { randomUUID } from "node:crypto";
import { statSync } from "node:fs";
import { mkdir, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { StemmaError } from "../lineage/errors.ts";
import type { Context } from "./context.ts";

/** Prints a document, or writes it as a file; one of several files becomes a folder. A file is there whole or not at all. */
export async function writeFiles(
  context: Pick<Context, "cwd" | "out">,
  out: string | undefined,
  document: string | ReadonlyMap<string, string>,
): Promise<void> {
  if (out === undefined) {
    if (typeof document === "string") context.out(document);
    return;
  }
  if (out === "") throw new StemmaError("USAGE", "--out names no file.", { hint: "Leave it out to print the document." });
  const path = resolve(context.cwd, out);
  if (typeof document === "string" && isFolder(path))
    throw new StemmaError("USAGE", `${out} is a folder, and this is one document.`, {
      hint: `Name a file: --out ${join(out, "lineage")}`,
    });
  try {
    if (typeof document === "string") await writeWhole(path, document);
    else for (const [name, text] of document) await writeWhole(join(path, name), text);
  } catch (cause) {
    throw new StemmaError("FAILED", `cannot write ${out}: ${cause instanceof Error ? cause.message : String(cause)}.`, { cause });
  }
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}

async function writeWhole(path: string, text: string): Promise<void> {
  const draft = `${path}.${randomUUID()}.part`;
  await mkdir(dirname(path), { recursive: true });
  try {
    await writeFile(draft, text);
    await rename(draft, path);
  } catch (error) {
    await rm(draft, { force: true });
    throw error;
  }
}

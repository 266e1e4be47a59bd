import type { KeyObject } from "node:crypto";
import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { StemmaError } from "../lineage/errors.ts";
import type { Context } from "./context.ts";

/** Reads the private key to sign with. Rejects with USAGE. */
export async function readKey({ cwd }: Pick<Context, "cwd">, file: string): Promise<KeyObject> {
  const { readSigningKey } = await import("../lineage/export/in-toto/sign.ts");
  let pem: string;
  try {
    pem = await readFile(resolve(cwd, file), "utf8");
  } catch (cause) {
    throw new StemmaError("USAGE", `cannot read the key ${file}.`, { cause });
  }
  return readSigningKey(pem, file);
}

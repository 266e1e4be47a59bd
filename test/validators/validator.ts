import { fileURLToPath } from "node:url";
import { execa } from "execa";

/** The limit of a test that asks a validator: Python is slow to start where much else runs. */
export const PATIENCE_MS = 180_000;
const PYTHON = fileURLToPath(new URL("../../.venv/bin/python", import.meta.url));

/** Has one of the Python programs of this folder say what it finds wrong, by name; one process for all. */
export async function validate(
  program: string,
  documents: Readonly<Record<string, unknown>>,
): Promise<Readonly<Record<string, unknown>>> {
  const file = fileURLToPath(new URL(`${program}.py`, import.meta.url));
  const { stdout } = await execa(PYTHON, [file], { input: JSON.stringify(documents), timeout: PATIENCE_MS });
  return JSON.parse(stdout) as Readonly<Record<string, unknown>>;
}

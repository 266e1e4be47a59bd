import { once } from "node:events";
import { StemmaError } from "../lineage/errors.ts";
import type { Context } from "./context.ts";

/** The context of the real process. Clients are loaded when a command first asks for one: `--help` stays quick. */
export function processContext(version: string): Context {
  const abort = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const)
    process.once(signal, () => abort.abort(new StemmaError("FAILED", `ended by ${signal}`)));
  const { env } = process;
  const cwd = process.cwd();
  return {
    out: (text) => process.stdout.write(text),
    write: async (bytes) => {
      if (!process.stdout.write(bytes)) await once(process.stdout, "drain", { signal: abort.signal });
    },
    err: (text) => process.stderr.write(text),
    env,
    cwd,
    stdin: process.stdin,
    page: async (text) => {
      const { page } = await import("./page.ts");
      await page(text, env);
    },
    stdout: { isTTY: process.stdout.isTTY, columns: process.stdout.columns },
    signal: abort.signal,
    version,
    pachyderm: async (address) => {
      const { findPachyderm } = await import("./find-pachyderm.ts");
      return findPachyderm(env, cwd, address);
    },
    mlflow: async (uri, signal) => {
      const { findMlflow } = await import("./find-mlflow.ts");
      return findMlflow(env, cwd, uri, signal);
    },
  };
}

import { join, resolve } from "node:path";
import type { Context } from "./context.ts";
import type { LineageOptions } from "./lineage-options.ts";

const DIGITS = 12;

/** Where the index is: --index, else $STEMMA_INDEX, else a file of the state folder for this Pachyderm and this MLflow. */
export async function indexFile(
  { env, cwd }: Pick<Context, "env" | "cwd">,
  { index, pachd, mlflow }: LineageOptions,
): Promise<string> {
  const named = index || env["STEMMA_INDEX"];
  if (named) return resolve(cwd, named);
  const [{ createHash }, { mlflowAddress, pachydermAddress }, { stateFolder }] = await Promise.all([
    import("node:crypto"),
    import("./addresses.ts"),
    import("../local/state-folder.ts"),
  ]);
  const servers = [pachydermAddress(env, cwd, pachd), mlflowAddress(env, cwd, mlflow)].map(withoutUser).join("\n");
  const name = createHash("sha256").update(servers).digest("hex").slice(0, DIGITS);
  return join(stateFolder(env, cwd).path, "index", `${name}.db`);
}

/** True for an index at a place that the user chose; all others are in a folder of our own. */
export function isNamed({ env }: Pick<Context, "env">, { index }: LineageOptions): boolean {
  return Boolean(index || env["STEMMA_INDEX"]);
}

/** The same server under another password, or written with a final slash, has the same index. */
function withoutUser(address: string): string {
  return address.replace(/\/\/[^/@]*@/, "//").replace(/\/+$/, "");
}

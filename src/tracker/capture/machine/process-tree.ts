import { findText } from "../files.ts";
import { type ProcessStat, listProcesses } from "./proc.ts";

/** These processes and all that come from them, each once; none on systems without /proc. */
export async function listTree(roots: readonly number[]): Promise<readonly ProcessStat[]> {
  const processes = await listProcesses();
  const children = Map.groupBy(processes, ({ parent }) => parent);
  const tree = new Set(processes.filter(({ pid }) => roots.includes(pid)));
  // The set grows while it is gone through.
  for (const { pid } of tree) for (const child of children.get(pid) ?? []) tree.add(child);
  return [...tree];
}

/** What processes hold together. What they share is divided among them, where the system tells that; else it counts for each. */
export async function memoryBytes(tree: readonly ProcessStat[]): Promise<number> {
  const sizes = await Promise.all(
    tree.map(async ({ pid }) => {
      const rollup = kilobytes(await findText(`/proc/${pid}/smaps_rollup`), "Pss");
      return rollup ?? kilobytes(await findText(`/proc/${pid}/status`), "VmRSS") ?? 0;
    }),
  );
  return sizes.reduce((sum, size) => sum + size, 0) * 1024;
}

function kilobytes(text: string | undefined, name: string): number | undefined {
  const found = new RegExp(String.raw`^${name}:\s+(\d+) kB`, "m").exec(text ?? "");
  return found === null ? undefined : Number(found[1]);
}

import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { execa } from "execa";
import { expect, test } from "vitest";

// The rules would pass by seeing nothing (a compiler that dependency-cruiser does not know blinds it), so each has to find something.
test.each([
  ["lineage-knows-nothing-of-ours", "src/lineage/a.ts", "../mlflow/b.ts"],
  ["pachyderm-knows-lineage", "src/pachyderm/a.ts", "../engine/b.ts"],
  ["mlflow-knows-lineage", "src/mlflow/a.ts", "../pachyderm/b.ts"],
  ["tracker-knows-its-servers", "src/tracker/a.ts", "../engine/b.ts"],
  ["collect-knows-its-sources", "src/collect/a.ts", "../cli/b.ts"],
  ["stages-know-nothing-but-errors", "src/stages/a.ts", "../local/b.ts"],
  ["local-knows-nothing-but-errors", "src/local/a.ts", "../cli/b.ts"],
  ["engine-tree-knows-what-is-below", "src/engine/tree/a.ts", "../pfs/b.ts"],
  ["engine-work-knows-what-is-below", "src/engine/work/a.ts", "../s3/b.ts"],
  ["engine-knows-only-the-protocol", "src/engine/a.ts", "../pachyderm/client.ts"],
])("the import rule %s finds an import from %s of %s", async (rule, from, to) => {
  const folder = await mkdtemp(join(tmpdir(), "stemma-imports-"));
  try {
    const files = {
      [from]: `import type { B } from "${to}";\nexport type A = B;\n`,
      [join(dirname(from), to)]: "export type B = string;\n",
      "tsconfig.json": "{}",
    };
    for (const [file, text] of Object.entries(files)) {
      await mkdir(dirname(join(folder, file)), { recursive: true });
      await writeFile(join(folder, file), text);
    }
    const { exitCode, stdout } = await execa("depcruise", ["src", "--config", resolve(".dependency-cruiser.cjs")], {
      cwd: folder,
      preferLocal: true,
      localDir: resolve("."),
      reject: false,
    });
    expect(stdout).toContain(`error ${rule}: ${from}`);
    expect(exitCode).toBe(1);
  } finally {
    await rm(folder, { recursive: true });
  }
});

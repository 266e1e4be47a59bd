// Compiles src/ into dist/, for the package: Node does not strip types below node_modules.
import { execFileSync } from "node:child_process";
import { cpSync, globSync, rmSync } from "node:fs";
import { join } from "node:path";

/** The types that a program sees which imports the library: those of the entry, and of what it names. */
const TYPES = new Set(["index.d.ts", "lineage/errors.d.ts", "tracker/library-types.d.ts"]);

rmSync("dist", { recursive: true, force: true });
execFileSync("npm", ["run", "--silent", "generate"], { stdio: ["ignore", "ignore", "inherit"] });
// The types by themselves, of what the entry names: those of the command line's commands take minutes.
for (const project of ["build", "types"])
  execFileSync("node_modules/.bin/tsc", ["-p", `tsconfig.${project}.json`], { stdio: "inherit" });
for (const file of globSync("**/*.d.ts", { cwd: "dist" })) if (!TYPES.has(file)) rmSync(join("dist", file));
cpSync("src/pachyderm/proto", "dist/pachyderm/proto", { recursive: true });
rmSync("dist/pachyderm/generated", { recursive: true });

// Compiles src/ into dist/, for the package: Node does not strip types below node_modules.
import { execFileSync } from "node:child_process";
import { cpSync, rmSync } from "node:fs";

rmSync("dist", { recursive: true, force: true });
execFileSync("npm", ["run", "--silent", "generate"], { stdio: ["ignore", "ignore", "inherit"] });
execFileSync("node_modules/.bin/tsc", ["-p", "tsconfig.build.json"], { stdio: "inherit" });
cpSync("src/pachyderm/proto", "dist/pachyderm/proto", { recursive: true });
rmSync("dist/pachyderm/generated", { recursive: true });

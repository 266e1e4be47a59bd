// `npx stemma` in the clone: npm links the binaries of dependencies only, so this links our own.
import { existsSync, lstatSync, mkdirSync, symlinkSync } from "node:fs";

const link = "node_modules/.bin/stemma";
if (existsSync("src") && lstatSync(link, { throwIfNoEntry: false }) === undefined) {
  mkdirSync("node_modules/.bin", { recursive: true });
  symlinkSync("../../bin/stemma.js", link);
}

// What `import … from "stemma"` gives: the source (in a clone, run by type stripping) or the compiled code (in a package).
import { existsSync } from "node:fs";

const NEEDED = 24; // as in stemma.js
if (Number(process.versions.node.split(".")[0]) < NEEDED)
  throw new Error(`stemma needs Node ${NEEDED} or newer, and this is ${process.version}`);
const source = new URL("../src/index.ts", import.meta.url);
const library = await import(existsSync(source) ? source.href : new URL("../dist/index.js", import.meta.url).href);
export const { StemmaError, track } = library;

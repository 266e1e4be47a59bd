import { stat } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import { Command } from "@commander-js/extra-typings";
import { StemmaError } from "../lineage/errors.ts";
import { parseDataReference } from "../lineage/reference.ts";
import { untilAborted } from "./abortable.ts";
import type { Context } from "./context.ts";
import { type Download, getFile, getFolder } from "./download.ts";
import { toCommitQuery } from "./names.ts";

const EXAMPLES = `
A file is printed unless -o says where to write it; a folder needs -o. What is not wholly there gets no name.

Examples:
  stemma get raw_data@master:/day-12.csv | head
  stemma get train@master:/model -o model
  stemma get etl@master^2:/ -o old`;

/** `stemma get`: a file, or a folder with all below. */
export function getCommand(context: Context) {
  return new Command("get")
    .description("Get a file or a folder out of a commit")
    .argument("<what>", "REPO@BRANCH-OR-ID:/PATH", parseDataReference)
    .option("-o, --output <file>", "where to write it; - is standard output")
    .option("--pachd <address>", "Pachyderm's address, instead of $PACHD_ADDRESS or what `stemma up` started")
    .addHelpText("after", EXAMPLES)
    .action(async (what, { output = "-", pachd }) => {
      if (what.path === undefined)
        throw new StemmaError("USAGE", "there is no path.", { hint: "Write REPO@REF:/PATH, or :/ for all." });
      using client = await context.pachyderm(pachd);
      const { commit } = await client.inspectCommit(toCommitQuery(what));
      const download = { client, query: { repo: commit.repo, at: commit.id }, signal: context.signal };
      const path = what.path === "/" ? "/" : what.path.replace(/\/+$/, "");
      const { type } = await client.inspectFile(download.query, path);
      if (output === "-") await print(context, download, path, type === "DIR");
      else if (type === "DIR") await getFolder(download, path, resolve(context.cwd, output));
      else await getFile(download, path, await fileIn(resolve(context.cwd, output), path));
    });
}

async function print({ write }: Context, { client, query, signal }: Download, path: string, isFolder: boolean): Promise<void> {
  if (isFolder) throw new StemmaError("USAGE", `${path} is a folder.`, { hint: "Add -o FOLDER to write it there." });
  for await (const bytes of untilAborted(client.readFile(query, path), signal)) await write(bytes);
  signal.throwIfAborted();
}

/** As with cp, a target that is a folder is one to write into. */
async function fileIn(target: string, path: string): Promise<string> {
  const isFolder = await stat(target).then(
    (found) => found.isDirectory(),
    () => false,
  );
  return isFolder ? join(target, basename(path)) : target;
}

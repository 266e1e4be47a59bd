import { Command, Option } from "@commander-js/extra-typings";
import { StemmaError } from "../lineage/errors.ts";
import { type DataReference, formatDataReference, parseDataReference } from "../lineage/reference.ts";
import type { PachydermClient } from "../pachyderm/client.ts";
import type { BranchName, CommitInfo, FileChange } from "../pachyderm/types.ts";
import type { Context } from "./context.ts";
import { dataRepo, formatName } from "./names.ts";
import { type Upload, findUploads, readUpload } from "./uploads.ts";
import { formatBytes } from "./table.ts";

const EXAMPLES = `
All FILEs go into one commit, which is printed. A folder's files keep their paths in the folder; - is standard input.
With one FILE, PATH is its new path unless it ends in a slash; otherwise PATH is the folder to put into.

Examples:
  stemma put raw_data@master day-12.csv
  stemma put raw_data@master:/2026/ day-*.csv --create
  zcat day-12.csv.gz | stemma put raw_data@master:/day-12.csv -`;

const PROGRESS_MS = 200;

/** `stemma put`: files into a new commit. */
export function putCommand(context: Context) {
  return new Command("put")
    .description("Put files and folders into a repo, as one commit")
    .argument("<target>", "REPO@BRANCH[:/PATH]", parseDataReference)
    .argument("<file...>", "files, folders, or - for standard input")
    .option("--append", "add to the files that are there instead of replacing them")
    .option("--create", "make the repo if it is not there")
    .addOption(
      new Option("-o, --output <format>", "how to print the commit").choices(["text", "json"] as const).default("text" as const),
    )
    .option("--pachd <address>", "Pachyderm's address, instead of $PACHD_ADDRESS or what `stemma up` started")
    .addHelpText("after", EXAMPLES)
    .action(async (target, files, { append = false, create = false, output, pachd }) => {
      const uploads = await findUploads(context.cwd, files, target.path);
      const branch = toBranch(target);
      using client = await context.pachyderm(pachd);
      await ensureRepo(client, branch, create);
      await client.modifyBranch(branch, toChanges(context, uploads, append));
      const info = await newHead(client, branch);
      const text = formatDataReference({ ...target, at: info.commit.id, path: undefined });
      context.out(`${output === "json" ? JSON.stringify(info, undefined, 2) : text}\n`);
    });
}

function toBranch({ project, repo, type, at }: DataReference): BranchName {
  if (type !== "user") throw new StemmaError("USAGE", `files can't be put into a ${type} repo.`);
  if (!/^[\w-]+$/.test(at)) throw new StemmaError("USAGE", `"${at}" is no branch; files are put on branches.`);
  return { repo: dataRepo({ project, name: repo }), name: at };
}

async function ensureRepo(client: PachydermClient, { repo }: BranchName, create: boolean): Promise<void> {
  try {
    await client.inspectRepo(repo);
  } catch (error) {
    if (!(error instanceof StemmaError) || error.code !== "NOT_FOUND") throw error;
    if (!create)
      throw new StemmaError("NOT_FOUND", `there is no repo ${formatName(repo)}.`, {
        hint: "Add --create to make it.",
        cause: error,
      });
    await client.createRepo(repo);
  }
}

/** The branch's head, finished unless someone has it open: then the files went into that. */
async function newHead(client: PachydermClient, branch: BranchName): Promise<CommitInfo> {
  const head = await client.inspectCommit({ repo: branch.repo, at: branch.name });
  if (head.finishing === undefined) return head;
  const info = await client.inspectCommit({ repo: branch.repo, at: head.commit.id }, "FINISHED");
  if (info.error !== "") throw new StemmaError("FAILED", `commit ${info.commit.id} is not usable: ${info.error}`);
  return info;
}

async function* toChanges(context: Context, uploads: readonly Upload[], append: boolean): AsyncGenerator<FileChange> {
  const show = progress(context, uploads.length);
  for (const [index, upload] of uploads.entries()) {
    context.signal.throwIfAborted();
    const content = counted(readUpload(upload, context), (bytes) => show(index, bytes));
    yield { kind: "put", path: upload.path, append, content };
  }
  show(uploads.length, 0);
}

async function* counted(content: AsyncIterable<Uint8Array>, count: (bytes: number) => void): AsyncGenerator<Uint8Array> {
  for await (const piece of content) {
    yield piece;
    count(piece.length);
  }
}

/** Keeps one line up to date on a terminal; says nothing elsewhere. */
function progress({ stdout, err }: Context, files: number): (done: number, bytes: number) => void {
  let total = 0;
  let shownAt = 0;
  return (done, bytes) => {
    total += bytes;
    const isLast = done === files;
    if (!stdout.isTTY || (!isLast && Date.now() - shownAt < PROGRESS_MS)) return;
    shownAt = Date.now();
    err(`\r\u001B[K${done} of ${files} files, ${formatBytes(total)}${isLast ? "\n" : ""}`);
  };
}

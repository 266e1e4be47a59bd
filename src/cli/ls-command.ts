import { Command, InvalidArgumentError, Option } from "@commander-js/extra-typings";
import { StemmaError } from "../lineage/errors.ts";
import { parseDataReference } from "../lineage/reference.ts";
import type { PachydermClient } from "../pachyderm/client.ts";
import type { CommitInfo, FileInfo, RepoInfo } from "../pachyderm/types.ts";
import type { Context } from "./context.ts";
import { dataRepo, formatName, parseName, toCommitQuery } from "./names.ts";
import { drawTable, firstLine, formatBytes, formatTime } from "./table.ts";

const EXAMPLES = `
Examples:
  stemma ls                            the repos
  stemma ls raw_data                   the commits of a repo, newest first
  stemma ls raw_data@master            the files of a commit
  stemma ls etl@master^2:/part -o json`;

/** What to print: the same as an object and as rows of a table. */
interface Listing {
  readonly json: object;
  readonly table: string;
  /** Said beside the table when it is not the whole. */
  readonly note?: string;
}

/** `stemma ls`: repos, the commits of a repo, or the files of a commit. */
export function lsCommand(context: Context) {
  return new Command("ls")
    .description("List the repos, the commits of a repo, or the files of a commit")
    .argument("[what]", "REPO, or REPO@BRANCH-OR-ID[:/PATH]; all repos if left out")
    .option("-n, --number <count>", "how many commits, the newest first; 0 for all", parseCount, 50)
    .addOption(
      new Option("-o, --output <format>", "how to print it").choices(["table", "json"] as const).default("table" as const),
    )
    .option("--pachd <address>", "Pachyderm's address, instead of $PACHD_ADDRESS or what `stemma up` started")
    .addHelpText("after", EXAMPLES)
    .action(async (what, { number, output, pachd }) => {
      using client = await context.pachyderm(pachd);
      const listing = await list(client, what, number);
      context.out(output === "json" ? `${JSON.stringify(listing.json, undefined, 2)}\n` : listing.table);
      if (listing.note !== undefined) context.err(`${listing.note}\n`);
    });
}

function parseCount(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError("It must be a whole number.");
  return Number(text);
}

function list(client: PachydermClient, what: string | undefined, number: number): Promise<Listing> {
  if (what === undefined) return listRepos(client);
  return what.includes("@") ? listFiles(client, what) : listCommits(client, what, number);
}

async function listRepos(client: PachydermClient): Promise<Listing> {
  const repos: RepoInfo[] = [];
  for await (const info of client.listRepos()) repos.push(info);
  const rows = repos.map(({ repo, created, sizeBytes, branches, description }) => [
    formatName(repo),
    formatTime(created),
    formatBytes(sizeBytes),
    branches.join(","),
    firstLine(description),
  ]);
  return { json: { repos }, table: drawTable(["REPO", "CREATED", "SIZE", "BRANCHES", "DESCRIPTION"], rows) };
}

async function listCommits(client: PachydermClient, name: string, number: number): Promise<Listing> {
  const repo = dataRepo(parseName(name));
  const heads = new Map<string, string[]>();
  for await (const { branch, head } of client.listBranches(repo)) {
    if (head !== undefined) heads.set(head.id, [...(heads.get(head.id) ?? []), branch.name]);
  }
  const commits: CommitInfo[] = [];
  // One more than is shown tells whether there are more.
  for await (const info of client.listCommits(repo, number === 0 ? {} : { number: number + 1 })) commits.push(info);
  const shown = number === 0 ? commits : commits.slice(0, number);
  const rows = shown.map((info) => [
    info.commit.id,
    heads.get(info.commit.id)?.join(",") ?? "",
    formatTime(info.started),
    info.sizeBytes === undefined ? "open" : formatBytes(info.sizeBytes),
    info.origin,
    firstLine(info.error === "" ? info.description : `failed: ${info.error}`),
  ]);
  const table = drawTable(["COMMIT", "BRANCH", "STARTED", "SIZE", "ORIGIN", "DESCRIPTION"], rows);
  const note = `Only the ${number} newest commits; -n 0 lists all.`;
  return { json: { commits: shown }, table, ...(shown.length < commits.length && { note }) };
}

async function listFiles(client: PachydermClient, text: string): Promise<Listing> {
  const reference = parseDataReference(text);
  const query = toCommitQuery(reference);
  const { commit } = await client.inspectCommit(query);
  const at = { ...query, at: commit.id };
  const path = reference.path ?? "/";
  const files: FileInfo[] = [];
  for await (const info of client.listFiles(at, path)) files.push(info);
  // A server lists a path that is not there as empty; only the root of a commit can truly be.
  if (files.length === 0 && path !== "/")
    throw new StemmaError("NOT_FOUND", `there is no ${path} in ${formatName(query.repo)}@${commit.id}`);
  const rows = files.map((file) => [formatBytes(file.sizeBytes), file.path]);
  return { json: { commit, files }, table: drawTable(["SIZE", "PATH"], rows) };
}

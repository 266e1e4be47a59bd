import { writeFileSync } from "node:fs";
import type { FileInfo__Output as FileInfo } from "../../../src/pachyderm/generated/pfs_v2/FileInfo.ts";
import { admin, pfs, transactions, versions } from "../pachd.ts";
import {
  type Call,
  type Command,
  FLAG,
  TEXT,
  UsageError,
  activeTransaction,
  branchOf,
  change,
  command,
  commitOf,
  fileOf,
  printRaw,
  repoOf,
  setTransaction,
  show,
} from "./pachctl-call.ts";
import { size, table } from "./pachctl-print.ts";

/** pachctl prints the table's heads before it asks. */
async function showFiles(call: Call, ask: () => Promise<FileInfo[]>): Promise<void> {
  if (call.options["raw"]) return printRaw(call, await ask());
  call.print(table(["SIZE", "NAME"], []));
  for (const { size_bytes, file } of await ask()) call.print(table([size(size_bytes), file?.path ?? ""], []));
}

async function inspectCommit(call: Call, wait: "STARTED" | "FINISHED"): Promise<void> {
  const info = await call.pachd.call(pfs.InspectCommit, { commit: commitOf(call, call.names[0]), wait });
  if (call.options["raw"]) return printRaw(call, [info]);
  call.print(`Commit: ${info.commit?.repo?.name}@${info.commit?.id}\nDescription: ${info.description}\n`);
  if (info.parent_commit) call.print(`Parent: ${info.parent_commit.id}\n`);
  const times = ["Started", "Finished"].map((name) => `${name}: 1 second ago\n`).join("");
  call.print(`${times}Size: ${size(info.details?.size_bytes)}\n`);
}

async function getFile(call: Call): Promise<void> {
  const file = fileOf(call, call.names[0]);
  const method = call.options["recursive"] ? pfs.GetFileTAR : pfs.GetFile;
  const pieces = await call.pachd.collect(method, { file });
  const bytes = Buffer.concat(pieces.map(({ value }) => value as Buffer));
  if (call.options["output"]) writeFileSync(String(call.options["output"]), bytes);
  else call.print(bytes.toString("utf8"));
}

async function putFile(call: Call): Promise<void> {
  const { commit, path } = fileOf(call, call.names[0]);
  const clean = path.replace(/^\/(\.\.\/)+/, "/").replace(/\/$/, "/-");
  await call.pachd.call(pfs.InspectRepo, { repo: commit.repo ?? null });
  const overwrite = call.options["append"] ? [] : [{ delete_file: { path: clean } }];
  const raw = { value: Buffer.from(call.input) };
  await call.pachd.send(pfs.ModifyFile, [{ set_commit: commit }, ...overwrite, { add_file: { path: clean, raw } }]);
}

async function listCommit(call: Call): Promise<void> {
  const { pachd, names, options } = call;
  const [name = ""] = names;
  if (name === "") {
    const sets = await pachd.collect(pfs.ListCommitSet, { project: { name: String(options["project"]) } });
    return show(call, sets, ["ID", "SUBCOMMITS"], ({ commit_set, commits }) => [commit_set?.id ?? "", String(commits?.length)]);
  }
  const heads = ["REPO", "COMMIT", "SIZE", "ORIGIN", "DESCRIPTION"];
  const list = async () => {
    if (/^[0-9a-f]{32}$/.test(name)) return pachd.collect(pfs.InspectCommitSet, { commit_set: { id: name } });
    const [repoName = "", at] = name.split("@");
    const to = at === undefined ? null : commitOf(call, name);
    return pachd.collect(pfs.ListCommit, { repo: repoOf(call, repoName), to, number: String(options["number"] ?? 0) });
  };
  show(call, await list(), heads, ({ commit, details, origin, description }) => [
    `${commit?.repo?.name}${commit?.repo?.type === "user" ? "" : `.${commit?.repo?.type}`}`,
    commit?.id ?? "",
    size(details?.size_bytes),
    String(origin?.kind),
    description ?? "",
  ]);
}

function differenceRow(op: string, info: FileInfo | null | undefined): string[] | undefined {
  return info === null || info === undefined ? undefined : [op, size(info.size_bytes), info.file?.path ?? ""];
}

async function diffFile(call: Call): Promise<void> {
  const [first, second] = call.names;
  const old_file = second === undefined ? null : fileOf(call, second);
  const differences = await call.pachd.collect(pfs.DiffFile, { new_file: fileOf(call, first), old_file });
  if (!call.options["name-only"]) return;
  const rows = differences.flatMap(({ new_file, old_file }) => [differenceRow("+", new_file), differenceRow("-", old_file)]);
  call.print(
    table(
      ["OP", "SIZE", "NAME"],
      rows.filter((row) => row !== undefined),
    ),
  );
}

/** Of projects, repos, branches, commits, files and transactions. */
export const DATA_COMMANDS: ReadonlyMap<string, Command> = new Map<string, Command>([
  [
    "version",
    command(async (call) => {
      const version = await call.pachd.call(versions.GetVersion, {});
      printRaw(call, [version, version]);
    }),
  ],
  ["inspect cluster", command(async (call) => call.print((await call.pachd.call(admin.InspectCluster, {})).id ?? ""))],
  [
    "create project",
    command(async ({ pachd, names }) => void (await pachd.call(pfs.CreateProject, { project: { name: names[0] ?? "" } }))),
  ],
  [
    "list project",
    command(async (call) => {
      const projects = await call.pachd.collect(pfs.ListProject, {});
      printRaw(
        call,
        projects.filter(({ project }) => project?.name !== call.pachd.project),
      );
    }),
  ],
  [
    "inspect project",
    command(async (call) =>
      printRaw(call, [(await call.pachd.call(pfs.InspectProjectV2, { project: { name: call.names[0] ?? "" } })).info]),
    ),
  ],
  [
    "delete project",
    command(async ({ pachd, names }) => void (await pachd.call(pfs.DeleteProject, { project: { name: names[0] ?? "" } }))),
  ],
  ["create repo", command((call) => createRepo(call, false), { description: TEXT })],
  ["update repo", command((call) => createRepo(call, true), { description: TEXT })],
  [
    "inspect repo",
    command(async (call) => printRaw(call, [await call.pachd.call(pfs.InspectRepo, { repo: repoOf(call, call.names[0]) })])),
  ],
  [
    "list repo",
    command(
      async (call) => {
        const projects = [{ name: String(call.options["project"]) }];
        const repos = await call.pachd.collect(pfs.ListRepo, { type: call.options["all"] ? "" : "user", projects });
        show(call, repos, ["NAME", "SIZE (MASTER)", "DESCRIPTION"], ({ repo, size_bytes_upper_bound, description }) => [
          `${repo?.name}${repo?.type === "user" ? "" : `.${repo?.type}`}`,
          `≤ ${size(size_bytes_upper_bound)}`,
          description ?? "",
        ]);
      },
      { all: FLAG },
    ),
  ],
  [
    "delete repo",
    command(async (call) => {
      const { deleted } = await change(call, pfs.DeleteRepo, { repo: repoOf(call, call.names[0]) });
      if (!deleted) throw new UsageError("No repo deleted.");
      call.warn("Repo deleted.\n");
    }),
  ],
  [
    "create branch",
    command(
      async (call) => {
        const { head, provenance, trigger } = call.options;
        await change(call, pfs.CreateBranch, {
          branch: branchOf(call, call.names[0]),
          head:
            head === undefined
              ? null
              : commitOf(call, String(head).includes("@") ? String(head) : `${call.names[0]?.split("@")[0]}@${head}`),
          provenance: provenance === undefined ? [] : [branchOf(call, String(provenance))],
          trigger: trigger === undefined ? null : { branch: String(trigger), size: String(call.options["trigger-size"] ?? "") },
        });
      },
      { head: TEXT, provenance: { ...TEXT, short: "p" }, trigger: TEXT, "trigger-size": TEXT },
    ),
  ],
  [
    "inspect branch",
    command(async (call) =>
      printRaw(call, [await call.pachd.call(pfs.InspectBranch, { branch: branchOf(call, call.names[0]) })]),
    ),
  ],
  [
    "list branch",
    command(async (call) =>
      show(
        call,
        await call.pachd.collect(pfs.ListBranch, { repo: repoOf(call, call.names[0]) }),
        ["BRANCH", "HEAD"],
        ({ branch, head }) => [branch?.name ?? "", head?.id ?? "-"],
      ),
    ),
  ],
  [
    "delete branch",
    command(async (call) => void (await call.pachd.call(pfs.DeleteBranch, { branch: branchOf(call, call.names[0]) }))),
  ],
  [
    "start commit",
    command(
      async (call) => {
        const { description, parent } = call.options;
        const branch = branchOf(call, call.names[0]);
        // pachctl names the parent's repo with its project in front, which no server finds.
        const repo = { ...branch.repo, name: `${branch.repo.project?.name}/${branch.repo.name}` };
        const from = parent === undefined ? null : { repo, branch: { repo, name: String(parent) } };
        const commit = await change(call, pfs.StartCommit, { branch, parent: from, description: String(description ?? "d") });
        call.print(`${commit.id}\n`);
      },
      { description: TEXT, parent: { ...TEXT, short: "p" } },
    ),
  ],
  [
    "finish commit",
    command(
      async (call) =>
        void (await call.pachd.call(pfs.FinishCommit, {
          commit: commitOf(call, call.names[0]),
          description: String(call.options["message"] ?? ""),
        })),
      { message: { ...TEXT, short: "m" } },
    ),
  ],
  ["inspect commit", command((call) => inspectCommit(call, "STARTED"))],
  ["wait commit", command((call) => inspectCommit(call, "FINISHED"))],
  ["list commit", command(listCommit, { number: { ...TEXT, short: "n" } })],
  ["put file", command(putFile, { append: FLAG })],
  ["get file", command(getFile, { recursive: { ...FLAG, short: "r" }, output: { ...TEXT, short: "o" } })],
  [
    "list file",
    command(async (call) => showFiles(call, () => call.pachd.collect(pfs.ListFile, { file: fileOf(call, call.names[0]) }))),
  ],
  [
    "inspect file",
    command(async (call) => printRaw(call, [await call.pachd.call(pfs.InspectFile, { file: fileOf(call, call.names[0]) })])),
  ],
  [
    "glob file",
    command(async (call) => {
      const { commit, path } = fileOf(call, call.names[0]);
      await showFiles(call, () => call.pachd.collect(pfs.GlobFile, { commit, pattern: path }));
    }),
  ],
  ["diff file", command(diffFile, { "name-only": FLAG, "no-pager": FLAG })],
  [
    "delete file",
    command(async (call) => {
      const { commit, path } = fileOf(call, call.names[0]);
      await call.pachd.send(pfs.ModifyFile, [{ set_commit: commit }, { delete_file: { path } }]);
    }),
  ],
  [
    "copy file",
    command(async (call) => {
      const [src, target] = [fileOf(call, call.names[0]), fileOf(call, call.names[1])];
      await call.pachd.send(pfs.ModifyFile, [{ set_commit: target.commit }, { copy_file: { dst: target.path, src } }]);
    }),
  ],
  [
    "find commit",
    command(async (call) => {
      const { commit: start, path: file_path } = fileOf(call, call.names[0]);
      const found = await call.pachd.collect(pfs.FindCommits, { start, file_path, limit: 0 });
      call.print("FOUND IN COMMITS\n");
      for (const { found_commit, last_searched_commit: last } of found)
        call.print(last ? `\nLAST SEARCHED COMMIT\n${last.id}\n` : `${found_commit?.id}\n`);
    }),
  ],
  [
    "fsck",
    command(async ({ pachd, print }) => {
      const findings = await pachd.collect(pfs.Fsck, {});
      print(findings.map(({ error, fix }) => `${error || fix}\n`).join("") || "No errors found.\n");
    }),
  ],
  [
    "start transaction",
    command(async ({ pachd, print }) => {
      const { id = "" } = await pachd.call(transactions.StartTransaction, {});
      setTransaction(id);
      print(`started new transaction: "${id}"\n`);
    }),
  ],
  [
    "inspect transaction",
    command(async (call) => {
      printRaw(call, [await call.pachd.call(transactions.InspectTransaction, { transaction: activeTransaction() })]);
    }),
  ],
  [
    "finish transaction",
    command(async ({ pachd, print }) => {
      const { id } = activeTransaction();
      const { requests } = await pachd.call(transactions.FinishTransaction, { transaction: { id } });
      setTransaction("");
      print(`Completed transaction with ${requests?.length ?? 0} requests: ${id}\n`);
    }),
  ],
  [
    "delete transaction",
    command(async ({ pachd }) => {
      await pachd.call(transactions.DeleteTransaction, { transaction: activeTransaction() });
      setTransaction("");
    }),
  ],
]);

async function createRepo(call: Call, update: boolean): Promise<void> {
  if (call.names.length !== 1) throw new UsageError(`expected 1 arguments, got ${call.names.length}`);
  const description = String(call.options["description"] ?? "");
  await change(call, pfs.CreateRepo, { repo: repoOf(call, call.names[0]), description, update });
}

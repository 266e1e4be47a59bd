import type { APIHandlers } from "../../pachyderm/generated/pfs_v2/API.ts";
import { createBranch, deleteBranch, inspectBranch, listBranches } from "../branches.ts";
import { commitById, sealCommit } from "../commits.ts";
import { refused, unimplemented } from "../fault.ts";
import { finishWhenParentHas } from "../finish.ts";
import {
  type ProjectRow,
  createProject,
  createRepo,
  deleteProject,
  deleteRepo,
  inspectProject,
  inspectRepo,
  listProjects,
  listRepos,
} from "../repos.ts";
import { findPipeline } from "../pipelines.ts";
import { resolveCommit } from "../resolve-commit.ts";
import { startCommit } from "../start-commit.ts";
import type { EngineState } from "../state.ts";
import {
  inspectCommit,
  inspectCommitSet,
  isOfPipeline,
  listCommits,
  listCommitSets,
  subscribeCommits,
} from "./commit-queries.ts";
import { diffFile, globFile, inspectFile, listFile, walkFile } from "./list-file.ts";
import { modifyFile } from "./modify-file.ts";
import { getFile, getFileTar } from "./read-file.ts";
import type { Adapter } from "./rpc.ts";
import { fromCommit, toBranchInfo, toBranchKey, toCommitKey, toRepoInfo, toRepoKey, toTimestamp } from "./wire.ts";

const EMPTY = {};

/** pfs_v2.API: projects, repos, branches, commits and files. */
export function pfsHandlers(state: EngineState, rpc: Adapter): Partial<APIHandlers> {
  return {
    ...repoHandlers(state, rpc),
    ...branchHandlers(state, rpc),
    ...commitHandlers(state, rpc),
    ...fileHandlers(state, rpc),
  };
}

function repoHandlers(state: EngineState, rpc: Adapter): Partial<APIHandlers> {
  const { db } = state;
  return {
    CreateProject: rpc.unary((request) => {
      state.write((tx) => createProject(tx, request.project?.name ?? "", request.description ?? "", request.update ?? false));
      return EMPTY;
    }),
    InspectProject: rpc.unary(({ project }) => toProjectInfo(inspectProject(db, project?.name ?? ""))),
    InspectProjectV2: rpc.unary(({ project }) => ({
      info: toProjectInfo(inspectProject(db, project?.name ?? "")),
      defaults_json: "{}",
    })),
    ListProject: rpc.stream(() => listProjects(db).map(toProjectInfo)),
    DeleteProject: rpc.unary(({ project }) => {
      state.write((tx) => deleteProject(tx, project?.name ?? ""));
      return EMPTY;
    }),
    CreateRepo: rpc.unary(({ repo, description, update }) => {
      state.write((tx) => createRepo(tx, toRepoKey(repo), description ?? "", update));
      return EMPTY;
    }),
    InspectRepo: rpc.unary(({ repo }) => toRepoInfo(state, inspectRepo(db, toRepoKey(repo)), true)),
    ListRepo: rpc.stream(({ type, projects }) =>
      listRepos(
        db,
        type ?? "",
        (projects ?? []).map(({ name }) => name ?? ""),
      ).map((repo) => toRepoInfo(state, repo, false)),
    ),
    DeleteRepo: rpc.unary(({ repo, force }) => {
      const key = toRepoKey(repo);
      if (findPipeline(db, key) !== undefined)
        throw refused("cannot delete a repo associated with a pipeline - delete the pipeline instead");
      return { deleted: state.write((tx) => deleteRepo(tx, key, force ?? false)) };
    }),
  };
}

function toProjectInfo(row: ProjectRow): {
  project: { name: string };
  description: string;
  created_at: ReturnType<typeof toTimestamp>;
} {
  return { project: { name: row.name }, description: row.description, created_at: toTimestamp(row.created) };
}

function branchHandlers(state: EngineState, rpc: Adapter): Partial<APIHandlers> {
  const { db } = state;
  return {
    CreateBranch: rpc.unary(({ head, branch, provenance, trigger }) => {
      if (trigger !== undefined) throw unimplemented("the embedded engine does not have triggers; a Pachyderm cluster does");
      state.write((tx) =>
        createBranch(tx, toBranchKey(branch), {
          head: head === undefined ? undefined : resolveCommit(db, toCommitKey(head)),
          provenance: (provenance ?? []).map(toBranchKey),
        }),
      );
      return EMPTY;
    }),
    InspectBranch: rpc.unary(({ branch }) => toBranchInfo(db, inspectBranch(db, toBranchKey(branch)))),
    ListBranch: rpc.stream(({ repo, reverse }) => {
      const branches = listBranches(db, inspectRepo(db, toRepoKey(repo)).id).map((branch) => toBranchInfo(db, branch));
      return reverse ? branches.toReversed() : branches;
    }),
    DeleteBranch: rpc.unary(({ branch, force }) => {
      state.write((tx) => deleteBranch(tx, toBranchKey(branch), force ?? false));
      return EMPTY;
    }),
  };
}

function commitHandlers(state: EngineState, rpc: Adapter): Partial<APIHandlers> {
  const { db } = state;
  return {
    StartCommit: rpc.unary(({ branch, parent, description }) => {
      if (branch === undefined) throw refused("branch must be specified");
      const { repo, name } = toBranchKey(branch);
      const from = parent === undefined ? undefined : resolveCommit(db, toCommitKey(parent));
      return fromCommit(
        db,
        state.write((tx) => startCommit(tx, repo, name, description ?? "", from)),
      );
    }),
    FinishCommit: rpc.unary(({ commit: key, description, error }) => {
      const commit = resolveCommit(db, toCommitKey(key));
      if (isOfPipeline(db, commit)) throw refused("cannot finish a pipeline output or meta commit, use 'stop job' instead");
      state.write((tx) => {
        sealCommit(tx, commit, description, error);
        finishWhenParentHas(tx, state.nodes, commitById(db, commit.id));
      });
      return EMPTY;
    }),
    InspectCommit: rpc.unary(({ commit, wait }, signal) => inspectCommit(state, toCommitKey(commit), wait, signal)),
    ListCommit: rpc.stream((request) => listCommits(state, request)),
    SubscribeCommit: rpc.stream((request, signal) => subscribeCommits(state, request, signal)),
    InspectCommitSet: rpc.stream(({ commit_set, wait }, signal) =>
      inspectCommitSet(state, commit_set?.id ?? "", wait ?? false, signal),
    ),
    ListCommitSet: rpc.stream(({ project }) => listCommitSets(state, project?.name ?? "")),
  };
}

function fileHandlers(state: EngineState, rpc: Adapter): Partial<APIHandlers> {
  return {
    ModifyFile: rpc.collect(async (messages) => {
      await modifyFile(state, messages);
      return EMPTY;
    }),
    GetFile: rpc.stream((request) => getFile(state, request)),
    GetFileTAR: rpc.stream((request) => getFileTar(state, request)),
    InspectFile: rpc.unary((request) => inspectFile(state, request)),
    ListFile: rpc.stream((request) => listFile(state, request)),
    WalkFile: rpc.stream((request) => walkFile(state, request)),
    GlobFile: rpc.stream((request) => globFile(state, request)),
    DiffFile: rpc.stream((request) => diffFile(state, request)),
  };
}

import { status } from "@grpc/grpc-js";
import type { APIHandlers } from "../../pachyderm/generated/metadata/API.ts";
import type { Edit__Output as WireEdit } from "../../pachyderm/generated/metadata/Edit.ts";
import type { Database } from "../store/database.ts";
import { Fault, invalid, within } from "../fault.ts";
import { type MetadataEdit, type MetadataTarget, editMetadata } from "../pfs/metadata.ts";
import { inspectPipeline } from "../pps/pipelines.ts";
import { inspectProject } from "../pfs/projects.ts";
import { inspectRepo } from "../pfs/repos.ts";
import { EMPTY, type Parts } from "./parts.ts";
import { pickBranch, pickCommit, pickProject, pickRepo } from "./pickers.ts";

/** Notes on projects, repos, branches, commits, pipelines and the cluster: all edits of a request happen, or none. */
export function metadataHandlers({ state, rpc }: Parts): Partial<APIHandlers> {
  return {
    EditMetadata: rpc.unary(({ edits = [] }) => {
      state.write(({ db }) => edits.forEach((edit, index) => apply(db, edit, index)));
      return EMPTY;
    }),
  };
}

/** pachd has no code for what an edit does not find. */
function apply(db: Database, edit: WireEdit, index: number): void {
  try {
    within(`apply edits: edit #${index}`, () => {
      const target = within(`pick ${edit.target}`, () => toTarget(db, edit));
      within(`edit ${edit.target}`, () => editMetadata(db, target, toEdit(edit)));
    });
  } catch (error) {
    if (error instanceof Fault && error.code === status.NOT_FOUND) throw new Fault(status.UNKNOWN, error.message);
    throw error;
  }
}

function toTarget(db: Database, edit: WireEdit): MetadataTarget {
  switch (edit.target) {
    case "project":
      return { table: "projects", name: inspectProject(db, pickProject(edit.project)).name };
    case "repo":
      return { table: "repos", id: inspectRepo(db, pickRepo(edit.repo)).id };
    case "branch":
      return { table: "branches", id: pickBranch(db, edit.branch).id };
    case "commit":
      return { table: "commits", id: pickCommit(db, edit.commit).id };
    case "pipeline":
      return { table: "pipelines", id: inspectPipeline(db, pickPipeline(edit)).id };
    case "cluster":
      return { table: "cluster" };
    default:
      throw invalid("validate request: a target is required");
  }
}

function pickPipeline({ pipeline }: WireEdit) {
  return { project: pickProject(pipeline?.name?.project), name: pipeline?.name?.name ?? "" };
}

function toEdit(edit: WireEdit): MetadataEdit {
  switch (edit.op) {
    case "replace":
      return { kind: "replace", metadata: edit.replace?.replacement ?? {} };
    case "add_key":
      return { kind: "add", key: edit.add_key?.key ?? "", value: edit.add_key?.value ?? "" };
    case "edit_key":
      return { kind: "edit", key: edit.edit_key?.key ?? "", value: edit.edit_key?.value ?? "" };
    case "delete_key":
      return { kind: "delete", key: edit.delete_key?.key ?? "" };
    default:
      throw invalid("validate request: an operation is required");
  }
}

import type { APIHandlers } from "../../pachyderm/generated/pfs_v2/API.ts";
import type { ProjectInfo } from "../../pachyderm/generated/pfs_v2/ProjectInfo.ts";
import type { Database } from "../store/database.ts";
import { deleteAllProjects, deleteProject } from "../pfs/delete-projects.ts";
import { refused, within } from "../fault.ts";
import { metadataOf } from "../pfs/metadata.ts";
import { type ProjectRow, createProject, inspectProject, listProjects } from "../pfs/projects.ts";
import { EMPTY, type Parts } from "./parts.ts";
import { toTimestamp } from "./wire.ts";

/** Projects. */
export function projectHandlers({ state, rpc }: Parts): Partial<APIHandlers> {
  const { db } = state;
  return {
    CreateProject: rpc.unary(({ project, description, update }) => {
      state.write((tx) => createProject(tx, nameOf(project), description ?? "", update ?? false));
      return EMPTY;
    }),
    InspectProject: rpc.unary(({ project }) => inspect(db, project?.name ?? "")),
    InspectProjectV2: rpc.unary(({ project }) => {
      const name = project?.name ?? "";
      const info = within(`could not inspect project "${name}"`, () => inspect(db, name));
      return { info, defaults_json: projectDefaults(db, name) };
    }),
    ListProject: rpc.stream(() => listProjects(db).map(toProjectInfo)),
    DeleteProject: rpc.unary(({ project, force }) => {
      state.write((tx) => deleteProject(tx, nameOf(project), force ?? false));
      return EMPTY;
    }),
    DeleteAll: rpc.unary(() => {
      state.write((tx) => deleteAllProjects(tx));
      return EMPTY;
    }),
  };
}

function nameOf(project: { readonly name?: string } | undefined): string {
  if (project === undefined) throw refused("invalid project name: nil project");
  return project.name ?? "";
}

function inspect(db: Database, name: string): ProjectInfo {
  return toProjectInfo(within(`error getting project "${name}"`, () => inspectProject(db, name)));
}

function projectDefaults(db: Database, name: string): string {
  return db.get<{ json: string }>("SELECT json FROM pipeline_defaults WHERE project = ?", name)?.json ?? "{}";
}

function toProjectInfo(row: ProjectRow): ProjectInfo {
  return {
    project: { name: row.name },
    description: row.description,
    created_at: toTimestamp(row.created),
    metadata: metadataOf(row),
  };
}

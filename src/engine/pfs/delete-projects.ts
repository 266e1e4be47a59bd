import { status } from "@grpc/grpc-js";
import { deleteRepos } from "./delete-repos.ts";
import { Fault, notFound, refused, within } from "../fault.ts";
import { DEFAULT_PROJECT, checkProjectName, repoText } from "./names.ts";
import { createProject, findProject } from "./projects.ts";
import { listRepos } from "./repos.ts";
import type { Transaction } from "../transaction.ts";

/** Deletes an empty project. One that has repos is not deleted by force either; pachd's database says so, with another code. */
export function deleteProject(tx: Transaction, name: string, force: boolean): void {
  within("invalid project name", () => checkProjectName(name));
  const existing = listRepos(tx.db, "", [name]).map((repo) => `repo ${repoText(repo)} still exists`);
  if (existing.length > 0) {
    if (force) throw refused(`delete project "${name}": ${existing.join("\n")}`);
    throw new Fault(status.FAILED_PRECONDITION, `cannot delete project ${name}: ${existing.join("\n")}`);
  }
  if (findProject(tx.db, name) === undefined) throw notFound(`delete project "${name}": project "${name}" not found`);
  tx.db.run("DELETE FROM projects WHERE name = ?", name);
}

/** Deletes all repos and projects, and makes the default project anew. Refused while there are pipelines. */
export function deleteAllProjects(tx: Transaction): void {
  within("could not delete all repos", () => deleteRepos(tx, [], true));
  tx.db.run("DELETE FROM projects");
  createProject(tx, DEFAULT_PROJECT, "", false);
}

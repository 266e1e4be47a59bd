import type { PipelineName } from "../../src/pachyderm/types.ts";
import { inputsOf } from "./datums.ts";
import { commitKey, jobKey, pipelineKey, repoKey, repoName } from "./names.ts";
import type { StoredCommit, World } from "./world.ts";

/** The sets whose commits could be removed: nothing of another set was made from them, and no pipeline was changed by them. */
function removableSets(world: World, suits: (commit: StoredCommit) => boolean): readonly string[] {
  const ids = new Set([...world.commits.values()].map(({ name }) => name.id));
  return [...ids].filter((id) =>
    world.commitSet(id).every((commit) => {
      const isFree = world.subvenance(commit.name).every((name) => name.id === id);
      return commit.name.repo.type !== "spec" && commit.finished !== undefined && isFree && suits(commit);
    }),
  );
}

/** Squashing needs children, that take over what the removed commit had. */
export function squashableSets(world: World): readonly string[] {
  return removableSets(world, ({ name }) => world.children(name).length > 0);
}

/** Only the newest commits can be dropped. */
export function droppableSets(world: World): readonly string[] {
  return removableSets(world, ({ name }) => world.children(name).length === 0);
}

/** Removes a set's commits. Children move to what was before, and branches too. Jobs stay. */
export function removeSet(world: World, id: string): void {
  for (const { name, parent } of world.commitSet(id)) {
    for (const child of world.children(name)) child.parent = parent;
    const branches = world.repos.get(repoKey(name.repo))?.branches ?? new Map<string, string | undefined>();
    for (const [branch, head] of branches) if (head === name.id) branches.set(branch, parent);
    world.commits.delete(commitKey(name));
  }
}

/** The pipelines that no other one reads from, and of whose commits nothing else was made. */
export function removablePipelines(world: World): readonly PipelineName[] {
  const all = [...world.pipelines.values()];
  const inputs = all.flatMap(({ versions }) => inputsOf(versions.at(-1)?.inputs ?? { kind: "union", parts: [] }));
  const read = new Set(inputs.map(({ repo }) => repoKey(repo)));
  for (const { name, provenance } of world.commits.values())
    for (const { repo } of provenance) if (repo.name !== name.repo.name) read.add(repoKey(repo));
  return all.map(({ name }) => name).filter(({ project, name }) => !read.has(repoKey(repoName(project, name))));
}

/** Removes a pipeline with its jobs and repos. */
export function removePipeline(world: World, name: PipelineName): void {
  world.pipelines.delete(pipelineKey(name));
  for (const job of world.jobs.values())
    if (pipelineKey(job.name.pipeline) === pipelineKey(name)) world.jobs.delete(jobKey(job.name));
  for (const type of ["user", "meta", "spec"] as const) {
    const repo = repoName(name.project, name.name, type);
    world.repos.delete(repoKey(repo));
    for (const commit of world.commits.values())
      if (repoKey(commit.name.repo) === repoKey(repo)) world.commits.delete(commitKey(commit.name));
  }
}

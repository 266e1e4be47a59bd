import { withoutAncestry } from "../lineage/data-reference.ts";
import { StemmaError } from "../lineage/errors.ts";
import type { Node } from "../lineage/graph.ts";
import type { DataReference, Reference } from "../lineage/reference.ts";
import { formatDataReference, formatReference } from "../lineage/reference.ts";
import type { Identity } from "../lineage/urn.ts";
import type { CommitInfo, RepoName } from "../pachyderm/types.ts";
import { nearestName } from "./nearest.ts";
import { commitName, toCommitNode, toDatumNode, toFileNode, toJobNode, toPipelineNode, toRunNode } from "./nodes.ts";
import type { Sources } from "./ports.ts";
import { listAll, orAbsent } from "./remote.ts";
import { resolveId } from "./resolve-id.ts";

/** The node that a reference means, or NOT_FOUND, USAGE for one that may mean several, UNREACHABLE when nobody can tell. */
export async function resolveReference(reference: Reference, sources: Sources): Promise<Node> {
  switch (reference.kind) {
    case "data":
      return resolveData(reference, sources);
    case "id":
      return resolveId(reference.id, sources);
    case "node":
      return inspectNode(reference.identity, sources);
    case "model-alias":
      break;
  }
  throw untraceable(formatReference(reference));
}

async function resolveData(reference: DataReference, sources: Sources): Promise<Node> {
  const repo: RepoName = { project: reference.project, name: reference.repo, type: reference.type };
  let info: CommitInfo;
  try {
    info = await sources.pachyderm.inspectCommit({ repo, at: reference.at });
  } catch (error) {
    if (!(error instanceof StemmaError) || error.code === "UNREACHABLE") throw error;
    return explainAbsence(reference, repo, sources, error);
  }
  if (reference.path === undefined || reference.path === "/") return toCommitNode(info);
  const file = await orAbsent(sources.pachyderm.inspectFile({ repo, at: info.commit.id }, reference.path));
  if (file !== undefined) return toFileNode(file, info.commit);
  const commit = { ...reference, path: undefined };
  throw new StemmaError("NOT_FOUND", `no file ${reference.path} in ${formatDataReference(commit)}`, {
    hint: `Its commit is ${formatDataReference({ ...commit, at: info.commit.id })}`,
  });
}

/** What of a reference is not there: the repo, the branch, or so early an ancestor. A job may be there without its commit. */
async function explainAbsence(
  reference: DataReference,
  repo: RepoName,
  { pachyderm }: Sources,
  cause: StemmaError,
): Promise<Node> {
  const info = await orAbsent(pachyderm.inspectRepo(repo));
  if (info === undefined) throw await noSuchRepo(repo, { pachyderm }, cause);
  const name = withoutAncestry(reference.at);
  const isId = /^[0-9a-f]{32}$/.test(name);
  if (isId && name === reference.at && reference.path === undefined) {
    const job = await orAbsent(pachyderm.inspectJob({ pipeline: { project: repo.project, name: repo.name }, id: name }));
    if (job !== undefined) return toJobNode(job);
  }
  if (!isId && !info.branches.includes(name)) {
    const near = nearestName(name, info.branches);
    const branches = info.branches.length === 0 ? "It has no branch yet." : `Its branches: ${info.branches.join(", ")}.`;
    const hint = near === undefined ? branches : `Did you mean: ${formatDataReference({ ...reference, at: near })}`;
    throw new StemmaError("NOT_FOUND", `no branch "${name}" in the repo ${repo.name}.`, { hint, cause });
  }
  if (name !== reference.at)
    throw new StemmaError("NOT_FOUND", `${repo.name} has no commit ${reference.at}: its history does not reach so far.`, {
      cause,
    });
  if (cause.code !== "NOT_FOUND") throw cause;
  throw new StemmaError("NOT_FOUND", `no commit ${reference.at} in the repo ${repo.name}.`, {
    hint: branchesHint(info.branches),
    cause,
  });
}

function branchesHint(branches: readonly string[]): string | undefined {
  return branches.length === 0 ? undefined : `Its branches: ${branches.join(", ")}.`;
}

async function noSuchRepo(repo: RepoName, { pachyderm }: Pick<Sources, "pachyderm">, cause: StemmaError): Promise<StemmaError> {
  const names = (await listAll(pachyderm.listRepos())).map((info) => info.repo);
  const inProject = names.filter(({ project }) => project === repo.project).map(({ name }) => name);
  const elsewhere = names.find(({ name }) => name === repo.name);
  const near =
    nearestName(repo.name, inProject) ?? (elsewhere === undefined ? undefined : `${elsewhere.project}/${elsewhere.name}`);
  const place = repo.project === "default" ? "" : ` in the project ${repo.project}`;
  const known =
    inProject.length === 0
      ? "There are no repos there."
      : `There are: ${inProject.slice(0, 10).join(", ")}${inProject.length > 10 ? " …" : ""}`;
  return new StemmaError("NOT_FOUND", `no repo "${repo.name}"${place}.`, {
    hint: near === undefined ? known : `Did you mean: ${near}`,
    cause,
  });
}

/** The node of an identity, as it is now. */
async function inspectNode(identity: Identity, { pachyderm, mlflow }: Sources): Promise<Node> {
  switch (identity.kind) {
    case "commit": {
      const { repo, id } = commitName(identity);
      return toCommitNode(await pachyderm.inspectCommit({ repo, at: id }));
    }
    case "file": {
      const commit = commitName({ ...identity, id: identity.commit });
      return toFileNode(await pachyderm.inspectFile({ repo: commit.repo, at: commit.id }, identity.path), commit);
    }
    case "job":
      return toJobNode(
        await pachyderm.inspectJob({ pipeline: { project: identity.project, name: identity.pipeline }, id: identity.id }),
      );
    case "datum": {
      const job = { pipeline: { project: identity.project, name: identity.pipeline }, id: identity.job };
      return toDatumNode(await pachyderm.inspectDatum(job, identity.id));
    }
    case "pipeline":
      return toPipelineNode(identity, await pachyderm.inspectPipeline({ project: identity.project, name: identity.pipeline }));
    case "run": {
      const run = await mlflow.findRun(identity.id);
      if (run === undefined) throw new StemmaError("NOT_FOUND", `MLflow has no run ${identity.id}`);
      return toRunNode(run, mlflow.runLink(run));
    }
    case "dataset":
    case "artifact":
    case "logged-model":
    case "model-version":
    case "deployment":
    case "batch":
      break;
  }
  throw untraceable(formatReference({ kind: "node", identity }));
}

function untraceable(text: string): StemmaError {
  return new StemmaError("UNSUPPORTED", `${text} cannot be traced by itself.`, {
    hint: "Name the run, commit, file, job or pipeline version that it belongs to.",
  });
}

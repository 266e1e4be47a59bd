import { StemmaError } from "../lineage/errors.ts";
import type { Node } from "../lineage/graph.ts";
import { referenceTo } from "../lineage/reference.ts";
import { formatUrn } from "../lineage/urn.ts";
import type { Run } from "../mlflow/types.ts";
import type { CommitInfo } from "../pachyderm/types.ts";
import { commitIdentity, toCommitNode, toRunNode } from "./nodes.ts";
import type { Sources } from "./ports.ts";
import { listAll } from "./remote.ts";

/**
 * What a bare id means: it is looked up among Pachyderm's commits and MLflow's runs. A server that cannot be reached is left out when
 * the other knows the id; the walk that follows says so. Rejects with USAGE when more than one thing has it.
 */
export async function resolveId(id: string, sources: Sources): Promise<Node> {
  const [commits, run] = await Promise.all([settle(findCommits(id, sources)), settle(findRun(id, sources))]);
  const found = [
    ...(commits.value ?? []).map(toCommitNode),
    ...(run.value === undefined ? [] : [toRunNode(run.value, sources.mlflow.runLink(run.value))]),
  ];
  const [only] = found;
  if (only === undefined) {
    const failure = run.error ?? commits.error;
    if (failure !== undefined) throw failure;
    throw new StemmaError("NOT_FOUND", `no commit and no run has the id ${id}`);
  }
  if (found.length === 1) return only;
  const what = run.value === undefined ? `is the id of commits in ${found.length} repos.` : "is the id of a commit and of a run.";
  throw new StemmaError("USAGE", `${id} ${what}`, {
    hint: `Say which: ${found.map((node) => (node.kind === "run" ? formatUrn(node) : referenceTo(node))).join(" or ")}`,
  });
}

/** The commits of data with this id; a set lists commits with older ids as well, which it depends on. */
async function findCommits(id: string, { pachyderm }: Sources): Promise<readonly CommitInfo[]> {
  const set = await listAll(pachyderm.inspectCommitSet(id));
  return set.filter(({ commit }) => commit.id === id && commitIdentity(commit).type === "user");
}

async function findRun(id: string, { mlflow }: Sources): Promise<Run | undefined> {
  return mlflow.findRun(id);
}

interface Settled<Value> {
  readonly value?: Value;
  readonly error?: StemmaError;
}

async function settle<Value>(answer: Promise<Value>): Promise<Settled<Value>> {
  try {
    return { value: await answer };
  } catch (error) {
    if (!(error instanceof StemmaError)) throw error;
    return error.code === "NOT_FOUND" ? {} : { error };
  }
}

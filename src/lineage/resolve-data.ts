import { commitBack, parentOf } from "./ancestry.ts";
import type { DataReference } from "./data-reference.ts";
import { formatDataReference, withoutAncestry } from "./data-reference.ts";
import { StemmaError } from "./errors.ts";
import type { CommitNode, Node } from "./graph.ts";
import { knownRepos, labelNames, shortName } from "./known-names.ts";
import { nearestName } from "./nearest.ts";
import { commitsBeginning, jobsBeginning, sayWhich } from "./resolve-id.ts";
import type { Label, LineageIndex } from "./store/lineage-index.ts";
import { formatUrn } from "./urn.ts";

/** What a reference means: a node, or a path of which the index does not know whether the commit has it. */
export type Resolved = { readonly node: Node } | { readonly commit: CommitNode; readonly path: string };

const ID = /^[0-9a-f]{4,32}$/;

/** The commit, file or job that a reference to data means. Throws NOT_FOUND, and USAGE for the beginning of several ids. */
export function resolveData(index: LineageIndex, reference: DataReference, asOf?: Date): Resolved {
  const start = resolveStart(index, reference, asOf);
  if (start.kind !== "commit") return { node: start };
  const commit = commitBack(index, start, reference.at);
  return reference.path === undefined || reference.path === "/" ? { node: commit } : resolvePath(index, commit, reference.path);
}

function resolvePath(index: LineageIndex, commit: CommitNode, path: string): Resolved {
  const { project, repo, type, id } = commit;
  for (const name of [path, `${path}/`]) {
    const record = index.record(formatUrn({ kind: "file", project, repo, type, commit: id, path: name }));
    if (record !== undefined) return { node: record.node };
  }
  return { commit, path };
}

/** What stands before the ancestry: a branch's head, or a commit or a job by its id. */
function resolveStart(index: LineageIndex, reference: DataReference, asOf: Date | undefined): Node {
  const name = withoutAncestry(reference.at);
  const owner = `${reference.project}/${reference.repo}`;
  const head = reference.type === "user" ? headOf(index, `branch:${owner}`, name, asOf) : undefined;
  if (head !== undefined) return head;
  const id = name.toLowerCase();
  if (ID.test(id)) {
    const commits = commitsBeginning(index, reference.type === "user" ? owner : `${owner}.${reference.type}`, id);
    const found: readonly Node[] = commits.length > 0 ? commits : jobsBeginning(index, owner, id);
    const [only] = found;
    if (found.length > 1) throw sayWhich(name, found);
    if (only !== undefined) return only;
  }
  throw explainAbsence(index, reference, name);
}

/** Where a branch pointed at that time; its history reaches further back than what was seen of the branch itself. */
function headOf(index: LineageIndex, scope: string, name: string, asOf: Date | undefined): CommitNode | undefined {
  const labels = index.labels({ scope }).filter((label) => label.name === name);
  const label = asOf === undefined ? labels.find(({ until }) => until === undefined) : labelAt(labels, asOf);
  const head = label && index.record(label.target)?.node;
  if (head?.kind !== "commit" || asOf === undefined) return head?.kind === "commit" ? head : undefined;
  const then = commitAt(index, head, asOf);
  if (then !== undefined) return then;
  const repo = shortName(scope.slice("branch:".length));
  throw new StemmaError("NOT_FOUND", `the branch "${name}" of ${repo} had no commit then.`);
}

/** The newest of a commit and those before it that was there at a time. */
function commitAt(index: LineageIndex, head: CommitNode, asOf: Date): CommitNode | undefined {
  const isLater = (commit: CommitNode): boolean => (index.record(formatUrn(commit))?.since ?? asOf) > asOf;
  let at: CommitNode | undefined = head;
  while (at !== undefined && isLater(at)) at = parentOf(index, at);
  return at;
}

function labelAt(labels: readonly Label[], asOf: Date): Label | undefined {
  return labels.findLast(({ since }) => since <= asOf) ?? labels[0];
}

function explainAbsence(index: LineageIndex, reference: DataReference, name: string): StemmaError {
  const owner = `${reference.project}/${reference.repo}`;
  const repos = knownRepos(index);
  if (!repos.includes(owner)) return noSuchRepo(reference, repos);
  const branches = labelNames(index, `branch:${owner}`);
  const known = branches.length === 0 ? "It has no branch." : `Its branches: ${branches.join(", ")}.`;
  if (ID.test(name) && name.length === 32)
    return new StemmaError("NOT_FOUND", `no commit ${name} in the repo ${shortName(owner)}.`, { hint: known });
  const near = nearestName(name, branches);
  const hint = near === undefined ? known : `Did you mean: ${formatDataReference({ ...reference, at: near })}`;
  return new StemmaError("NOT_FOUND", `no branch "${name}" in the repo ${shortName(owner)}.`, { hint });
}

function noSuchRepo({ project, repo }: DataReference, repos: readonly string[]): StemmaError {
  const inProject = repos.filter((name) => name.startsWith(`${project}/`)).map((name) => name.slice(project.length + 1));
  const near = nearestName(repo, inProject) ?? repos.find((name) => name.endsWith(`/${repo}`));
  const more = inProject.length > 10 ? " …" : "";
  const known = inProject.length === 0 ? "There are no repos there." : `There are: ${inProject.slice(0, 10).join(", ")}${more}`;
  return new StemmaError("NOT_FOUND", `no repo "${repo}"${project === "default" ? "" : ` in the project ${project}`}.`, {
    hint: near === undefined ? known : `Did you mean: ${near}`,
  });
}

import type { Node } from "../../graph.ts";
import type { Identity, RepoType } from "../../urn.ts";
import type { ExportContext } from "../context.ts";
import { repoName } from "../graph-view.ts";

/** How OpenLineage names a data set; the version is a facet of it. */
export interface DatasetName {
  readonly namespace: string;
  readonly name: string;
  readonly version: string;
}

/** What a data set that came from OpenLineage says of where it is from. */
export const IMPORTED = "openlineage";

/** The name of a node as a data set; undefined for what is none. */
export function datasetName(node: Node, context: Pick<ExportContext, "pachyderm" | "mlflow">): DatasetName | undefined {
  const mlflow = (name: string, version: string): DatasetName => ({ namespace: context.mlflow, name, version });
  const pachyderm = (name: string, version: string): DatasetName => ({ namespace: context.pachyderm, name, version });
  switch (node.kind) {
    case "commit":
      return pachyderm(repoName(node), node.id);
    case "file":
      return pachyderm(`${repoName(node)}${node.path}`, node.commit);
    case "model-version":
      return mlflow(`models/${node.name}`, String(node.version));
    case "logged-model":
      return mlflow(`logged-models/${node.id}`, "");
    case "artifact":
      return mlflow(`runs/${node.run}${node.path}`, "");
    case "batch":
      return mlflow(`batches/${node.id}`, "");
    case "dataset":
      return node.sourceType === IMPORTED && node.source !== undefined && node.name.startsWith(`${node.source}/`)
        ? { namespace: node.source, name: node.name.slice(node.source.length + 1), version: node.digest }
        : mlflow(`datasets/${node.name}`, node.digest);
    default:
      return undefined;
  }
}

/** The inverse of `datasetName`, whatever the hosts: a name of ours is the thing of ours, and any other is a data set. */
export function namedDataset({ namespace, name, version }: DatasetName): Identity {
  const own = namespace.startsWith("pachyderm://")
    ? fromPachyderm(name, version)
    : namespace.startsWith("mlflow://")
      ? fromMlflow(name, version)
      : undefined;
  return own ?? { kind: "dataset", name: `${namespace}/${name}`, digest: version };
}

const REPO = /^(?<project>[\w-]+)\/(?<repo>[\w-]+)(?:\.(?<type>meta|spec))?(?<path>\/.*)?$/s;
const HEX_ID = /^[0-9a-f]{32}$/;

function fromPachyderm(text: string, version: string): Identity | undefined {
  const { project, repo, type, path } = REPO.exec(text)?.groups ?? {};
  if (project === undefined || repo === undefined || !HEX_ID.test(version)) return undefined;
  const place: { project: string; repo: string; type: RepoType } = {
    project,
    repo,
    type: type === "meta" || type === "spec" ? type : "user",
  };
  return path === undefined ? { kind: "commit", ...place, id: version } : { kind: "file", ...place, commit: version, path };
}

function fromMlflow(text: string, version: string): Identity | undefined {
  const [, kind = "", name = ""] = /^([a-z-]+)\/(.*)$/s.exec(text) ?? [];
  if (name === "") return undefined;
  if (kind === "models" && /^\d{1,15}$/.test(version)) return { kind: "model-version", name, version: Number(version) };
  if (kind === "datasets") return { kind: "dataset", name, digest: version };
  if (version !== "") return undefined;
  if (kind === "logged-models") return { kind: "logged-model", id: name };
  if (kind === "batches") return { kind: "batch", id: name };
  const [, run, path] = /^([0-9a-f]{32})(\/.*)$/s.exec(name) ?? [];
  return kind === "runs" && run !== undefined && path !== undefined ? { kind: "artifact", run, path } : undefined;
}

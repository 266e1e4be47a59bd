import type { Node } from "../graph.ts";

/** Digests by the name of their algorithm, as in-toto has them; names of our own where a system has its own way of counting. */
export type Digests = Readonly<Record<string, string>>;

/** What tells whether a thing is still the same; nothing where the graph has no digest of it. */
export function digestsOf(node: Node): Digests {
  switch (node.kind) {
    case "artifact":
      return named("sha256", node.sha256);
    case "file":
      return named("pachydermFileHash", node.hash);
    case "commit":
      return named("pachydermCommit", node.id);
    case "code":
      return named("gitCommit", node.commit);
    case "pipeline":
      return named("sha256", node.specDigest);
    case "dataset":
      return named("datasetDigest", node.digest);
    case "model-version":
    case "logged-model":
      return named("sha256", SHA256.exec(node.tags?.["stemma.digest"] ?? "")?.[1]);
    default:
      return {};
  }
}

/** The SHA-256 of a thing's bytes, hexadecimal, where it is known. */
export function sha256Of(node: Node): string | undefined {
  return node.kind === "pipeline" ? undefined : digestsOf(node)["sha256"];
}

const SHA256 = /^(?:sha256:)?([0-9a-f]{64})$/;

function named(name: string, digest: string | undefined): Digests {
  return digest === undefined || digest === "" ? {} : { [name]: digest };
}

import type { Node } from "../../graph.ts";
import type { QName, Value } from "./records.ts";

type Attribute = readonly [name: QName, value: Value];

export function prov(local: string): QName {
  return { prefix: "prov", local };
}

/** A term of ours. */
export function own(local: string): QName {
  return { prefix: "stemma", local };
}

/** What is known of a node, in terms of ours. Names of params and metrics are part of the value: a name of PROV cannot hold them. */
export function attributesOf(node: Node): readonly Attribute[] {
  return [...text("state", node.state), ...text("reason", node.reason), ...time("gone", node.gone), ...ofKind(node)];
}

function ofKind(node: Node): readonly Attribute[] {
  switch (node.kind) {
    case "commit":
      return [...text("description", node.description), ...size(node.sizeBytes), ...time("time", node.time)];
    case "file":
      return [...text("path", node.path), ...text("hash", node.hash), ...size(node.sizeBytes)];
    case "pipeline":
      return [
        ...text("image", node.image),
        ...text("specSha256", node.specDigest),
        ...text("command", node.command && JSON.stringify(node.command)),
      ];
    case "run":
      return [
        ...text("name", node.name),
        ...text("experiment", node.experiment),
        ...text("link", node.link),
        ...pairs("param", node.params),
        ...pairs("metric", node.metrics),
      ];
    case "dataset":
      return [...text("name", node.name), ...text("digest", node.digest), ...text("source", node.source)];
    case "model-version":
      return [
        ...(node.aliases ?? []).flatMap((alias) => text("alias", alias)),
        ...text("stage", node.stage),
        ...pairs("tag", node.tags),
      ];
    case "logged-model":
      return [...text("name", node.name), ...pairs("tag", node.tags)];
    case "artifact":
      return [...text("sha256", node.sha256), ...size(node.sizeBytes)];
    case "code":
      return text("repository", node.repository);
    case "deployment":
      return text("name", node.name);
    case "job":
    case "datum":
    case "batch":
      break;
  }
  return [];
}

function text(name: string, value: string | undefined): readonly Attribute[] {
  return value === undefined || value === "" ? [] : [[own(name), value]];
}

function time(name: string, value: Date | undefined): readonly Attribute[] {
  return value === undefined ? [] : [[own(name), { time: value }]];
}

function size(bytes: number | undefined): readonly Attribute[] {
  return bytes === undefined ? [] : [[own("sizeBytes"), { long: bytes }]];
}

function pairs(name: string, values: Readonly<Record<string, string | number>> | undefined): readonly Attribute[] {
  return Object.entries(values ?? {})
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, value]) => [own(name), `${key}=${value}`]);
}

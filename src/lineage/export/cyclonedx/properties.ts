import type { Node } from "../../graph.ts";

interface Property {
  readonly name: string;
  readonly value: string;
}

/** What CycloneDX has no field for, as names and values. */
export function properties(
  node: Node,
  digests: Readonly<Record<string, string>> = {},
): { readonly properties?: readonly Property[] } {
  const list = [
    ...pair("stemma:kind", node.kind),
    ...pair("stemma:state", node.state),
    ...pair("stemma:time", node.time?.toISOString()),
    ...Object.entries(digests).flatMap(([name, digest]) => pair(`stemma:digest:${name}`, digest)),
    ...(node.kind === "pipeline" ? pair("stemma:image", node.image) : []),
    ...(node.kind === "model-version"
      ? [...(node.aliases ?? []).flatMap((alias) => pair("stemma:alias", alias)), ...pair("stemma:stage", node.stage)]
      : []),
    ...(node.kind === "run" ? params(node.params) : []),
  ];
  return list.length === 0 ? {} : { properties: list };
}

export function params(values: Readonly<Record<string, string>> | undefined): readonly Property[] {
  return Object.entries(values ?? {})
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([key, value]) => pair(`stemma:param:${key}`, value));
}

function pair(name: string, value: string | undefined): readonly Property[] {
  return value === undefined || value === "" ? [] : [{ name, value }];
}

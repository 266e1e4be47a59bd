import { leavesOf } from "../lineage/diff/json-paths.ts";
import type { Values } from "../lineage/diff/values.ts";
import type { PipelineNode } from "../lineage/graph.ts";
import type { PipelineInfo } from "../pachyderm/types.ts";
import type { PachydermSource } from "./ports.ts";

/** Under this name stands the digest of a specification. */
export const WHOLE_SPEC = "whole spec";

/** What is known of a pipeline's version without asking. */
export function knownSpec(pipeline: PipelineNode | undefined): Values {
  if (pipeline === undefined) return {};
  const { project, pipeline: name, version, image, command, specDigest } = pipeline;
  return {
    pipeline: project === "default" ? name : `${project}/${name}`,
    version: String(version),
    image,
    command: command?.join(" "),
    [WHOLE_SPEC]: specDigest === undefined ? undefined : `sha256:${specDigest}`,
  };
}

/** The leaves of a version's whole specification by their paths; undefined when the server knows the version no more. */
export async function readSpec(
  source: Pick<PachydermSource, "listPipelines">,
  { project, pipeline: name, version }: PipelineNode,
): Promise<Values | undefined> {
  let found: PipelineInfo | undefined;
  for await (const info of source.listPipelines({ allVersionsOf: { project, name } })) if (info.version === version) found = info;
  return found === undefined ? undefined : specLeaves(found.effectiveSpecJson);
}

function specLeaves(json: string): Values | undefined {
  try {
    return Object.fromEntries(Object.entries(leavesOf(JSON.parse(json))).map(([path, value]) => [`spec ${path}`, value]));
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

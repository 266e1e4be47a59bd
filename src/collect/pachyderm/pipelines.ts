import { orAbsent } from "../../lineage/errors.ts";
import type { PipelineNode } from "../../lineage/graph.ts";
import type { LineageIndex, NodeRecord } from "../../lineage/store/lineage-index.ts";
import { formatUrn } from "../../lineage/urn.ts";
import type { PipelineInfo, PipelineName } from "../../pachyderm/types.ts";
import { mapAtOnce } from "../at-once.ts";
import { pipelineIdentity, toPipelineNode } from "../nodes.ts";
import { listAll } from "../remote.ts";
import { markAllGone } from "./absence.ts";
import type { Turn } from "./turn.ts";

const CURSOR = "pachyderm:pipelines";

/** Reads the present version of each pipeline; those that are there no more are gone, and their jobs with them. */
export async function syncPipelines(turn: Turn): Promise<void> {
  const { index, source, at } = turn;
  const pipelines = await listAll(source.listPipelines());
  const names = pipelines.map(({ pipeline }) => textOf(pipeline));
  const before = JSON.parse(index.cursor(CURSOR) ?? "[]") as readonly string[];
  sayPipelines(index, pipelines);
  index.write((writer) => {
    for (const name of before.filter((each) => !names.includes(each))) {
      markAllGone(index, writer, `pipeline:${name}#`, at);
      markAllGone(index, writer, `job:${name}@`, at);
    }
    writer.setCursor(CURSOR, JSON.stringify(names));
  });
}

/** Reads older versions that jobs name and the index does not know. A server may have forgotten them: then there is the number alone. */
export async function syncVersions({ index, source, versions }: Turn): Promise<void> {
  const unknown = [...versions].filter(([urn]) => index.record(urn)?.rank !== "source").map(([, identity]) => identity);
  const names = new Map(unknown.map(({ project, pipeline: name }) => [`${project}/${name}`, { project, name }]));
  const found = await mapAtOnce([...names.values()], (allVersionsOf) =>
    orAbsent(listAll(source.listPipelines({ allVersionsOf }))),
  );
  sayPipelines(
    index,
    found.flatMap((infos) => infos ?? []),
  );
}

function sayPipelines(index: LineageIndex, infos: readonly PipelineInfo[]): void {
  index.write((writer) => {
    for (const info of infos) {
      const node = toPipelineNode(pipelineIdentity(info), info);
      const known = index.record(formatUrn(node));
      if (!isSame(known, node)) writer.say({ node, rank: "source", since: info.created, edges: [] });
    }
  });
}

/** A version never changes; but a pipeline that was made anew under an old one's name begins at 1 again. */
function isSame(known: NodeRecord | undefined, node: PipelineNode): boolean {
  if (known?.rank !== "source" || known.gone !== undefined || known.node.kind !== "pipeline") return false;
  return known.node.specDigest === node.specDigest && known.node.time?.getTime() === node.time?.getTime();
}

function textOf({ project, name }: PipelineName): string {
  return `${project}/${name}`;
}

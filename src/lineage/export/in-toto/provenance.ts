import type { JobNode, Node, PipelineNode, RunNode } from "../../graph.ts";
import { formatUrn } from "../../urn.ts";
import { known } from "../canonical.ts";
import type { ExportContext } from "../context.ts";
import type { Activity, GraphView } from "../graph-view.ts";
import { beganAt, isActivity } from "../graph-view.ts";
import type { Resource } from "./resource.ts";
import { imageResource, resource } from "./resource.ts";

/** SLSA provenance, version 1: what was run, with which params, and all that went into it, back to the first data. */
export function provenanceOf(view: GraphView, root: Node, subjects: readonly Node[], context: ExportContext): object {
  const origins = view.origins([root, ...subjects]);
  const run = origins.find((node): node is RunNode => node.kind === "run");
  const job = origins.find((node): node is JobNode => node.kind === "job");
  const build = isActivity(root) ? root : (job ?? run ?? origins.find(isActivity));
  const pipeline = build === undefined ? undefined : pipelineOf(view, build);
  return {
    buildDefinition: {
      buildType: "urn:stemma:build-type:pachyderm-job-and-mlflow-run:1",
      externalParameters: {
        ...(pipeline === undefined ? {} : { pipeline: `${pipeline.project}/${pipeline.pipeline}#${pipeline.version}` }),
        params: run?.params ?? {},
      },
      internalParameters: known({ command: pipeline?.command, run: run === undefined ? undefined : formatUrn(run) }),
      resolvedDependencies: dependencies(origins, subjects),
    },
    runDetails: {
      builder: { id: context.pachyderm, version: { stemma: context.version } },
      metadata: known({
        invocationId: build === undefined ? undefined : invocationOf(build),
        startedOn: build === undefined ? undefined : beganAt(build)?.toISOString(),
        finishedOn: build?.time?.toISOString(),
      }),
    },
  };
}

function pipelineOf(view: GraphView, build: Activity): PipelineNode | undefined {
  const places = view.withPlaces(build);
  const pipelines = places.flatMap((place) => view.parents(place, "of"));
  return pipelines.find((node): node is PipelineNode => node.kind === "pipeline");
}

function invocationOf(build: Activity): string {
  return build.kind === "job" ? `${build.project}/${build.pipeline}@${build.id}` : formatUrn(build);
}

function dependencies(origins: readonly Node[], subjects: readonly Node[]): readonly Resource[] {
  const own = new Set(subjects);
  const images = origins.flatMap((node) =>
    node.kind === "pipeline" && node.image !== undefined && node.image !== "" ? [node.image] : [],
  );
  const things = origins.filter((node) => !isActivity(node) && !own.has(node)).map(resource);
  return [...things, ...[...new Set(images)].map(imageResource)].sort((a, b) => (a.uri < b.uri ? -1 : a.uri > b.uri ? 1 : 0));
}

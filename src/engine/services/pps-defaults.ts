import type { APIHandlers } from "../../pachyderm/generated/pps_v2/API.ts";
import { createPipeline } from "../pps/create-pipeline.ts";
import { within } from "../fault.ts";
import { DEFAULT_PROJECT } from "../pfs/names.ts";
import { changedByDefaults, clusterDefaults, projectDefaults, putDefaults } from "../pps/pipeline-defaults.ts";
import { listPipelines, pipelineText } from "../pps/pipelines.ts";
import { inspectProject } from "../pfs/projects.ts";
import type { Parts } from "./parts.ts";
import { fromPipeline } from "./pps-wire.ts";
import { toTimestamp } from "./wire.ts";

interface NewDefaults {
  /** Without one they are the cluster's. */
  readonly project?: string;
  readonly json: string;
  /** Makes a new version of each pipeline of which the defaults change anything. */
  readonly regenerate: boolean;
  readonly reprocess: boolean;
  readonly dryRun: boolean;
}

/** What the specs of a cluster's and a project's pipelines have without saying it. */
export function defaultsHandlers({ state, rpc }: Parts): Partial<APIHandlers> {
  const { db, nodes } = state;
  const set = ({ project, json, regenerate, reprocess, dryRun }: NewDefaults) => {
    const run = dryRun ? state.tryOut.bind(state) : state.write.bind(state);
    return run((tx) => {
      putDefaults(tx, project, json);
      const rows = regenerate ? listPipelines(db, project === undefined ? [] : [project]) : [];
      const changed = changedByDefaults(db, rows);
      for (const { row, texts } of changed) {
        within(`could not regenerate pipeline ${pipelineText(row)}`, () =>
          createPipeline(tx, nodes, { ...texts, update: true, reprocess }),
        );
      }
      return { affected_pipelines: changed.map(({ row }) => fromPipeline(row)) };
    });
  };
  return {
    GetClusterDefaults: rpc.unary(() => ({ cluster_defaults_json: clusterDefaults(db).json })),
    SetClusterDefaults: rpc.unary(
      ({ cluster_defaults_json: json = "", regenerate = false, reprocess = false, dry_run: dryRun = false }) =>
        set({ json, regenerate, reprocess, dryRun }),
    ),
    GetProjectDefaults: rpc.unary(({ project }) => {
      const { name } = inspectProject(db, project?.name || DEFAULT_PROJECT);
      const { json, created } = projectDefaults(db, name);
      return { project_defaults_json: json, created_by: "", created_at: created === undefined ? null : toTimestamp(created) };
    }),
    SetProjectDefaults: rpc.unary(
      ({ project, project_defaults_json: json = "", regenerate = false, reprocess = false, dry_run: dryRun = false }) =>
        set({ project: project?.name || DEFAULT_PROJECT, json, regenerate, reprocess, dryRun }),
    ),
  };
}

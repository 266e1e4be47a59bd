import { StemmaError } from "../../lineage/errors.ts";
import type { SpecTexts } from "./create-pipeline.ts";
import type { Database } from "../store/database.ts";
import { Fault, invalid, within } from "../fault.ts";
import { type PipelineRow, currentVersion } from "./pipelines.ts";
import { inspectProject } from "../pfs/projects.ts";
import { effectiveSpec } from "./spec-json.ts";
import type { Transaction } from "../transaction.ts";

/** What a pachd sets when it is installed. The engine keeps it, so that specs are the same there and here; it limits no job. */
const INSTALLED =
  '{"createPipelineRequest":{"resourceRequests":{"cpu":1,"memory":"256Mi","disk":"1Gi"},"sidecarResourceRequests":{"cpu":1,"memory":"256Mi","disk":"1Gi"}}}';
/** The name of the cluster among the projects. */
const CLUSTER = "";
const NOTHING = "{}";

/** As JSON of a `ClusterDefaults` or `ProjectDefaults` message, in the words of who set them. */
export interface Defaults {
  readonly json: string;
  /** Not there while nobody has set them. */
  readonly created?: number;
}

export function clusterDefaults(db: Database): Defaults {
  return find(db, CLUSTER) ?? { json: INSTALLED };
}

export function projectDefaults(db: Database, project: string): Defaults {
  return find(db, project) ?? { json: NOTHING };
}

function find(db: Database, project: string): Defaults | undefined {
  return db.get("SELECT json, created FROM pipeline_defaults WHERE project = ?", project);
}

/** Sets the defaults of a project, or of the cluster. Throws INVALID_ARGUMENT for what makes no spec. */
export function putDefaults(tx: Transaction, project: string | undefined, json: string): void {
  const { db } = tx;
  const layers = project === undefined ? [json] : [clusterDefaults(db).json, json];
  badRequest(`invalid ${project === undefined ? "cluster" : "project"} defaults JSON`, () => effectiveSpec("{}", () => layers));
  db.run(
    "INSERT INTO pipeline_defaults VALUES (?, ?, ?) ON CONFLICT (project) DO UPDATE SET json = excluded.json, created = excluded.created",
    project ?? CLUSTER,
    json,
    tx.now,
  );
}

/** A user's spec with the defaults of its project and of the cluster filled in. Throws INVALID_ARGUMENT, saying what is wrong where. */
export function withDefaults(db: Database, userJson: string): ReturnType<typeof effectiveSpec> {
  return badRequest("could not make effective spec", () =>
    effectiveSpec(userJson, (project) => {
      within(`could not get defaults for project ${project}`, () => inspectProject(db, project));
      return [clusterDefaults(db).json, projectDefaults(db, project).json];
    }),
  );
}

/** pachd answers INVALID_ARGUMENT whatever is the matter with a spec, also a project that is not there. */
function badRequest<T>(doing: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof StemmaError || error instanceof Fault) throw invalid(`${doing}: ${error.message}`);
    throw error;
  }
}

/** What the specs of these pipelines are by the defaults as they are now: of those of which that changes anything. */
export function changedByDefaults(
  db: Database,
  rows: readonly PipelineRow[],
): { readonly row: PipelineRow; readonly texts: SpecTexts }[] {
  return rows.flatMap((row) => {
    const { user_spec: userJson, effective_spec: before } = currentVersion(db, row);
    const { json: effectiveJson } = withDefaults(db, userJson);
    return effectiveJson === before ? [] : [{ row, texts: { userJson, effectiveJson } }];
  });
}

import { StemmaError } from "../lineage/errors.ts";
import type { MlflowApi } from "./api.ts";
import type { LoggedModel, ModelVersion } from "./types.ts";
import { toModelVersion } from "./wire.ts";

/** Makes a logged model the next version of a name in the registry, which is made if it is not there. Not repeated after a lost answer. */
export async function registerModel(
  api: MlflowApi,
  name: string,
  { id, sourceRunId }: Pick<LoggedModel, "id" | "sourceRunId">,
): Promise<ModelVersion> {
  await createName(api, name);
  const body = { name, source: `models:/${id}`, run_id: sourceRunId, model_id: id };
  const answer = await api.post("model-versions/create", body, { repeat: "if-unsent", isDelicate: true });
  return toModelVersion(answer.object("model_version"));
}

/** The alias points at this version from now on, and at no other. */
export async function setAlias(
  api: MlflowApi,
  { name, version }: Pick<ModelVersion, "name" | "version">,
  alias: string,
): Promise<void> {
  await api.post("registered-models/alias", { name, alias, version });
}

async function createName(api: MlflowApi, name: string): Promise<void> {
  try {
    await api.post("registered-models/create", { name });
  } catch (error) {
    if (!(error instanceof StemmaError) || error.code !== "ALREADY_EXISTS") throw error;
  }
}

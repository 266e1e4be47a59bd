import type { MlflowApi } from "./api.ts";
import { quoteFilterValue } from "./filter.ts";
import { listPages } from "./pages.ts";
import type { ModelVersion, RegisteredModel } from "./types.ts";
import { toModelVersion, toRegisteredModel } from "./wire.ts";

/** The server refuses to list more. */
const MOST_MODELS_PER_PAGE = 1000;

/** All of them, by name. */
export async function* listRegisteredModels(api: MlflowApi): AsyncIterable<RegisteredModel> {
  const size = Math.min(api.pageSize, MOST_MODELS_PER_PAGE);
  const pages = listPages((token) => api.get("registered-models/search", { max_results: size, page_token: token }));
  for await (const page of pages) yield* page.list("registered_models").map(toRegisteredModel);
}

/** The versions under a name. A search leaves out their aliases. */
export async function* listVersionsOf(api: MlflowApi, name: string): AsyncIterable<ModelVersion> {
  // There is no way to search for a text with both kinds of quotes: then all versions are read, and the others left out.
  const filter = name.includes("'") && name.includes('"') ? undefined : `name = ${quoteFilterValue(name)}`;
  const pages = listPages((token) => api.get("model-versions/search", { filter, max_results: api.pageSize, page_token: token }));
  for await (const page of pages) {
    for (const version of page.list("model_versions").map(toModelVersion)) if (version.name === name) yield version;
  }
}

/** The registry's versions that came out of a run. */
export async function* listModelVersions(api: MlflowApi, runId: string): AsyncIterable<ModelVersion> {
  const filter = `run_id = ${quoteFilterValue(runId)}`;
  const pages = listPages((token) => api.get("model-versions/search", { filter, max_results: api.pageSize, page_token: token }));
  for await (const page of pages) {
    for (const version of page.list("model_versions"))
      yield await inspectModelVersion(api, version.text("name"), version.text("version"));
  }
}

/** A search leaves out the aliases. */
async function inspectModelVersion(api: MlflowApi, name: string, version: string): Promise<ModelVersion> {
  const answer = await api.get("model-versions/get", { name, version });
  return toModelVersion(answer.object("model_version"));
}

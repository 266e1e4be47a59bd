import type { MlflowApi } from "./api.ts";
import { quoteFilterValue } from "./filter.ts";
import { listPages } from "./pages.ts";
import type { ModelVersion } from "./types.ts";
import { toModelVersion } from "./wire.ts";

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

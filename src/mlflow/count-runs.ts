import { StemmaError } from "../lineage/errors.ts";
import type { MlflowApi } from "./api.ts";

export interface RunCount {
  readonly experimentIds: readonly string[];
  /** Only deleted runs; else all, deleted ones too. */
  readonly onlyDeleted?: boolean | undefined;
  readonly count: number;
}

/**
 * Whether the server has as many runs as this, or "fewer" or "more", by one call: it asks for the page that begins with the last of
 * them. A page token of MLflow's server is an offset, in base64; undefined from a server whose tokens are something else.
 */
export async function compareRunCount(
  api: MlflowApi,
  { experimentIds, onlyDeleted = false, count }: RunCount,
): Promise<"fewer" | "same" | "more" | undefined> {
  const body = {
    experiment_ids: experimentIds,
    run_view_type: onlyDeleted ? "DELETED_ONLY" : "ALL",
    max_results: 1,
    order_by: ["start_time ASC"],
    // An offset of nothing is refused.
    page_token: count < 2 ? undefined : Buffer.from(JSON.stringify({ offset: count - 1 })).toString("base64"),
  };
  try {
    const page = await api.post("runs/search", body);
    const hasLast = page.list("runs").length > 0;
    if (count === 0) return hasLast ? "more" : "same";
    if (!hasLast) return "fewer";
    return page.optionalText("next_page_token") === undefined ? "same" : "more";
  } catch (error) {
    if (error instanceof StemmaError && error.code === "USAGE") return undefined;
    throw error;
  }
}

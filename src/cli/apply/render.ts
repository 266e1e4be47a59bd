import { formatName } from "../names.ts";
import { formatDifference } from "./differences.ts";
import type { Change } from "./plan.ts";

/** What is about to be done, or would be: how an update differs from what is there. Nothing of what needs no words before. */
export function renderPlanned(change: Change, { dryRun }: { readonly dryRun: boolean }): string {
  if (change.action === "none") return `unchanged ${describe(change)}\n`;
  if (dryRun) return `would ${change.action} ${describe(change)}\n${renderDifferences(change)}`;
  return change.action === "update" ? `updating ${describe(change)}\n${renderDifferences(change)}` : "";
}

/** What has been done; nothing where there was nothing to do. */
export function renderDone(change: Change, version: number | undefined): string {
  if (change.action === "none") return "";
  if (change.action === "create") return `created ${describe(change)}\n`;
  return `updated ${describe(change)}, now version ${version}\n`;
}

/** A change as `-o json` shows it. `version` is the pipeline's after it, absent in a dry run. */
export function changeToJson(change: Change, version: number | undefined): object {
  const { kind, action } = change;
  if (change.kind === "repo") return { kind, name: formatName(change.name), action };
  const { differences } = change;
  return { kind, name: formatName(change.spec.pipeline), action, ...(version !== undefined && { version }), differences };
}

function describe(change: Change): string {
  return `${change.kind} ${formatName(change.kind === "repo" ? change.name : change.spec.pipeline)}`;
}

function renderDifferences(change: Change): string {
  if (change.kind === "repo") return "";
  return change.differences.map((difference) => `  ${formatDifference(difference)}\n`).join("");
}

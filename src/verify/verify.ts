import { StemmaError } from "../lineage/errors.ts";
import type { Node } from "../lineage/graph.ts";
import type { LineageIndex } from "../lineage/store/lineage-index.ts";
import type { Urn } from "../lineage/urn.ts";
import { formatUrn } from "../lineage/urn.ts";
import type { Gap } from "../lineage/answer.ts";
import { checkCommit, checkJobNode } from "./check-commit.ts";
import { checkAliases, checkVersion } from "./check-models.ts";
import { checkRun } from "./check-run.ts";
import type { Finding } from "./finding.ts";
import type { VerifySources } from "./ports.ts";
import { Survey, type VerifyOptions } from "./survey.ts";

export type { VerifyOptions } from "./survey.ts";

/** What kinds of things are checked. Files and datums are by way of their commits and jobs. */
const VERIFIED_KINDS = ["run", "commit", "job", "model-version"] as const;
type VerifiedKind = (typeof VERIFIED_KINDS)[number];

export interface Verification {
  readonly findings: readonly Finding[];
  /** False when something could not be asked. */
  readonly complete: boolean;
  readonly gaps: readonly Gap[];
  /** How many things were looked at. */
  readonly checked: Readonly<Record<VerifiedKind, number>>;
}

/** Enough to keep both servers busy. */
const AT_ONCE = 8;

/**
 * Checks the links of some nodes of an index from both ends, as the servers have them now. Rejects with UNREACHABLE when
 * nothing at all could be checked.
 */
export async function verify(
  index: LineageIndex,
  sources: VerifySources,
  nodes: Iterable<Node>,
  options: VerifyOptions,
): Promise<Verification> {
  const survey = new Survey(index, sources, options);
  const checked = { run: 0, commit: 0, job: 0, "model-version": 0 };
  const names = new Set<string>();
  const waiting = nodes[Symbol.iterator]();
  const work = async (): Promise<void> => {
    for (let next = waiting.next(); next.done !== true; next = waiting.next()) {
      const node = next.value;
      if (!isVerified(node)) continue;
      checked[node.kind] += 1;
      if (node.kind === "model-version") names.add(node.name);
      await checkNode(survey, node);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  for (const name of names) await survey.part(modelUrn(name), () => checkAliases(survey.look, index, name, options.accepted));
  const { findings, gaps } = survey;
  if (survey.isInVain) throw new StemmaError("UNREACHABLE", gaps.map(({ why }) => why).join(" "));
  return { findings, complete: gaps.length === 0, gaps, checked };
}

async function checkNode(survey: Survey, node: VerifiedNode): Promise<void> {
  switch (node.kind) {
    case "run":
      return checkRun(survey, node);
    case "commit":
      return checkCommit(survey, node);
    case "job":
      return checkJobNode(survey, node);
    case "model-version":
      return survey.part(formatUrn(node), () => checkVersion(survey.look, node));
  }
}

type VerifiedNode = Extract<Node, { kind: VerifiedKind }>;

function isVerified(node: Node): node is VerifiedNode {
  return VERIFIED_KINDS.some((kind) => kind === node.kind);
}

/** Of a name the first version stands for all. */
function modelUrn(name: string): Urn {
  return formatUrn({ kind: "model-version", name, version: 1 });
}

import { orAbsent } from "../lineage/errors.ts";
import type { CommitNode, JobNode } from "../lineage/graph.ts";
import { formatUrn } from "../lineage/urn.ts";
import type { CommitName, FileInfo } from "../pachyderm/types.ts";
import { checkCard } from "./check-card.ts";
import { checkContent } from "./check-content.ts";
import { goneInputs } from "./compare-origin.ts";
import { type Finding, finding } from "./finding.ts";
import { isCardPath, readCard } from "./read-card.ts";
import { isReferredTo } from "./referred.ts";
import type { Survey } from "./survey.ts";

const CARD_GLOB = `/${"?".repeat(32)}`;

/** Holds a commit against its content, and the cards in it against their runs. */
export async function checkCommit(survey: Survey, node: CommitNode): Promise<void> {
  if (node.type !== "user") return;
  const at = formatUrn(node);
  const commit: CommitName = { repo: { project: node.project, name: node.repo, type: node.type }, id: node.id };
  await survey.part(at, async () => {
    const info = await survey.look.commit(commit);
    if (info === undefined) return isReferredTo(survey.index, at) ? [missing("commit-gone", at)] : [];
    if (info.finished === undefined || info.error !== "") return [];
    survey.say(`commit ${node.repo}@${node.id}`);
    for (const file of await filesOf(survey, commit)) {
      if (survey.options.content) await survey.part(at, () => checkContent(survey.look, commit, file, survey.seenContent));
      const card = isCardPath(file) ? await readCardOf(survey, commit, file) : undefined;
      if (card !== undefined) await checkCard(survey, card);
    }
    return [];
  });
}

/** Whether a job and what it read are still there. */
export async function checkJobNode(survey: Survey, node: JobNode): Promise<void> {
  const at = formatUrn(node);
  await survey.part(at, async () => {
    const job = await survey.look.job({ pipeline: { project: node.project, name: node.pipeline }, id: node.id });
    if (job === undefined) return isReferredTo(survey.index, at) ? [missing("job-gone", at)] : [];
    return goneInputs(survey.look, job);
  });
}

/** All files, or only those that may be cards. */
async function filesOf({ look, options }: Survey, { repo, id }: CommitName): Promise<readonly FileInfo[]> {
  const query = { repo, at: id };
  const { pachyderm } = look.sources;
  const list = (): Promise<FileInfo[]> =>
    Array.fromAsync(options.content ? pachyderm.walkFiles(query, "/") : pachyderm.globFiles(query, CARD_GLOB));
  return ((await orAbsent(look.ask("pachyderm", list))) ?? []).filter(({ type }) => type === "FILE");
}

/** Undefined for what cannot be read: its content is damaged, which is found as such. */
async function readCardOf(survey: Survey, commit: CommitName, file: FileInfo): ReturnType<typeof readCard> {
  let card: Awaited<ReturnType<typeof readCard>>;
  await survey.part(formatUrn({ kind: "run", id: file.path.slice(1) }), async () => {
    card = await readCard(survey.look, commit, file);
    return [];
  });
  return card;
}

function missing(kind: "commit-gone" | "job-gone", at: Finding["at"]): Finding {
  return finding(kind, at, { expected: "what others came from, or made", found: "nothing" });
}

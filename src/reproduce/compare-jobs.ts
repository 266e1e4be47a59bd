import { lastingContent } from "./by-nature.ts";
import { type CardComparison, compareCards } from "./compare-cards.ts";
import { type FileComparison, compareFiles } from "./compare-files.ts";
import { type DatumOutput, readBytes } from "./output.ts";
import type { ReproducePachyderm } from "./ports.ts";
import type { Difference, Reproduction, Verdict } from "./verdict.ts";

type Comparison = Pick<Reproduction, "verdict" | "datums" | "files" | "metrics" | "differences" | "leftOut">;

interface BothOutputs {
  readonly expected: readonly DatumOutput[];
  readonly found: readonly DatumOutput[];
  readonly tolerance: number;
}

/** Holds the output of two jobs against each other, datum by datum: those are pairs that read the same. */
export async function compareJobs(
  pachyderm: ReproducePachyderm,
  { expected, found, tolerance }: BothOutputs,
): Promise<Comparison> {
  const byInputs = new Map(found.map((datum) => [datum.inputs.join("\n"), datum]));
  const compared: DatumComparison[] = [];
  for (const datum of expected)
    compared.push(await compareDatum(pachyderm, datum, byInputs.get(datum.inputs.join("\n")), tolerance));
  const first =
    compared.find(({ verdict }) => verdict === "differs") ?? compared.find(({ differences }) => differences.length > 0);
  return {
    verdict: worst(compared.map(({ verdict }) => verdict)),
    datums: compared.length,
    files: compared.reduce(
      (sum, { files: { same, sameByNature, different } }) => sum + same + sameByNature + different.length,
      0,
    ),
    metrics: compared.reduce((sum, { cards }) => sum + cards.metrics, 0),
    differences: first?.differences ?? [],
    leftOut: describeLeftOut(compared, expected),
  };
}

interface DatumComparison {
  readonly verdict: Verdict;
  readonly files: FileComparison;
  readonly cards: CardComparison;
  readonly differences: readonly Difference[];
}

async function compareDatum(
  pachyderm: ReproducePachyderm,
  expected: DatumOutput,
  found: DatumOutput | undefined,
  tolerance: number,
): Promise<DatumComparison> {
  const about = { datum: expected.id, inputs: expected.inputs };
  if (found === undefined) {
    const nothing = { same: 0, sameByNature: 0, checksums: 0, different: [] };
    const difference: Difference = { ...about, kind: "datum", what: "the datum", expected: "one that reads this", found: "none" };
    return { verdict: "differs", files: nothing, cards: { metrics: 0, different: [] }, differences: [difference] };
  }
  const files = await compareFiles(expected.files, found.files, async (side, { path }) =>
    lastingContent(path, await readBytes(pachyderm, (side === "expected" ? expected : found).commit, path)),
  );
  const cards = compareCards(expected.cards, found.cards, tolerance);
  const differences = [
    ...cards.different.map((each) => ({ ...about, ...each })),
    ...files.different.map(({ path, ...each }) => ({ ...about, kind: "file" as const, what: path, ...each })),
  ];
  return { verdict: verdictOf(files, cards), files, cards, differences };
}

/** Files tell by themselves when they are equal; where they are not, or there are none, the metrics do. */
export function verdictOf({ same, sameByNature, different }: FileComparison, cards: CardComparison): Verdict {
  if (cards.different.length > 0) return "differs";
  if (different.length > 0) return cards.metrics > 0 ? "metrics-equal" : "differs";
  if (sameByNature > 0) return "content-equal";
  return same === 0 && cards.metrics > 0 ? "metrics-equal" : "bytes-equal";
}

const FROM_BEST: readonly Verdict[] = ["bytes-equal", "content-equal", "metrics-equal", "differs"];

function worst(verdicts: readonly Verdict[]): Verdict {
  return FROM_BEST[Math.max(0, ...verdicts.map((verdict) => FROM_BEST.indexOf(verdict)))] ?? "differs";
}

function describeLeftOut(compared: readonly DatumComparison[], expected: readonly DatumOutput[]): readonly string[] {
  const cards = expected.reduce((sum, datum) => sum + datum.cards.length, 0);
  const byNature = compared.reduce((sum, { files }) => sum + files.sameByNature, 0);
  const checksums = compared.reduce((sum, { files }) => sum + files.checksums, 0);
  return [
    ...(cards === 0
      ? []
      : [`${cards} run cards and outboxes: their params and metrics were compared instead, without system/* and spark.*`]),
    ...(byNature === 0
      ? []
      : [
          `names, times, ids and the order of fields in ${byNature} files, which Spark makes anew each time: their content is the same`,
        ]),
    ...(checksums === 0 ? [] : [`${checksums} .crc files, the checksums of others`]),
  ];
}

import type { Run } from "../mlflow/types.ts";
import type { DatumOutput } from "./output.ts";
import type { ReproducePorts } from "./ports.ts";

const ANYWAY = "(--allow-other-code goes on all the same)";

/** In what the code that would run is another than the run's. Nothing is said where the code is not to be seen from here. */
export async function codeProblems({ readCode }: Pick<ReproducePorts, "readCode">, { tags }: Run): Promise<readonly string[]> {
  const commit = tags["mlflow.source.git.commit"];
  const script = tags["stemma.script"];
  const sha256 = tags["stemma.script_sha256"];
  const { git, scriptSha256 } = await readCode(script);
  const problems: string[] = [];
  if (script !== undefined && scriptSha256 !== undefined && scriptSha256 !== sha256)
    problems.push(`the script ${script} of the run is not the one here ${ANYWAY}`);
  if (commit !== undefined && git !== undefined && git.commit !== commit)
    problems.push(
      `the code of the run is git commit ${commit}, and ${git.commit} is checked out here: --in FOLDER makes a checkout of it ${ANYWAY}`,
    );
  if (git?.dirty === true && tags["stemma.git_dirty"] === "false" && git.commit === commit)
    problems.push(`the checkout has changes that the run had not ${ANYWAY}`);
  return problems;
}

/** What a reader should know of code that could not be compared beforehand. */
export function codeNotes({ tags }: Run): readonly string[] {
  return tags["stemma.git_dirty"] === "true"
    ? [
        `The run's code had changes beyond git commit ${tags["mlflow.source.git.commit"] ?? ""}: see its artifact code/diff.patch.`,
      ]
    : [];
}

/** In what the code that ran again was another, as the tracked commands themselves tell it. */
export function otherCode(expected: readonly DatumOutput[], found: readonly DatumOutput[]): readonly string[] {
  const before = scriptsOf(expected);
  const others = [...scriptsOf(found)].filter(([path, sha256]) => before.has(path) && before.get(path) !== sha256);
  return others.map(([path]) => `The script ${path} that ran again is not the one of the run.`);
}

function scriptsOf(outputs: readonly DatumOutput[]): ReadonlyMap<string, string> {
  const scripts = outputs.flatMap(({ cards }) => cards).flatMap(({ code }) => code.script ?? []);
  return new Map(scripts.map(({ path, sha256 }) => [path, sha256]));
}

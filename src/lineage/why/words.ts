import type { RunNode } from "../graph.ts";
import type { Urn } from "../urn.ts";
import { formatUrn } from "../urn.ts";

/** What runs say of themselves in few words, and of how many of them it is true. */
export interface RunFacts {
  readonly code: readonly string[];
  readonly params: readonly string[];
  readonly environment: readonly string[];
}

/** What is known of a run beside its node: out of its card. By names such as "git commit" and "python". */
export interface RunWords {
  readonly code: Readonly<Record<string, string | undefined>>;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** Code, params and environment of the runs of a stage: what all of them share, and how many values there are of the rest. */
export function factsOf(runs: readonly RunNode[], words: ReadonlyMap<Urn, RunWords>): RunFacts {
  const known = runs.map((run) => words.get(formatUrn(run)) ?? { code: codeByTags(run), environment: environmentByTags(run) });
  return {
    code: distinct(known.map(({ code }) => codeText(code))),
    params: shared(
      runs.map(({ params }) => params ?? {}),
      "=",
    ),
    environment: shared(
      known.map(({ environment }) => shortened(environment)),
      " ",
    ),
  };
}

function codeByTags({ tags = {} }: RunNode): RunWords["code"] {
  const dirty = tags["stemma.git_dirty"];
  return {
    "git commit": tags["mlflow.source.git.commit"],
    "changes on top": dirty === undefined ? undefined : dirty === "true" ? "some" : "none",
  };
}

function environmentByTags({ tags = {} }: RunNode): RunWords["environment"] {
  return { image: tags["pachyderm.image"] };
}

function codeText(code: RunWords["code"]): string {
  const commit = code["git commit"];
  const changes = code["changes on top"];
  const script = code["script"] === undefined ? "" : `script ${code["script"]}`;
  if (commit === undefined) return script;
  const state =
    changes === undefined ? "" : changes === "none" ? " (clean)" : changes === "some" ? " (with changes)" : ` (with ${changes})`;
  return [`git ${commit}${state}`, script].filter((text) => text !== "").join(", ");
}

const SHOWN = ["python", "java", "spark", "node", "image", "os"];

function shortened(environment: RunWords["environment"]): Readonly<Record<string, string>> {
  return Object.fromEntries(SHOWN.flatMap((name) => (environment[name] === undefined ? [] : [[name, environment[name]]])));
}

function distinct(texts: readonly string[]): readonly string[] {
  return [...new Set(texts.filter((text) => text !== ""))];
}

/** `name=value` where all have the same, else how many values there are. */
function shared(records: ReadonlyArray<Readonly<Record<string, string>>>, joint: string): readonly string[] {
  const names = [...new Set(records.flatMap((record) => Object.keys(record)))];
  return names.map((name) => {
    const values = new Set(records.map((record) => record[name]));
    const [only] = values;
    return values.size === 1 ? `${name}${joint}${only ?? ""}` : `${name}${joint}(${values.size} values)`;
  });
}

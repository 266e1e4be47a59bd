import * as fc from "fast-check";

export interface BranchRef {
  readonly repo: string;
  readonly branch: string;
}

/** One step of a test. Numbers pick from what there is at the time. */
export type Step =
  | { readonly do: "create repo" | "delete repo"; readonly repo: string }
  | (BranchRef & { readonly do: "start" | "delete branch" })
  | (BranchRef & { readonly do: "change"; readonly edits: readonly Edit[] })
  | { readonly do: "finish"; readonly commit: number }
  | { readonly do: "squash" | "drop"; readonly commit: number }
  | (BranchRef & { readonly do: "link"; readonly upstream: readonly BranchRef[] })
  | { readonly do: "move"; readonly branch: number; readonly commit: number }
  | (BranchRef & { readonly do: "create pipeline"; readonly name: string })
  | { readonly do: "delete pipeline"; readonly name: string };

export type Edit =
  | { readonly do: "put" | "append"; readonly path: string; readonly content: number }
  | { readonly do: "delete"; readonly path: string }
  /** All files of a commit, below a folder of this name. */
  | { readonly do: "copy"; readonly path: string; readonly commit: number };

/** Of which the last ones are stored as files of their own. */
export const CONTENTS: readonly string[] = ["", "1", "22", "333", "large;".repeat(11_666), "larger;".repeat(10_000)];

export const REPOS = ["a", "b", "c"] as const;
const anyRepo = fc.constantFrom(...REPOS);
const anyPipeline = fc.constantFrom("p", "q");
const anySource = fc.oneof({ weight: 4, arbitrary: anyRepo }, { weight: 1, arbitrary: anyPipeline });
const anyBranch = fc.oneof({ weight: 3, arbitrary: fc.constant("master") }, { weight: 1, arbitrary: fc.constant("other") });
const any = { repo: anyRepo, branch: anyBranch };
const anyNumber = fc.nat(1000);
const anyUpstream = fc.record({ repo: anySource, branch: anyBranch });
const anyUpstreams = fc.uniqueArray(anyUpstream, { maxLength: 2, selector: ({ repo, branch }) => `${repo}@${branch}` });

const anyEdit: fc.Arbitrary<Edit> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constantFrom("put", "append"),
      path: fc.constantFrom("/x", "/y", "/folder/x", "/folder/z"),
      content: fc.constantFrom(...CONTENTS.keys()),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("delete"), path: fc.constantFrom("/x", "/folder/x", "/y") }) },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant("copy"), path: fc.constantFrom("/copy", "/copy/again"), commit: anyNumber }),
  },
);

/** Much putting, some history, few pipelines: their jobs take the time of hundreds of other steps. */
export const anyStep: fc.Arbitrary<Step> = fc.oneof(
  { weight: 2, arbitrary: fc.record({ do: fc.constant("create repo"), repo: anyRepo }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("delete repo"), repo: anySource }) },
  {
    weight: 16,
    arbitrary: fc.record({ do: fc.constant("change"), ...any, edits: fc.array(anyEdit, { minLength: 1, maxLength: 3 }) }),
  },
  { weight: 5, arbitrary: fc.record({ do: fc.constant("start"), ...any }) },
  { weight: 7, arbitrary: fc.record({ do: fc.constant("finish"), commit: anyNumber }) },
  { weight: 9, arbitrary: fc.record({ do: fc.constantFrom("squash", "drop"), commit: anyNumber }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant("link"), ...any, upstream: anyUpstreams }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("move"), branch: anyNumber, commit: anyNumber }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("delete branch"), ...any }) },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant("create pipeline"), name: anyPipeline, repo: anySource, branch: anyBranch }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("delete pipeline"), name: anyPipeline }) },
);

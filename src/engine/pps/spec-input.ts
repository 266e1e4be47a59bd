import type { CronInput__Output as WireCronInput } from "../../pachyderm/generated/pps_v2/CronInput.ts";
import type { Input__Output as WireInput } from "../../pachyderm/generated/pps_v2/Input.ts";
import type { PFSInput__Output as WirePfsInput } from "../../pachyderm/generated/pps_v2/PFSInput.ts";
import { nextTick } from "../cron.ts";
import { refused, unimplemented } from "../fault.ts";
import { compileGlob } from "../files/glob.ts";
import type { PfsInput, PipelineKey, SpecInput } from "./pipeline-spec.ts";

const COMPOSITIONS = ["cross", "join", "group", "union"] as const;
const MASTER = "master";

/** Checks a spec's input and fills in what pachd fills in. Throws pachd's words for an input that it refuses. */
export function toSpecInput(input: WireInput | undefined, pipeline: PipelineKey): SpecInput | undefined {
  if (input === undefined) return undefined;
  const spec = new InputReader(pipeline).read(sorted(input));
  checkNames(spec, new Set());
  if (hasS3(input)) throw unimplemented('the embedded engine does not take "s3" inputs; use a Pachyderm cluster');
  return spec;
}

/** The children of compositions by the names that users gave them, and first of all those without. */
function sorted(input: WireInput): WireInput {
  const children = COMPOSITIONS.flatMap((kind) => {
    const list = (input[kind] ?? []).map(sorted);
    return list.length === 0 ? [] : [[kind, list.sort((a, b) => compare(givenName(a), givenName(b)))]];
  });
  return { ...input, ...(Object.fromEntries(children) as Partial<WireInput>) };
}

function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}

function givenName(input: WireInput): string {
  if (input.pfs !== undefined) return input.pfs.name ?? "";
  const [first] = childrenOf(input);
  return first === undefined ? "" : givenName(first);
}

function childrenOf(input: WireInput): readonly WireInput[] {
  return COMPOSITIONS.map((kind) => input[kind] ?? []).find((list) => list.length > 0) ?? [];
}

function hasS3(input: WireInput): boolean {
  return input.pfs?.s3 === true || childrenOf(input).some(hasS3);
}

/** Reads the inputs of one pipeline, and counts the branches that it gives to those with a trigger. */
class InputReader {
  readonly #pipeline: PipelineKey;
  readonly #triggered = new Map<string, number>();

  constructor(pipeline: PipelineKey) {
    this.#pipeline = pipeline;
  }

  read(input: WireInput): SpecInput {
    const compositions = COMPOSITIONS.filter((kind) => input[kind]?.length);
    const kinds = compositions.length + Number(input.pfs !== undefined) + Number(input.cron !== undefined);
    if (kinds > 1) throw refused("multiple input types set");
    if (input.pfs !== undefined) return this.#readPfs(input.pfs);
    if (input.cron !== undefined) return this.#readCron(input.cron);
    const [kind] = compositions;
    if (kind === undefined) throw refused("no input set");
    const inputs = childrenOf(input).map((child) => this.read(child));
    if (kind !== "cross" && hasS3(input)) throw refused(`S3 inputs in ${kind} expressions are not supported`);
    return { kind, inputs };
  }

  #readPfs(pfs: WirePfsInput): PfsInput {
    const name = pfs.name || (pfs.repo ?? "");
    checkName(name);
    if (!pfs.repo) throw refused("input must specify a repo");
    checkS3(pfs);
    if (!pfs.glob) throw refused("input must specify a glob");
    if (pfs.commit) throw refused("input cannot come from a commit; use a branch with head pointing to the commit");
    return {
      ...PLAIN,
      kind: "pfs",
      name,
      project: pfs.project || this.#pipeline.project,
      repo: pfs.repo,
      repoType: pfs.repo_type || "user",
      branch: pfs.branch || (pfs.trigger === undefined ? MASTER : this.#newTriggered(pfs.repo)),
      // pachd takes a malformed pattern, and its job then fails without end.
      glob: compileGlob(pfs.glob).pattern,
      joinOn: pfs.join_on ?? "",
      groupBy: pfs.group_by ?? "",
      outerJoin: pfs.outer_join ?? false,
      lazy: pfs.lazy ?? false,
      emptyFiles: pfs.empty_files ?? false,
      trigger: pfs.trigger && { ...pfs.trigger, branch: pfs.trigger.branch || MASTER },
      neverPropagates: pfs.propagation_spec?.never ?? false,
      isReference: pfs.reference ?? false,
    };
  }

  #newTriggered(repo: string): string {
    const number = (this.#triggered.get(repo) ?? 0) + 1;
    this.#triggered.set(repo, number);
    return `${this.#pipeline.name}-trigger-${number}`;
  }

  #readCron(cron: WireCronInput): PfsInput {
    const { name = "", spec = "", start } = cron;
    checkName(name);
    nextTick(spec, 0);
    return {
      ...PLAIN,
      kind: "pfs",
      name,
      project: cron.project || this.#pipeline.project,
      repo: cron.repo || `${this.#pipeline.name}_${name}`,
      repoType: "user",
      branch: MASTER,
      glob: "/*",
      cron: {
        spec,
        overwrite: cron.overwrite ?? false,
        start: start && Number(start.seconds ?? 0) * 1000 + (start.nanos ?? 0) / 1e6,
      },
    };
  }
}

const PLAIN = {
  joinOn: "",
  groupBy: "",
  outerJoin: false,
  lazy: false,
  emptyFiles: false,
  neverPropagates: false,
  isReference: false,
} as const;

/** pachd's own rules for an input that is read through its S3 gateway. */
function checkS3({ s3, glob, lazy, empty_files }: WirePfsInput): void {
  if (!s3) return;
  if (glob !== "/")
    throw refused(
      "inputs that set 's3' to 'true' must also set 'glob', to \"/\", as the S3 gateway is only able to expose data at the commit level",
    );
  const other = lazy ? "lazy" : empty_files ? "empty_files" : undefined;
  if (other !== undefined)
    throw refused(
      `input cannot specify both 's3' and '${other}', as 's3' requires input data to be accessed via Pachyderm's S3 gateway rather than the file system`,
    );
}

/** An input's name is its folder in /pfs, beside those of the output and the environment. */
function checkName(name: string): void {
  if (name === "") throw refused("input must specify a name");
  if (name === "out" || name === ".env") throw refused(`input cannot be named ${name}`);
}

/** Inputs of one datum have different names; the children of a union are never in one datum, and may share theirs. */
function checkNames(input: SpecInput, taken: Set<string>): void {
  if (input.kind === "pfs") {
    if (taken.has(input.name)) throw refused(`name "${input.name}" was used more than once`);
    taken.add(input.name);
  } else if (input.kind === "union") {
    const beside = new Set(taken);
    for (const child of input.inputs) {
      const names = new Set(beside);
      checkNames(child, names);
      for (const name of names) taken.add(name);
    }
  } else {
    for (const child of input.inputs) checkNames(child, taken);
  }
}

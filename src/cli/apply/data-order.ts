import { StemmaError } from "../../lineage/errors.ts";
import type { Input__Output as Input } from "../../pachyderm/generated/pps_v2/Input.ts";
import type { PipelineName } from "../../pachyderm/types.ts";
import { formatName } from "../names.ts";

interface Reader {
  readonly pipeline: PipelineName;
  /** The repos that it reads. */
  readonly inputs: readonly PipelineName[];
}

/** The repos of data that an input names, in a pipeline of this project. */
export function inputRepos(input: Input | undefined, project: string): PipelineName[] {
  if (input === undefined) return [];
  const { pfs, cross = [], union = [], join: joined = [], group = [] } = input;
  const nested = [...cross, ...union, ...joined, ...group].flatMap((child) => inputRepos(child, project));
  const isData = pfs?.repo !== undefined && (pfs.repo_type ?? "user") === "user";
  return isData ? [{ project: pfs.project || project, name: pfs.repo ?? "" }, ...nested] : nested;
}

/** The same specs, each after those that it reads from. Throws USAGE where they go in a circle, or one is there twice. */
export function inDataOrder<Spec extends Reader>(specs: readonly Spec[]): Spec[] {
  const byName = new Map<string, Spec>();
  for (const spec of specs) {
    const name = formatName(spec.pipeline);
    if (byName.has(name)) throw new StemmaError("USAGE", `pipeline ${name} is specified twice.`);
    byName.set(name, spec);
  }
  const ordered = new Set<Spec>();
  const visit = (spec: Spec, readers: readonly Spec[]): void => {
    if (readers.includes(spec))
      throw new StemmaError("USAGE", `pipeline ${formatName(spec.pipeline)} would read what is made from its own output.`);
    for (const repo of spec.inputs) {
      const maker = byName.get(formatName(repo));
      if (maker !== undefined && !ordered.has(maker)) visit(maker, [...readers, spec]);
    }
    ordered.add(spec);
  };
  for (const spec of specs) if (!ordered.has(spec)) visit(spec, []);
  return [...ordered];
}

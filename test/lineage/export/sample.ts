import * as fc from "fast-check";
import type { Edge, Graph, Node } from "../../../src/lineage/graph.ts";
import { edge, fileNames } from "../../../src/lineage/graph.ts";
import type { ExportContext } from "../../../src/lineage/export/context.ts";
import { runs } from "../../helpers/scale.ts";
import type { Urn } from "../../../src/lineage/urn.ts";
import { formatUrn } from "../../../src/lineage/urn.ts";

export const context: ExportContext = {
  version: "1.2.3",
  pachyderm: "pachyderm://localhost:30650",
  mlflow: "mlflow://localhost:5000",
  now: new Date("2026-03-01T12:00:00Z"),
};

const hex = (digit: string): string => digit.repeat(32);
const at = (minute: number): Date => new Date(Date.UTC(2026, 1, 3, 10, minute));

/** Names that break what is put together without care. */
export const ODD = [
  `a "quoted" name`,
  "two\nlines\r\n\ttab",
  "]]> <b>&amp;</b>",
  "100% %41 ${x} \\",
  "naïve 数据 🚀",
  "'(x),[y];:=@#?",
] as const;

/**
 *   raw ─ etl (job, pipeline #3) ─ features ─ train (job) ─ run ─ model, its version, a chart
 *                                     other data ─────────┘ └ code
 */
export function sample(odd: string = "plain"): Graph & { readonly root: Urn } {
  const raw = {
    kind: "commit",
    project: "default",
    repo: "raw_data",
    type: "user",
    id: hex("a"),
    time: at(0),
    state: "finished",
    description: odd,
    sizeBytes: 120,
  } as const;
  const rawFile = {
    kind: "file",
    project: "default",
    repo: "raw_data",
    type: "user",
    commit: hex("a"),
    path: `/${odd}.csv`,
    hash: hex("9").repeat(2),
    sizeBytes: 120,
  } as const;
  const etl = { kind: "job", project: "default", pipeline: "etl", id: hex("b"), state: "success", time: at(2) } as const;
  const etlVersion = {
    kind: "pipeline",
    project: "default",
    pipeline: "etl",
    version: 3,
    image: `registry/etl:${odd}`,
    command: ["python", odd],
    specDigest: "e".repeat(64),
  } as const;
  const features = {
    kind: "commit",
    project: "default",
    repo: "etl",
    type: "user",
    id: hex("b"),
    time: at(3),
    state: "finished",
  } as const;
  const train = {
    kind: "job",
    project: "default",
    pipeline: "train",
    id: hex("c"),
    state: "failure",
    reason: odd,
    time: at(9),
  } as const;
  const trainVersion = { kind: "pipeline", project: "default", pipeline: "train", version: 1 } as const;
  const run = {
    kind: "run",
    id: "0123456789ab4def8123456789abcdef",
    name: odd,
    experiment: `exp ${odd}`,
    state: "finished",
    began: at(5),
    time: at(8),
    params: { lr: "0.1", [odd]: odd },
    metrics: { auc: 0.93, [`m ${odd}`]: 3 },
    tags: { "mlflow.user": odd },
  } as const;
  const code = { kind: "code", commit: "d".repeat(40), repository: `https://example.com/${odd}.git` } as const;
  const foreign = { kind: "dataset", name: odd, digest: `v ${odd}`, sourceType: "http", source: odd } as const;
  const model = {
    kind: "logged-model",
    id: `m-${odd}`,
    name: odd,
    tags: { "stemma.digest": `sha256:${"f".repeat(64)}` },
    time: at(8),
  } as const;
  const version = {
    kind: "model-version",
    name: odd.replaceAll("/", "_"),
    version: 4,
    aliases: ["champion"],
    stage: "Production",
    tags: { note: odd },
    time: at(9),
  } as const;
  const chart = { kind: "artifact", run: run.id, path: `/${odd}.png`, sha256: "1".repeat(64), sizeBytes: 10 } as const;
  const out = {
    kind: "commit",
    project: "default",
    repo: "train",
    type: "user",
    id: hex("c"),
    time: at(9),
    state: "finished",
  } as const;
  const copy = { kind: "commit", project: "other", repo: "copy", type: "user", id: hex("c") } as const;
  const edges: readonly Edge[] = [
    edge(rawFile, "within", raw),
    edge(etl, "used", raw, fileNames([`/${odd}.csv`])),
    edge(etl, "of", etlVersion),
    edge(features, "generated", etl),
    edge(train, "used", features),
    edge(train, "of", trainVersion),
    edge(out, "generated", train),
    edge(out, "generated", run),
    edge(run, "within", train),
    edge(run, "used", foreign),
    edge(run, "used", code),
    edge(model, "generated", run),
    edge(chart, "generated", run),
    edge(version, "derived", model),
    edge(copy, "derived", out),
  ];
  const nodes: readonly Node[] = [
    raw,
    rawFile,
    etl,
    etlVersion,
    features,
    train,
    trainVersion,
    run,
    code,
    foreign,
    model,
    version,
    chart,
    out,
    copy,
  ];
  return { root: formatUrn(version), nodes: new Map(nodes.map((node) => [formatUrn(node), node])), edges };
}

/** One job at file level, and a model in use: a datum made a file from a file, and a deployment uses a version. */
export function fileSample(odd: string): Graph & { readonly root: Urn } {
  const place = { project: "default", repo: "etl", type: "user", commit: hex("b") } as const;
  const source = { ...place, kind: "file", repo: "raw_data", path: `/${odd}` } as const;
  const made = { ...place, kind: "file", path: `/out/${odd}/`, sizeBytes: 3 } as const;
  const job = {
    kind: "job",
    project: "default",
    pipeline: "etl",
    id: hex("b"),
    state: "running",
    began: at(1),
    time: at(1),
  } as const;
  const datum = {
    kind: "datum",
    project: "default",
    pipeline: "etl",
    job: hex("b"),
    id: hex("7").repeat(2),
    state: "success",
    time: at(2),
  } as const;
  const commit = { kind: "commit", project: "default", repo: "etl", type: "user", id: hex("b") } as const;
  const version = { kind: "model-version", name: odd, version: 1 } as const;
  const deployment = { kind: "deployment", id: odd, name: odd } as const;
  const batch = { kind: "batch", id: odd } as const;
  const nodes: readonly Node[] = [source, made, job, datum, commit, version, deployment, batch];
  const edges = [
    edge(datum, "used", source),
    edge(made, "generated", datum),
    edge(made, "within", commit),
    edge(datum, "within", job),
    edge(commit, "generated", job),
    edge(deployment, "used", version),
    edge(batch, "generated", deployment),
  ];
  return { root: formatUrn(made), nodes: new Map(nodes.map((node) => [formatUrn(node), node])), edges };
}

/** Graphs for a validator, by a name: of odd names, of any names, and at file level. */
export function samples(): ReadonlyMap<string, Graph & { readonly root: Urn }> {
  const any = fc.sample(fc.string({ unit: "binary", minLength: 1, maxLength: 30 }), { ...runs(4), numRuns: 4 });
  const whole = ["plain", ...ODD, ...any].map((name) => [name, sample(name)] as const);
  const files = [ODD.join(" "), ...any].map((name) => [`file ${name}`, fileSample(name)] as const);
  return new Map([...whole, ...files]);
}

/** The same graph the other way round. */
export function shuffled(graph: Graph & { readonly root: Urn }): Graph & { readonly root: Urn } {
  return { root: graph.root, nodes: new Map([...graph.nodes].toReversed()), edges: graph.edges.toReversed() };
}

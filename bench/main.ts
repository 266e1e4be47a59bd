// `npm run bench -- NAME [--json] [--rows N]`: measures, prints a table, and ends with 1 when a limit is missed.
import { parseArgs } from "node:util";
import { drawFigures, isMet, toJson } from "./figure.ts";
import type { Figure } from "./figure.ts";

interface Bench {
  readonly about: string;
  /** Some take a number of rows. */
  readonly run: (rows: number | undefined) => Promise<readonly Figure[]>;
}

const BENCHES: Readonly<Record<string, Bench>> = {
  start: {
    about: "how quickly the command line starts",
    run: async () => (await import("./start.ts")).benchStart(),
  },
  demo: {
    about: "how much of the demo's time is the engine's own",
    run: async () => (await import("./demo.ts")).benchDemo(),
  },
  engine: {
    about: "the engine beside the least that each work can cost",
    run: async () => (await import("./engine.ts")).benchEngine(),
  },
  tracker: {
    about: "the tracker beside MLflow's own Python client",
    run: async () => (await import("./tracker.ts")).benchTracker(),
  },
  lineage: {
    about: "the lineage index beside bare SQLite and ml-metadata",
    run: async () => (await import("./lineage.ts")).benchLineage(),
  },
  pipelines: {
    about: "the pipelines beside bare Spark, csv-parse and pandas (--rows N; the limits are for 6362620)",
    run: async (rows) => (await import("./pipelines.ts")).benchPipelines(rows),
  },
};

/** Undefined for what is no such command line. */
function parse(): { readonly name: string; readonly asJson: boolean; readonly rows: number | undefined } | undefined {
  try {
    const { positionals, values } = parseArgs({
      allowPositionals: true,
      options: { json: { type: "boolean", default: false }, rows: { type: "string" } },
    });
    const [name = "", ...rest] = positionals;
    if (rest.length > 0 || (values.rows !== undefined && !/^[1-9]\d{0,8}$/.test(values.rows))) return undefined;
    return { name, asJson: values.json, rows: values.rows === undefined ? undefined : Number(values.rows) };
  } catch (error) {
    if (error instanceof TypeError) return undefined;
    throw error;
  }
}

const { name, asJson, rows } = parse() ?? { name: "", asJson: false, rows: undefined };
const bench = BENCHES[name];
if (bench === undefined) {
  const lines = Object.entries(BENCHES).map(([known, { about }]) => `  ${known.padEnd(10)} ${about}\n`);
  process.stderr.write(`npm run bench -- NAME [--json] [--rows N]\n\n${lines.join("")}`);
  process.exitCode = 2;
} else {
  const figures = await bench.run(rows);
  process.stdout.write(asJson ? toJson(name, figures) : drawFigures(figures));
  process.exitCode = figures.every(isMet) ? 0 : 1;
}

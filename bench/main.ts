// `npm run bench -- NAME [--json]`: measures, prints a table, and ends with 1 when a limit is missed.
import { drawFigures, isMet, toJson } from "./figure.ts";
import type { Figure } from "./figure.ts";

interface Bench {
  readonly about: string;
  readonly run: () => Promise<readonly Figure[]>;
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
};

const words = process.argv.slice(2);
const asJson = words.includes("--json");
const [name = "", ...rest] = words.filter((word) => word !== "--json");
const bench = rest.length === 0 ? BENCHES[name] : undefined;
if (bench === undefined) {
  const lines = Object.entries(BENCHES).map(([known, { about }]) => `  ${known.padEnd(7)} ${about}\n`);
  process.stderr.write(`npm run bench -- NAME [--json]\n\n${lines.join("")}`);
  process.exitCode = 2;
} else {
  const figures = await bench.run();
  process.stdout.write(asJson ? toJson(name, figures) : drawFigures(figures));
  process.exitCode = figures.every(isMet) ? 0 : 1;
}

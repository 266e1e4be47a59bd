// `npm run test:long -- NAME [--seed S] [--count N]`: tests of `npm test`, with larger numbers.
import { parseArgs } from "node:util";
import { formatTally, runTests } from "./run-tests.ts";

interface LongTest {
  readonly about: string;
  readonly files: readonly string[];
  /** The variable that the number goes to, see test/helpers/scale.ts, and the number unless --count gives another. */
  readonly variable: string;
  readonly count: number;
}

const LONG_TESTS: Readonly<Record<string, LongTest>> = {
  tree: {
    about: "the Merkle search tree against a plain map; --count is the number of runs of each property",
    files: ["test/engine/tree/tree.test.ts"],
    variable: "STEMMA_TEST_COUNT",
    count: 5000,
  },
  operations: {
    about: "random operations against a model of plain maps; --count is the number of operations",
    files: ["test/engine/operations.test.ts"],
    variable: "STEMMA_TEST_COUNT",
    count: 100_000,
  },
  gc: {
    about: "clean-up among clients at work; --count is the number of runs",
    files: ["test/engine/upkeep/gc.test.ts"],
    variable: "STEMMA_TEST_COUNT",
    count: 2000,
  },
  kill: {
    about: "an engine that is killed at random instants; --count is the number of instants",
    files: ["test/faults/kill.test.ts"],
    variable: "STEMMA_TEST_COUNT",
    count: 3000,
  },
  concurrency: {
    about: "16 clients at once; --count is the number of rounds",
    files: ["test/faults/concurrency.test.ts"],
    variable: "STEMMA_TEST_COUNT",
    count: 300,
  },
  proxy: {
    about: "commands tracked through a network that fails; --count is the number of commands",
    files: ["test/faults/tracking.test.ts"],
    variable: "STEMMA_TEST_COUNT",
    count: 1000,
  },
  oracle: {
    about: "random histories, each answer of lineage against a brute force; --count is the number of histories",
    files: ["test/oracle"],
    variable: "STEMMA_TEST_COUNT",
    count: 2000,
  },
  reproduce: {
    about: "the demo's training run again: as it was, and with an unseeded shuffle; --count only switches it on",
    files: ["test/e2e/reproduce.test.ts"],
    variable: "STEMMA_TEST_COUNT",
    count: 1,
  },
  k8s: {
    about:
      "kustomize builds the overlays, each object held against three Kubernetes versions; Spark submits to executors in pods; --count only switches it on",
    files: ["test/k8s"],
    variable: "STEMMA_TEST_COUNT",
    count: 1,
  },
  images: {
    about:
      "builds docker/* upon a Debian made by debootstrap, and runs each image's commands; root on Linux; --count only switches it on",
    files: ["test/docker"],
    variable: "STEMMA_TEST_COUNT",
    count: 1,
  },
  csv: {
    about: "CSV rows and columns against csv-parse; --count is the number of runs of each property",
    files: ["test/stages/csv-file.test.ts", "test/stages/paysim-columns.test.ts"],
    variable: "STEMMA_TEST_COUNT",
    count: 5000,
  },
  standalone: {
    about: "ETL and training on a Spark master with two workers; --count only switches it on",
    files: ["test/pipelines/standalone.test.ts"],
    variable: "STEMMA_TEST_COUNT",
    count: 1,
  },
  stages: {
    about: "generator, split, ETL and training; --count is the number of rows",
    files: ["test/stages", "test/pipelines/spark.test.ts"],
    variable: "STEMMA_TEST_ROWS",
    count: 1_000_000,
  },
  paysim: {
    about: "the demo on the whole PaySim table, with a day that comes and is withdrawn; --count is the number of rows",
    files: ["test/e2e/paysim.test.ts"],
    variable: "STEMMA_TEST_ROWS",
    count: 6_362_620,
  },
};

function usage(): string {
  const lines = Object.entries(LONG_TESTS).map(([name, { about, count }]) => `  ${name.padEnd(12)} ${about} (${count})\n`);
  return `npm run test:long -- NAME [--seed S] [--count N]\n\n${lines.join("")}`;
}

function fail(message: string): never {
  process.stderr.write(`test:long: ${message}\n`);
  process.exit(2);
}

function parse(): { name: string | undefined; seed: string | undefined; count: string | undefined } {
  try {
    const { positionals, values } = parseArgs({
      allowPositionals: true,
      options: { seed: { type: "string" }, count: { type: "string" } },
    });
    return { name: positionals[0], seed: values.seed, count: values.count };
  } catch (error) {
    return fail((error as Error).message);
  }
}

const { name, seed, count } = parse();
for (const [option, value] of Object.entries({ seed, count })) {
  if (value !== undefined && !/^\d+$/.test(value)) fail(`--${option} is "${value}", but must be a whole number.`);
}
if (name === undefined) {
  process.stdout.write(usage());
} else {
  const test = LONG_TESTS[name] ?? fail(`there is no "${name}"; there are ${Object.keys(LONG_TESTS).join(", ")}.`);
  const tally = await runTests(test.files, {
    [test.variable]: count ?? String(test.count),
    ...(seed === undefined ? {} : { STEMMA_TEST_SEED: seed }),
  });
  process.stdout.write(`${formatTally(tally)}\n`);
  process.exitCode = tally.failed === 0 ? 0 : 1;
}

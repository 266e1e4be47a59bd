import { afterAll, beforeAll, expect, test } from "vitest";
import { sync } from "../../src/collect/sync.ts";
import { LineageIndex } from "../../src/lineage/store/lineage-index.ts";
import { walk } from "../../src/lineage/walk.ts";
import type { TestEngine } from "../helpers/engine.ts";
import { startTestEngine } from "../helpers/engine.ts";
import { OwnMlflow } from "../helpers/own-mlflow.ts";
import { count, seed } from "../helpers/scale.ts";
import { newExperiment } from "../mlflow/fixtures.ts";
import { bruteForce } from "./brute-force.ts";
import { answerOf } from "./check-answers.ts";
import { coarseField } from "./fields.ts";
import { Ledger } from "./ledger.ts";
import { RealServers } from "./real-servers.ts";
import { statementsOf } from "./statements.ts";

/** 3 histories, and 10 in a long run: `npm run test:long -- oracle` asks the mock for 2,000. */
const HISTORIES = count(0) === 0 ? 3 : 10;
const OPERATIONS = 8;
let engine: TestEngine;

beforeAll(async () => {
  engine = await startTestEngine();
}, 60_000);
afterAll(() => engine.close());

test.each(Array.from({ length: HISTORIES }, (_, index) => seed() + index))(
  "on a real engine and a real MLflow server every answer is the brute force's, too: history of seed %i",
  { timeout: 120_000 },
  async (number) => {
    const mlflow = new OwnMlflow({ experiment: newExperiment() });
    const real = new RealServers(engine, mlflow, number);
    using index = new LineageIndex(":memory:");
    const sources = { pachyderm: engine.client, mlflow };
    await real.begin();
    await real.happen(OPERATIONS);
    await sync(index, sources);
    await real.happen(OPERATIONS);
    const { gaps } = await sync(index, sources, { full: true });
    expect(gaps).toEqual([]);

    const ledger = new Ledger();
    ledger.see(new Date(), statementsOf(real.world, real.tracking), []);
    const field = coarseField({ world: real.world, tracking: real.tracking, ledger }, { goneAt: () => undefined });
    for (const root of ledger.said.keys())
      for (const direction of ["up", "down"] as const) {
        const trace = await walk(index, root, { direction, level: "commit" });
        expect(answerOf(trace), `${root} ${direction}`).toEqual(bruteForce(field, { root, direction }));
      }
  },
);

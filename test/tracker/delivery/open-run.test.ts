import { randomUUID } from "node:crypto";
import { describe, expect, inject, test } from "vitest";
import { StemmaError } from "../../../src/lineage/errors.ts";
import { MlflowClient, type NewRun } from "../../../src/mlflow/client.ts";
import type { Run } from "../../../src/mlflow/types.ts";
import { type WantedRun, openRun } from "../../../src/tracker/delivery/open-run.ts";
import { listOf } from "../../mlflow/fixtures.ts";
import { wantedRun } from "./wanted-run.ts";

const uri = inject("mlflowUri");
const client = new MlflowClient({ uri });

/** The real client on a network that loses the answer to a call that makes a run. */
class AnswerLosingClient extends MlflowClient {
  override async createRun(options: NewRun): Promise<never> {
    await super.createRun(options);
    throw new StemmaError("UNREACHABLE", "the answer was lost");
  }
}

/** The real client on a network that sends a call that makes a run twice. */
class DoublingClient extends MlflowClient {
  override async createRun(options: NewRun): Promise<Run> {
    await super.createRun(options);
    return super.createRun(options);
  }
}

/** Where those who ask for a run wait for each other: all have looked for an earlier run, all have made theirs. */
interface Meetings {
  readonly looked: () => Promise<void>;
  readonly made: () => Promise<void>;
}

/** The real client, whose user asks for a run at the very moment when another one does. */
class MeetingClient extends MlflowClient {
  readonly #meetings: Meetings;

  constructor(meetings: Meetings) {
    super({ uri });
    this.#meetings = meetings;
  }

  override async createRun(options: NewRun): Promise<Run> {
    await this.#meetings.looked();
    const run = await super.createRun(options);
    await this.#meetings.made();
    return run;
  }
}

/** Resolves for all when `count` have come. */
function meetingOf(count: number): () => Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  let missing = count;
  return () => {
    if (--missing === 0) resolve();
    return promise;
  };
}

async function runsOf({ experiment }: WantedRun): Promise<Run[]> {
  return listOf(client.searchRuns({ experimentIds: [await client.experimentId(experiment)] }));
}

function attemptsOf(run: Run): unknown {
  return JSON.parse(run.tags["stemma.attempts"] ?? "");
}

describe.concurrent("openRun begins one run", () => {
  test("with the true start time and the first attempt", async () => {
    const wanted = wantedRun({ tags: { team: "fraud" } });
    const run = await openRun(client, wanted, false);
    const { key, session, startTime, host, pid } = wanted;
    expect(run).toMatchObject({
      name: "tree",
      status: "RUNNING",
      startTime,
      tags: { team: "fraud", "stemma.key": key, "stemma.session": session, "stemma.attempt": "1" },
    });
    expect(attemptsOf(run)).toEqual([{ attempt: 1, started: startTime.toISOString(), host, pid }]);
  });

  test.each([[false], [true]])("whose answer was lost: it is found again, not made twice (new key: %s)", async (isKeyNew) => {
    const wanted = wantedRun({ isKeyNew });
    const run = await openRun(new AnswerLosingClient({ uri }), wanted, false);
    expect(run).toMatchObject({ status: "RUNNING", tags: { "stemma.attempt": "1" } });
    expect((await runsOf(wanted)).map(({ id }) => id)).toEqual([run.id]);
  });

  test("when the call arrives twice, and closes the double", async () => {
    const wanted = wantedRun();
    const run = await openRun(new DoublingClient({ uri }), wanted, false);
    expect(run.tags["stemma.attempt"]).toBe("1");
    const [double, ...others] = (await runsOf(wanted)).filter(({ id }) => id !== run.id);
    expect(others).toEqual([]);
    expect(double).toMatchObject({
      status: "KILLED",
      tags: { "stemma.superseded_by": run.id, "stemma.closed_because": expect.stringContaining(run.id) },
    });
    expect(double?.endTime).toBeDefined();
  });

  test("also when it is tried again after a failure that nobody knows the outcome of", async () => {
    const wanted = wantedRun({ isKeyNew: true });
    const first = await openRun(client, wanted, false);
    const again = await openRun(client, wanted, true);
    expect(again).toMatchObject({ id: first.id, tags: { "stemma.attempt": "1" } });
    expect(await runsOf(wanted)).toHaveLength(1);
  });

  test("for two who ask at the same moment, the same one for both", async () => {
    const one = wantedRun();
    const other = { ...one, session: randomUUID(), host: "node-2" };
    const meetings = { looked: meetingOf(2), made: meetingOf(2) };
    const [a, b] = await Promise.all([one, other].map((wanted) => openRun(new MeetingClient(meetings), wanted, false)));
    expect(a?.id).toBe(b?.id);
    const all = await runsOf(one);
    expect(all).toHaveLength(2);
    expect(all.find(({ id }) => id === a?.id)).toMatchObject({ status: "RUNNING" });
    const superseded = { "stemma.superseded_by": a?.id };
    expect(all.find(({ id }) => id !== a?.id)).toMatchObject({ status: "KILLED", tags: superseded });
  });
});

describe.concurrent("openRun continues", () => {
  test("the run of an earlier attempt, whatever it is called, and tells what became of that", async () => {
    const wanted = wantedRun({ key: "default/p@1/d/it's %22q%22 (x)" });
    const first = await openRun(client, wanted, false);
    const startTime = new Date("2026-01-02T04:00:00Z");
    const second = await openRun(client, { ...wanted, session: randomUUID(), startTime, pid: 8 }, false);
    expect(second).toMatchObject({ id: first.id, name: "tree", status: "RUNNING", startTime: wanted.startTime });
    expect(second.tags["stemma.attempt"]).toBe("2");
    expect(attemptsOf(second)).toEqual([
      {
        attempt: 1,
        started: wanted.startTime.toISOString(),
        host: "node-1",
        pid: 7,
        ended: startTime.toISOString(),
        status: "KILLED",
        reason: "its tracker ended without a word",
      },
      { attempt: 2, started: startTime.toISOString(), host: "node-1", pid: 8 },
    ]);
  });

  test("not a run that was deleted: the work gets another one", async () => {
    const wanted = wantedRun();
    const { id } = await openRun(client, wanted, false);
    await client.deleteRun(id);
    const next = await openRun(client, { ...wanted, session: randomUUID() }, false);
    expect(next.id).not.toBe(id);
    expect(next.tags["stemma.attempt"]).toBe("1");
    expect(await client.inspectRun(id)).toMatchObject({ deleted: true });
  });

  test("the run that was asked for, with the key that it has", async () => {
    const given = await openRun(client, wantedRun(), false);
    await client.updateRun(given.id, { status: "FINISHED", endTime: new Date() });
    const wanted = wantedRun({ runId: given.id });
    const run = await openRun(client, wanted, false);
    expect(run).toMatchObject({ id: given.id, status: "RUNNING", experimentId: given.experimentId });
    expect(run.tags).toMatchObject({ "stemma.key": given.tags["stemma.key"], "stemma.attempt": "2" });
    expect((await openRun(client, wanted, true)).tags["stemma.attempt"]).toBe("2");
  });

  test("no run of another experiment, no deleted one, and none that is not there", async () => {
    const { id: runId } = await openRun(client, wantedRun(), false);
    const elsewhere = wantedRun({ runId, isExperimentGiven: true });
    await expect(openRun(client, elsewhere, false)).rejects.toMatchObject({
      code: "USAGE",
      message: expect.stringContaining(`not in "${elsewhere.experiment}"`),
    });
    await client.deleteRun(runId);
    await expect(openRun(client, wantedRun({ runId }), false)).rejects.toMatchObject({
      code: "USAGE",
      message: expect.stringContaining("is deleted"),
    });
    await expect(openRun(client, wantedRun({ runId: "0".repeat(32) }), false)).rejects.toMatchObject({ code: "NOT_FOUND" });
  });
});

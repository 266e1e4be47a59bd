import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { StemmaError } from "../../../src/lineage/errors.ts";
import { Lane } from "../../../src/tracker/delivery/lane.ts";
import type { SpoolEntry } from "../../../src/tracker/delivery/spool.ts";
import { runs } from "../../helpers/scale.ts";

type Fate = "UNREACHABLE" | "FAILED" | "USAGE" | "fine";

/** A lane to a server whose answers are written down before, and a clock that stands until it is moved. */
class LaneScene {
  readonly sent: number[] = [];
  readonly delivered: number[] = [];
  nowMs = 0;
  underWay = 0;
  mostUnderWay = 0;
  readonly #fates: (offset: number) => Fate;
  readonly lane: Lane;

  constructor(fates: (offset: number) => Fate, width = 1) {
    this.#fates = fates;
    this.lane = new Lane(
      width,
      (entry) => this.#send(entry),
      () => new Date(this.nowMs),
    );
  }

  add(count: number): this {
    for (let offset = 0; offset < count; offset++) this.lane.add({ kind: "tags", count: 1, offset, sizeBytes: 1 });
    return this;
  }

  /** The offsets of what is not delivered, with the reasons. */
  get undelivered(): (readonly [number, string])[] {
    return this.lane.undelivered().map(({ entry, reason }) => [entry.offset, reason] as const);
  }

  async #send({ offset }: SpoolEntry): Promise<void> {
    this.sent.push(offset);
    this.mostUnderWay = Math.max(this.mostUnderWay, ++this.underWay);
    await Promise.resolve();
    this.underWay--;
    const fate = this.#fates(offset);
    if (fate !== "fine") throw new StemmaError(fate, `${fate} at ${offset}`);
    this.delivered.push(offset);
  }
}

describe("Lane", () => {
  test("sends in order, one at a time or as many as it is wide", async () => {
    const narrow = new LaneScene(() => "fine").add(5);
    await narrow.lane.pump();
    expect(narrow).toMatchObject({ delivered: [0, 1, 2, 3, 4], mostUnderWay: 1, undelivered: [] });
    expect(narrow.lane.isEmpty).toBe(true);
    const wide = new LaneScene(() => "fine", 3).add(5);
    await wide.lane.pump();
    expect(wide).toMatchObject({ sent: [0, 1, 2, 3, 4], mostUnderWay: 3 });
  });

  test("pumped while it works, it is the same work", async () => {
    const scene = new LaneScene(() => "fine").add(3);
    await Promise.all([scene.lane.pump(), scene.lane.pump(), scene.lane.pump({ now: true })]);
    expect(scene.sent).toEqual([0, 1, 2]);
  });

  test("when nobody answers it stops, and waits twice as long each time, up to half a minute", async () => {
    let isAway = true;
    const scene = new LaneScene((offset) => (isAway && offset === 1 ? "UNREACHABLE" : "fine")).add(3);
    await scene.lane.pump();
    expect(scene.lane.obstacle).toMatchObject({ code: "UNREACHABLE" });
    expect(scene.undelivered).toEqual([
      [1, "UNREACHABLE at 1"],
      [2, "UNREACHABLE at 1"],
    ]);
    const waits: number[] = [];
    for (let tries = 2; tries <= 8; tries++) {
      const before = scene.nowMs;
      while (scene.sent.length <= tries) {
        scene.nowMs += 500;
        await scene.lane.pump();
      }
      waits.push(scene.nowMs - before);
    }
    expect(waits).toEqual([1000, 2000, 4000, 8000, 16_000, 30_000, 30_000]);
    isAway = false;
    await scene.lane.pump({ now: true });
    expect(scene.delivered).toEqual([0, 1, 2]);
    expect(scene.lane.obstacle).toBeUndefined();
  });

  test("an entry that the server fails at is put aside, and tried once more when that is asked for", async () => {
    let isBroken = true;
    const scene = new LaneScene((offset) => (isBroken && offset === 1 ? "FAILED" : "fine")).add(3);
    await scene.lane.pump();
    expect(scene).toMatchObject({ delivered: [0, 2], undelivered: [[1, "FAILED at 1"]] });
    expect(scene.lane.isEmpty).toBe(true);
    await scene.lane.pump({ now: true });
    expect(scene.sent).toEqual([0, 1, 2]);
    scene.lane.retryFailed();
    isBroken = false;
    await scene.lane.pump();
    expect(scene).toMatchObject({ delivered: [0, 2, 1], undelivered: [] });
  });

  test("an entry that the server refuses is not tried again", async () => {
    const scene = new LaneScene((offset) => (offset === 0 ? "USAGE" : "fine")).add(2);
    await scene.lane.pump();
    scene.lane.retryFailed();
    await scene.lane.pump({ now: true });
    expect(scene).toMatchObject({ sent: [0, 1], undelivered: [[0, "USAGE at 0"]] });
  });

  test("a server that fails at all it gets is as good as away", async () => {
    const scene = new LaneScene(() => "FAILED").add(100);
    await scene.lane.pump();
    expect(scene.sent).toHaveLength(3);
    expect(scene.lane.obstacle).toMatchObject({ code: "FAILED" });
    expect(scene.undelivered).toHaveLength(100);
  });

  test("three bad entries in a row do not keep the others from their way", async () => {
    const scene = new LaneScene((offset) => (offset < 3 ? "FAILED" : "fine")).add(6);
    for (let tries = 0; tries < 6; tries++) await scene.lane.pump({ now: true });
    expect(scene.delivered).toEqual([3, 4, 5]);
  });

  test("a bug is not taken for an answer", async () => {
    const lane = new Lane(
      1,
      () => Promise.reject(new TypeError("bug")),
      () => new Date(0),
    );
    lane.add({ kind: "tags", count: 1, offset: 0, sizeBytes: 1 });
    await expect(lane.pump()).rejects.toThrow("bug");
  });

  test("whatever the server answers, in the end each entry is delivered or not delivered, exactly once", async () => {
    const fates = fc.array(fc.array(fc.constantFrom<Fate>("fine", "UNREACHABLE", "FAILED", "USAGE"), { maxLength: 4 }), {
      maxLength: 15,
    });
    await fc.assert(
      fc.asyncProperty(fates, fc.integer({ min: 1, max: 5 }), fc.integer({ max: 40, min: 0 }), async (plan, width, pumps) => {
        const left = plan.map((answers) => answers.slice());
        const scene = new LaneScene((offset) => left[offset]?.shift() ?? "fine", width).add(plan.length);
        for (let pump = 0; pump < pumps; pump++) {
          if (pump % 5 === 4) scene.lane.retryFailed();
          await scene.lane.pump({ now: pump % 2 === 0 });
        }
        const all = [...scene.delivered, ...scene.undelivered.map(([offset]) => offset)];
        expect(all.sort((a, b) => a - b)).toEqual(plan.map((_, index) => index));
      }),
      runs(200),
    );
  });
});

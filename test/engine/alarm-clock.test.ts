import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { type Alarm, AlarmClock } from "../../src/engine/alarm-clock.ts";
import { EngineState } from "../../src/engine/state.ts";

let home: string;
let state: EngineState;
let clock: AlarmClock | undefined;
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), "stemma-clock-"));
  state = await EngineState.open(home);
  vi.useFakeTimers({ now: 0 });
});
afterEach(async () => {
  clock?.close();
  vi.useRealTimers();
  state.close();
  await rm(home, { recursive: true, force: true });
});

/** An alarm at these times, and when it rang. */
function alarmAt(...times: number[]): Alarm & { readonly times: number[]; readonly rang: number[] } {
  const rang: number[] = [];
  const ring = (now: number): void => {
    rang.push(now);
    while ((times[0] ?? Number.POSITIVE_INFINITY) <= now) times.shift();
  };
  return { times, rang, due: () => times[0], ring };
}

function start(...alarms: Alarm[]): string[] {
  const lines: string[] = [];
  clock = new AlarmClock(state, alarms, (line) => lines.push(line));
  clock.start();
  return lines;
}

test("an alarm rings when it is due, each time", () => {
  const alarm = alarmAt(1000, 5000);
  start(alarm);
  vi.advanceTimersByTime(999);
  expect(alarm.rang).toEqual([]);
  vi.advanceTimersByTime(10_000);
  expect(alarm.rang).toEqual([1000, 5000]);
});

test("what was due before rings at once", () => {
  const alarm = alarmAt(-5000);
  start(alarm);
  vi.advanceTimersByTime(0);
  expect(alarm.rang).toEqual([0]);
});

test("a change of the state can make an alarm due earlier", () => {
  const alarm = alarmAt(50_000);
  start(alarm);
  alarm.times.unshift(1000);
  state.write(() => undefined);
  vi.advanceTimersByTime(1000);
  expect(alarm.rang).toEqual([1000]);
});

test("a clock that is set forward is noticed within a minute", () => {
  const alarm = alarmAt(3_600_000);
  start(alarm);
  vi.setSystemTime(3_600_000);
  vi.advanceTimersByTime(60_000);
  expect(alarm.rang).toHaveLength(1);
});

test("an alarm that fails says so, is tried again, and is in no other's way", () => {
  const good = alarmAt(1000);
  let tries = 0;
  const bad: Alarm = {
    due: () => 1000,
    ring: () => {
      tries += 1;
      throw new Error("broken");
    },
  };
  const lines = start(bad, good);
  vi.advanceTimersByTime(3500);
  expect(good.rang).toEqual([1000]);
  expect(tries).toBe(3);
  expect(lines[0]).toMatch(/^an alarm failed: Error: broken/);
});

test("a closed clock is silent", () => {
  const alarm = alarmAt(1000);
  start(alarm);
  clock?.close();
  vi.advanceTimersByTime(5000);
  state.write(() => undefined);
  vi.advanceTimersByTime(5000);
  expect(alarm.rang).toEqual([]);
});

/** How many timers keep the process alive. */
function timers(): number {
  return process.getActiveResourcesInfo().filter((kind) => kind === "Timeout").length;
}

test("a clock alone does not keep the process alive", () => {
  vi.useRealTimers();
  const before = timers();
  start(alarmAt(Date.now() + 60_000));
  expect(timers()).toBe(before);
});

import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { lastTick, nextTick } from "../../src/engine/cron.ts";

const at = (time: string): number => Date.parse(`2026-${time}Z`);
const shown = (time: number | undefined): string | undefined =>
  time === undefined ? undefined : new Date(time).toISOString().slice(5, 19);

describe("the next tick", () => {
  test.each([
    ["* * * * *", "01-31T12:30:15.500", "01-31T12:31:00"],
    ["* * * * *", "01-31T12:31:00", "01-31T12:32:00"],
    ["*/5 8-9 * * *", "01-31T09:55:00", "02-01T08:00:00"],
    ["5/15 * * * *", "01-31T12:30:15", "01-31T12:35:00"],
    ["0 0 1 * *", "01-31T12:30:15", "02-01T00:00:00"],
    ["0 12 13 * 5", "01-31T12:30:15", "02-06T12:00:00"],
    ["0 0 * MAR SUN", "01-31T12:30:15", "03-01T00:00:00"],
    ["? * * * *", "01-31T12:30:15", "01-31T12:31:00"],
    ["@hourly", "01-31T12:30:15", "01-31T13:00:00"],
    ["@daily", "01-31T12:30:15", "02-01T00:00:00"],
    ["@midnight", "01-31T12:30:15", "02-01T00:00:00"],
    ["@weekly", "01-31T12:30:15", "02-01T00:00:00"],
    ["@every 10s", "01-31T12:30:15.700", "01-31T12:30:25"],
    ["@every 1h30m10s", "01-31T12:30:15", "01-31T14:00:25"],
    ["@every 1.5h", "01-31T12:30:15", "01-31T14:00:15"],
    ["@every 10ms", "01-31T12:30:15", "01-31T12:30:16"],
    [" @daily ", "01-31T12:30:15", "02-01T00:00:00"],
  ])("of %s after %s is %s", (spec, after, next) => {
    expect(shown(nextTick(spec, at(after)))).toBe(next);
  });

  test.each(["@never", " @never ", "0 0 31 2 *"])("of %s never comes", (spec) => {
    expect(nextTick(spec, at("01-31T12:30:15"))).toBeUndefined();
  });

  test.each([
    ["", "expected exactly 5 fields, found 1: "],
    ["soon", "expected exactly 5 fields, found 1: soon"],
    ["* * * * * *", "expected exactly 5 fields, found 6: * * * * * *"],
    ["60 * * * *", "Invalid value for minute: 60"],
    ["@ never", "error parsing cron-spec: @ never"],
    ["@reboot", "@reboot is not supported"],
    ["@every", "error parsing cron-spec: @every"],
    ["@every day", '"day" is no duration such as 10s or 1h30m'],
    ["@every -5s", '"-5s" is no duration such as 10s or 1h30m'],
  ])("of %j is refused", (spec, text) => {
    expect(() => nextTick(spec, 0)).toThrow(text);
    expect(() => nextTick(spec, 0)).toThrow(/^error parsing cron-spec: /);
  });
});

describe("the last tick", () => {
  test.each([
    ["*/5 * * * *", "01-01T00:00:03", "01-01T01:00:00", "01-01T01:00:00"],
    ["*/5 * * * *", "01-01T00:00:03", "01-01T00:59:59.999", "01-01T00:55:00"],
    ["*/5 * * * *", "01-01T00:00:00", "01-01T00:04:00", undefined],
    ["@every 10s", "01-01T00:00:03", "01-01T01:00:04", "01-01T01:00:03"],
    ["@every 10s", "01-01T00:00:03", "01-01T00:00:12", undefined],
    ["@never", "01-01T00:00:00", "12-31T00:00:00", undefined],
  ])("of %s after %s and until %s is %s", (spec, after, until, last) => {
    expect(shown(lastTick(spec, at(after), at(until)))).toBe(last);
  });

  test("is where one comes to by going from tick to tick", () => {
    const spec = fc.constantFrom("* * * * *", "*/7 3,4 * * *", "0 12 13 * 5", "@hourly", "@every 90s", "@every 1h1m1s");
    const after = fc.integer({ min: at("01-01T00:00:00"), max: at("12-01T00:00:00") });
    fc.assert(
      fc.property(
        spec,
        after,
        fc.integer({ min: 0, max: 40 }),
        fc.integer({ min: 0, max: 59_999 }),
        (spec, after, ticks, more) => {
          let until = after;
          for (let tick = 0; tick < ticks; tick += 1) until = nextTick(spec, until) ?? until;
          const rest = Math.min(more, (nextTick(spec, until) ?? until) - 1 - until);
          expect(lastTick(spec, after, until + Math.max(rest, 0))).toBe(ticks === 0 ? undefined : until);
        },
      ),
      { numRuns: 60 },
    );
  });
});

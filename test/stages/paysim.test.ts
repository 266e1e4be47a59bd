import { Readable } from "node:stream";
import { parse } from "csv-parse";
import { parse as parseWhole } from "csv-parse/sync";
import * as fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { LEAST_FRAUDS, PAYSIM_COLUMNS, paysimText } from "../../src/stages/paysim.ts";
import { rows as scaled } from "../helpers/scale.ts";

type Row = Readonly<Record<(typeof PAYSIM_COLUMNS)[number], string>>;

function tableText(rows: number, seed = 1): string {
  return Buffer.concat([...paysimText({ rows, seed })]).toString("utf8");
}

function readTable(rows: number, seed = 1): Row[] {
  return parseWhole(tableText(rows, seed), { columns: true });
}

/** Cents, so that sums can be compared exactly. */
function cents(amount: string): number {
  return Math.round(Number(amount) * 100);
}

describe("a generated table", () => {
  const rows = scaled(200_000);
  const byType = new Map<string, number>();
  const senders = new Set<string>();
  const customers = new Set<string>();
  const amounts: number[] = [];
  const rowsByHour = Array.from({ length: 24 }, () => 0);
  const frauds: Row[] = [];
  let toCustomers = 0;
  let emptySenders = 0;
  let wrong: string[] = [];
  let lastStep = 0;

  beforeAll(async () => {
    const parser = Readable.from(paysimText({ rows, seed: 7 })).pipe(parse({ columns: true }));
    for await (const record of parser) visit(record as Row);
    amounts.sort((a, b) => a - b);
  });

  function visit(row: Row): void {
    byType.set(row.type, (byType.get(row.type) ?? 0) + 1);
    senders.add(row.nameOrig);
    amounts.push(Number(row.amount));
    rowsByHour[Number(row.step) % 24] = (rowsByHour[Number(row.step) % 24] ?? 0) + 1;
    if (row.isFraud === "1") frauds.push(row);
    if (row.newbalanceOrig === "0.0") emptySenders++;
    if (row.nameDest.startsWith("C")) {
      customers.add(row.nameDest);
      toCustomers++;
    }
    const trouble = findTrouble(row);
    if (trouble !== undefined) wrong.push(`${trouble}: ${Object.values(row).join(",")}`);
    if (Number(row.step) < lastStep) wrong.push("a step goes back");
    lastStep = Number(row.step);
    wrong = wrong.slice(0, 5);
  }

  function share(type: string): number {
    return (byType.get(type) ?? 0) / rows;
  }

  function quantile(part: number): number {
    return amounts[Math.floor(part * amounts.length)] ?? 0;
  }

  test("has the types in the shares of the real table", () => {
    expect(share("CASH_OUT")).toBeCloseTo(0.3517, 2);
    expect(share("PAYMENT")).toBeCloseTo(0.3381, 2);
    expect(share("CASH_IN")).toBeCloseTo(0.2199, 2);
    expect(share("TRANSFER")).toBeCloseTo(0.0838, 2);
    expect(share("DEBIT")).toBeCloseTo(0.0065, 2);
    expect(byType.size).toBe(5);
  });

  test("has 0.129 % frauds, half of them TRANSFER and half CASH_OUT", () => {
    expect(frauds.length / rows).toBeCloseTo(0.00129, 4);
    expect(new Set(frauds.map(({ type }) => type))).toEqual(new Set(["TRANSFER", "CASH_OUT"]));
  });

  test("has its frauds in pairs: a transfer to a fresh account, then the same amount in cash by another name", () => {
    for (let index = 0; index < frauds.length; index += 2) {
      const [transfer, cashOut] = frauds.slice(index, index + 2);
      expect(transfer).toMatchObject({ type: "TRANSFER", oldbalanceDest: "0.0", newbalanceDest: "0.0" });
      expect(cashOut).toMatchObject({ type: "CASH_OUT", amount: transfer?.amount, step: transfer?.step, newbalanceOrig: "0.0" });
      expect(cashOut?.nameOrig).not.toBe(transfer?.nameOrig);
    }
  });

  test("has frauds that empty the account, but for those that stop at ten million", () => {
    const emptied = frauds.filter((row) => row.amount === row.oldbalanceOrg && row.newbalanceOrig === "0.0");
    expect(emptied.length / frauds.length).toBeGreaterThan(0.9);
    expect(Math.max(...frauds.map(({ amount }) => Number(amount)))).toBeLessThanOrEqual(10_000_000);
  });

  test("flags hardly a fraud, and then the transfer does not go through", () => {
    const flagged = frauds.filter((row) => row.isFlaggedFraud === "1");
    expect(flagged.length / frauds.length).toBeLessThan(0.02);
    for (const row of flagged) {
      expect(row).toMatchObject({ type: "TRANSFER", newbalanceOrig: row.oldbalanceOrg });
      expect(Number(row.amount)).toBeGreaterThanOrEqual(353_874.22);
    }
  });

  test("has nearly every sender once, and customers that receive several times", () => {
    expect(senders.size / rows).toBeCloseTo(0.9985, 3);
    expect(toCustomers / customers.size).toBeGreaterThan(5);
    expect(toCustomers / customers.size).toBeLessThan(10);
  });

  test("has balances that add up, merchants in payments only, and one or two decimals", () => {
    expect(wrong).toEqual([]);
    expect(emptySenders / rows).toBeGreaterThan(0.45);
    expect(emptySenders / rows).toBeLessThan(0.65);
  });

  test("has amounts with about the quartiles of the real table", () => {
    expect(quantile(0.25) / 13_390).toSatisfy(isAboutOne);
    expect(quantile(0.5) / 74_872).toSatisfy(isAboutOne);
    expect(quantile(0.75) / 208_722).toSatisfy(isAboutOne);
    expect(quantile(1 - 1 / rows)).toBeGreaterThan(2_000_000);
  });

  test("goes from the first hour to the last, by day and by night", () => {
    expect(lastStep).toBe(743);
    const [night, day] = [rowsByHour[4] ?? 0, rowsByHour[14] ?? 0];
    expect(day).toBeGreaterThan(20 * night);
  });
});

function isAboutOne(ratio: number): boolean {
  return ratio > 0.85 && ratio < 1.15;
}

/** What every row must keep to. */
function findTrouble(row: Row): string | undefined {
  const amount = cents(row.amount);
  const [before, after] = [cents(row.oldbalanceOrg), cents(row.newbalanceOrig)];
  const [destinationBefore, destinationAfter] = [cents(row.oldbalanceDest), cents(row.newbalanceDest)];
  const received = row.type === "CASH_IN" ? -amount : amount;
  const isFlagged = row.isFlaggedFraud === "1";
  if (!/^C\d{1,10}$/.test(row.nameOrig)) return "sender's name";
  if (row.type === "PAYMENT" ? !/^M\d{1,10}$/.test(row.nameDest) : !/^C\d{1,10}$/.test(row.nameDest)) return "receiver's name";
  if (!isFlagged && after !== Math.max(0, before - received)) return "sender's balance";
  if (row.type === "PAYMENT" && (destinationBefore !== 0 || destinationAfter !== 0)) return "merchant's balance";
  if (destinationAfter !== destinationBefore && destinationAfter !== Math.max(0, destinationBefore + received)) {
    return "receiver's balance";
  }
  const money = [row.amount, row.oldbalanceOrg, row.newbalanceOrig, row.oldbalanceDest, row.newbalanceDest];
  if (!money.every((text) => /^\d+\.\d{1,2}$/.test(text) && !/\.\d0$/.test(text))) return "decimals";
  return undefined;
}

test("the same seed makes the same table, another seed another one with the same header", () => {
  const first = tableText(2000, 5);
  const other = tableText(2000, 6);
  expect(tableText(2000, 5)).toBe(first);
  expect(other).not.toBe(first);
  expect(other.split("\n")[0]).toBe(PAYSIM_COLUMNS.join(","));
  expect(first.split("\n")[0]).toBe(PAYSIM_COLUMNS.join(","));
});

test("any number of rows comes out as asked for, whatever the seed", () => {
  fc.assert(
    fc.property(fc.nat(3000), fc.nat(Number.MAX_SAFE_INTEGER), (rows, seed) => {
      expect(readTable(rows, seed)).toHaveLength(rows);
    }),
    { numRuns: 30 },
  );
});

test.each([
  [20, 2],
  [300, 30],
  [20_000, LEAST_FRAUDS],
])("a table of %i rows has %i frauds, enough to learn from", (rows, frauds) => {
  expect(readTable(rows).filter(({ isFraud }) => isFraud === "1")).toHaveLength(frauds);
});

test("chunks are small, so that a table of any size takes little memory", () => {
  const sizes = [...paysimText({ rows: 5000, seed: 1 })].map(({ length }) => length);
  expect(sizes.length).toBeGreaterThan(4);
  expect(Math.max(...sizes)).toBeLessThanOrEqual(65_536);
});

import { CsvText } from "./csv-text.ts";
import { Destinations, Senders } from "./paysim-accounts.ts";
import { planHours } from "./paysim-hours.ts";
import type { Random } from "./random.ts";
import { randomFrom } from "./random.ts";

/** The columns of a PaySim table, in their order; the two spellings Org and Orig are PaySim's own. */
export const PAYSIM_COLUMNS = [
  "step",
  "type",
  "amount",
  "nameOrig",
  "oldbalanceOrg",
  "newbalanceOrig",
  "nameDest",
  "oldbalanceDest",
  "newbalanceDest",
  "isFraud",
  "isFlaggedFraud",
] as const;

/** The transaction types of PaySim. */
export const PAYSIM_TYPES = ["CASH_IN", "CASH_OUT", "DEBIT", "PAYMENT", "TRANSFER"] as const;
type PaysimType = (typeof PAYSIM_TYPES)[number];

/** The two types that have frauds. */
export const FRAUD_TYPES: readonly PaysimType[] = ["TRANSFER", "CASH_OUT"];

/** Share of frauds in the real table: 8,213 of 6,362,620 rows. */
const FRAUD_SHARE = 8213 / 6_362_620;
/** A small table has this many frauds all the same, or a tenth of its rows: enough to learn from and to test on. */
export const LEAST_FRAUDS = 60;

/** Nobody steals more than ten million in one row. */
const FRAUD_LIMIT_CENTS = 1_000_000_000;
/** 16 of 4,097 fraud transfers are flagged and do not go through; none is smaller. About half of all are larger. */
const FLAGGED_SHARE = 32 / 4097;
const FLAGGED_LEAST_CENTS = 35_387_422;
/** In so many ordinary rows the destination's balance is not brought up to date. */
const LATE_SHARE = 0.1;

/** How a type's ordinary rows look: how many the real table has, and money by median and spread of its logarithm. */
interface Shape {
  readonly rows: number;
  readonly amount: Money;
  /** What the sender had, where it had anything. */
  readonly balance: Money;
  readonly emptyShare: number;
}

interface Money {
  readonly median: number;
  readonly spread: number;
  readonly most: number;
}

/** Frauds are drawn apart, so they are taken off the two types that have them. */
const SHAPES: Readonly<Record<PaysimType, Shape>> = {
  CASH_IN: {
    rows: 1_399_284,
    amount: { median: 138_000, spread: 0.85, most: 1_915_267 },
    balance: { median: 1_300_000, spread: 1.6, most: 59_585_040 },
    emptyShare: 0.15,
  },
  CASH_OUT: {
    rows: 2_237_500 - 4116,
    amount: { median: 138_000, spread: 0.9, most: 10_000_000 },
    balance: { median: 28_000, spread: 1.9, most: 40_399_045 },
    emptyShare: 0.46,
  },
  DEBIT: {
    rows: 41_432,
    amount: { median: 3000, spread: 1.05, most: 569_077 },
    balance: { median: 28_000, spread: 1.9, most: 10_900_000 },
    emptyShare: 0.3,
  },
  PAYMENT: {
    rows: 2_151_495,
    amount: { median: 9000, spread: 0.85, most: 238_638 },
    balance: { median: 26_000, spread: 1.7, most: 43_686_616 },
    emptyShare: 0.46,
  },
  TRANSFER: {
    rows: 532_909 - 4097,
    amount: { median: 480_000, spread: 1.12, most: 92_445_516.64 },
    balance: { median: 28_000, spread: 1.9, most: 38_939_424 },
    emptyShare: 0.46,
  },
};
const VICTIM: Money = { median: 440_000, spread: 1.6, most: 59_585_040 };
const DESTINATION: Money = { median: 230_000, spread: 1.7, most: 300_000_000 };
const DESTINATION_EMPTY_SHARE = 0.4;

export interface PaysimOptions {
  readonly rows: number;
  readonly seed: number;
}

/** Makes a table of the shape of PaySim's, chunk by chunk: header first, as many rows as asked for, the same for the same seed. */
export function* paysimText(options: PaysimOptions): Generator<Buffer, void, undefined> {
  const random = randomFrom(options.seed);
  const text = new CsvText();
  const rows = new Rows(random, text);
  const fraudPairs = pairsFor(options.rows);
  text.text(`${PAYSIM_COLUMNS.join(",")}\n`);
  for (const hour of planHours(options.rows - 2 * fraudPairs, fraudPairs, random)) {
    let ordinaryLeft = hour.ordinaryRows;
    let pairsLeft = hour.fraudPairs;
    while (ordinaryLeft + pairsLeft > 0) {
      if (random.below(ordinaryLeft + pairsLeft) < pairsLeft) {
        rows.addFraudPair(hour.step);
        pairsLeft--;
      } else {
        rows.addOrdinary(hour.step);
        ordinaryLeft--;
      }
      if (text.isFull) yield text.take();
    }
  }
  yield text.take();
}

/** Frauds come in pairs: a transfer out of the victim's account, then the same amount in cash. */
function pairsFor(rows: number): number {
  const frauds = Math.max(rows * FRAUD_SHARE, Math.min(LEAST_FRAUDS, rows / 10));
  return Math.round(frauds / 2);
}

/** Writes rows; remembers who has what. */
class Rows {
  readonly #random: Random;
  readonly #text: CsvText;
  readonly #senders: Senders;
  readonly #destinations: Destinations;
  readonly #pickType: () => PaysimType;

  constructor(random: Random, text: CsvText) {
    this.#random = random;
    this.#text = text;
    this.#senders = new Senders(random);
    this.#destinations = new Destinations(random, () =>
      random.unit() < DESTINATION_EMPTY_SHARE ? 0 : drawCents(DESTINATION, random),
    );
    this.#pickType = typesFrom(random);
  }

  /** A row without fraud. */
  addOrdinary(step: number): void {
    const random = this.#random;
    const type = this.#pickType();
    const shape = SHAPES[type];
    const amount = drawCents(shape.amount, random);
    const before = random.unit() < shape.emptyShare ? 0 : drawCents(shape.balance, random);
    const after = type === "CASH_IN" ? before + amount : Math.max(0, before - amount);
    this.#begin(step, type, amount, this.#senders.any(), before, after);
    if (type === "PAYMENT") this.#end("M", this.#destinations.fresh(), 0, 0, "0,0");
    else this.#endAtCustomer(type === "CASH_IN" ? -amount : amount, random.unit() < LATE_SHARE, "0,0");
  }

  /** A transfer that empties a victim's account into a fresh one, and the cash drawn by another name. */
  addFraudPair(step: number): void {
    const balance = drawCents(VICTIM, this.#random);
    const amount = Math.min(balance, FRAUD_LIMIT_CENTS);
    const isFlagged = amount >= FLAGGED_LEAST_CENTS && this.#random.unit() < FLAGGED_SHARE;
    this.#begin(step, "TRANSFER", amount, this.#senders.fresh(), balance, isFlagged ? balance : balance - amount);
    this.#end("C", this.#destinations.fresh(), 0, 0, isFlagged ? "1,1" : "1,0");
    this.#begin(step, "CASH_OUT", amount, this.#senders.fresh(), amount, 0);
    this.#endAtCustomer(amount, false, "1,0");
  }

  #begin(step: number, type: PaysimType, amount: number, sender: number, before: number, after: number): void {
    const text = this.#text;
    text.whole(step);
    text.comma();
    text.text(type);
    text.comma();
    text.money(amount);
    text.text(",C");
    text.whole(sender);
    text.comma();
    text.money(before);
    text.comma();
    text.money(after);
  }

  #end(kind: "C" | "M", name: number, before: number, after: number, flags: string): void {
    const text = this.#text;
    text.comma();
    text.text(kind);
    text.whole(name);
    text.comma();
    text.money(before);
    text.comma();
    text.money(after);
    text.comma();
    text.text(flags);
    text.endLine();
  }

  #endAtCustomer(change: number, isLate: boolean, flags: string): void {
    const place = this.#destinations.pick();
    const before = this.#destinations.cents(place);
    const after = isLate ? before : Math.max(0, before + change);
    this.#destinations.setCents(place, after);
    this.#end("C", this.#destinations.name(place), before, after, flags);
  }
}

function typesFrom(random: Random): () => PaysimType {
  const total = PAYSIM_TYPES.reduce((sum, type) => sum + SHAPES[type].rows, 0);
  return () => {
    let left = random.below(total);
    for (const type of PAYSIM_TYPES) {
      left -= SHAPES[type].rows;
      if (left < 0) return type;
    }
    return "TRANSFER";
  };
}

/** Whole cents from a log-normal distribution without what lies above `most`; never nothing. */
function drawCents(money: Money, random: Random): number {
  for (;;) {
    const value = money.median * Math.exp(money.spread * random.normal());
    if (value <= money.most) return Math.max(1, Math.round(value * 100));
  }
}

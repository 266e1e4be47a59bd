import type { Random } from "./random.ts";

/** How many destinations are known at a time: enough that they look many, few enough that memory stays flat. */
const KNOWN = 65_536;
/** 572 thousand customers receive 4.2 million of the real table's rows. */
const NEW_SHARE = 0.136;
/** 9,313 of the real table's 6,362,620 senders were there before. */
const SENDER_AGAIN_SHARE = 0.001464;
const NAME_MASK = 0x7fff_ffff;

/** Numbers for names: a shuffle of 0 .. 2^31 - 1 by the seed, so that no two counts have the same name and nothing is remembered. */
function namesFrom(seed: number): (count: number) => number {
  const salt = (seed ^ 0x2545_f491) & NAME_MASK;
  return (count) => {
    let name = (count ^ salt) & NAME_MASK;
    name = Math.imul(name, 0x2c1b_3c6d) & NAME_MASK;
    name ^= name >>> 15;
    name = Math.imul(name, 0x297a_2d39) & NAME_MASK;
    return name ^ (name >>> 14);
  };
}

/** Who sends: nearly always somebody new. */
export class Senders {
  readonly #random: Random;
  readonly #nameOf: (count: number) => number;
  #count = 0;

  constructor(random: Random) {
    this.#random = random;
    this.#nameOf = namesFrom(random.bits());
  }

  /** Somebody who has never sent. */
  fresh(): number {
    return this.#nameOf(this.#count++);
  }

  /** Anybody: once in some hundred rows one who has sent before. */
  any(): number {
    if (this.#count === 0 || this.#random.unit() >= SENDER_AGAIN_SHARE) return this.fresh();
    return this.#nameOf(this.#random.below(this.#count));
  }
}

/** Who receives: customers that come, receive some times with a balance that goes on from row to row, and are forgotten. */
export class Destinations {
  readonly #random: Random;
  readonly #nameOf: (count: number) => number;
  readonly #names = new Int32Array(KNOWN);
  readonly #cents = new Float64Array(KNOWN);
  readonly #firstCents: () => number;
  #known = 0;
  #count = 0;

  constructor(random: Random, firstCents: () => number) {
    this.#random = random;
    this.#nameOf = namesFrom(random.bits());
    this.#firstCents = firstCents;
  }

  /** The place of somebody known before or, every seventh time, of somebody new. */
  pick(): number {
    if (this.#known > 0 && this.#random.unit() >= NEW_SHARE) return this.#random.below(this.#known);
    const place = this.#known < KNOWN ? this.#known++ : this.#random.below(KNOWN);
    this.#names[place] = this.fresh();
    this.#cents[place] = this.#firstCents();
    return place;
  }

  /** A name that nobody has yet, and that will not be seen again. */
  fresh(): number {
    return this.#nameOf(this.#count++);
  }

  name(place: number): number {
    return this.#names[place] ?? 0;
  }

  cents(place: number): number {
    return this.#cents[place] ?? 0;
  }

  setCents(place: number, cents: number): void {
    this.#cents[place] = cents;
  }
}

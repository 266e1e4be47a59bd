/** A small seeded stream of random numbers: the same seed gives the same numbers on every machine. */
export interface Random {
  /** A whole number from 0 up to 2^32 - 1. */
  readonly bits: () => number;
  /** A number from 0 up to, but not, 1. */
  readonly unit: () => number;
  /** A whole number from 0 up to, but not, `limit`. */
  readonly below: (limit: number) => number;
  /** Drawn from the normal distribution with mean 0 and deviation 1. */
  readonly normal: () => number;
}

/** Starts the stream of a seed: Chris Doty-Humphrey's sfc32, which needs four words of state and a few additions a number. */
export function randomFrom(seed: number): Random {
  let a = 0x9e3779b9;
  let b = seed | 0;
  let c = Math.floor(seed / 2 ** 32) | 0;
  let counter = 1;
  let spare: number | undefined;

  function bits(): number {
    const sum = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (((c << 21) | (c >>> 11)) + sum) | 0;
    return sum >>> 0;
  }
  const unit = (): number => bits() / 2 ** 32;

  /** Box and Muller's transform makes two at a time: the second waits for the next call. */
  function normal(): number {
    if (spare !== undefined) {
      const kept = spare;
      spare = undefined;
      return kept;
    }
    const radius = Math.sqrt(-2 * Math.log(1 - unit()));
    const angle = 2 * Math.PI * unit();
    spare = radius * Math.sin(angle);
    return radius * Math.cos(angle);
  }

  // Seeds that differ in one bit start alike: the first rounds spread the difference.
  for (let round = 0; round < 16; round++) bits();
  return { bits, unit, below: (limit) => Math.floor(unit() * limit), normal };
}

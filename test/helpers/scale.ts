/**
 * How much the tests try. `npm run test:long` runs the same tests with larger numbers, which reach them by the environment:
 * STEMMA_TEST_COUNT, STEMMA_TEST_SEED and STEMMA_TEST_ROWS.
 */

/** How often something is tried: the usual number, or what a long run asks for. */
export function count(usual: number): number {
  return Number(process.env["STEMMA_TEST_COUNT"] || usual);
}

/** How many rows of data a test takes: the usual number, or what a long run asks for. */
export function rows(usual: number): number {
  return Number(process.env["STEMMA_TEST_ROWS"] || usual);
}

/** Where a test that draws numbers begins: the seed that was given, or another one each time. */
export function seed(): number {
  return Number(process.env["STEMMA_TEST_SEED"] || Date.now() % 2 ** 31);
}

/** fast-check's parameters for a property: how many runs, and from which seed if one was given. It prints the seed of a failure. */
export function runs(usual: number): { numRuns: number; seed?: number } {
  const seed = process.env["STEMMA_TEST_SEED"];
  return { numRuns: count(usual), ...(seed ? { seed: Number(seed) } : {}) };
}

import { StemmaError } from "../lineage/errors.ts";

/** Makes the parser of an option that takes a whole number of at least `least`. */
export function wholeNumber(option: string, least: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^\d+$/.test(text) && Number.isSafeInteger(value) && value >= least) return value;
    throw new StemmaError("USAGE", `${option} is "${text}", but must be a whole number of at least ${least}.`);
  };
}

import { StemmaError } from "../lineage/errors.ts";

/** Makes the parser of an option that takes a port. */
export function portNumber(option: string): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^\d+$/.test(text) && value >= 1 && value <= 65_535) return value;
    throw new StemmaError("USAGE", `${option} is "${text}", but must be a port from 1 to 65535.`);
  };
}

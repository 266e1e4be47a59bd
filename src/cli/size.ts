import { InvalidArgumentError } from "@commander-js/extra-typings";

const UNITS = { "": 1, K: 1024, M: 1024 ** 2, G: 1024 ** 3, T: 1024 ** 4 };

/** `500M`, `2GiB`, `1048576`: in bytes. */
export function parseSize(text: string): number {
  const [, number = "", unit = ""] = /^(\d+(?:\.\d+)?)\s*([KMGT]?)(?:i?B)?$/i.exec(text.trim()) ?? [];
  const factor = UNITS[unit.toUpperCase() as keyof typeof UNITS];
  if (number === "" || factor === undefined) throw new InvalidArgumentError("A size looks like 500M or 2G.");
  return Math.floor(Number(number) * factor);
}

/** A number in JSON, which has no words for three of them. */
export type CardNumber = number | "NaN" | "Infinity" | "-Infinity";

export function toCardNumber(value: number): CardNumber {
  return Number.isFinite(value) ? value : (String(value) as CardNumber);
}

export function fromCardNumber(value: CardNumber): number {
  return Number(value);
}

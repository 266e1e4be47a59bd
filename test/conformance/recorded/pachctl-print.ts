/** A message as pachctl's --raw prints it: protobuf's JSON with the names of the .proto files, nothing that is unset or zero. */
export function raw(message: unknown): string {
  return JSON.stringify(toJson(message, ""), undefined, 2);
}

function toJson(value: unknown, name: string): unknown {
  if (Buffer.isBuffer(value)) return value.toString("base64");
  if (Array.isArray(value)) return value.map((item) => toJson(item, name));
  if (typeof value !== "object" || value === null) return value;
  if (isTime(value)) return /(_time|timeout|uptime)$/.test(name) ? toSeconds(value) : toTimestamp(value);
  const members = Object.entries(value).filter(([, member]) => !isZero(member));
  return Object.fromEntries(members.map(([key, member]) => [key, toJson(member, key)]));
}

interface Time {
  readonly seconds?: string;
  readonly nanos?: number;
}

function isTime(value: object): value is Time {
  const names = Object.keys(value);
  return names.length > 0 && names.every((name) => name === "seconds" || name === "nanos");
}

function toSeconds({ seconds = "0", nanos = 0 }: Time): string {
  return `${Number(seconds) + nanos / 1e9}s`;
}

function toTimestamp({ seconds = "0", nanos = 0 }: Time): string {
  return new Date(Number(seconds) * 1000 + nanos / 1e6).toISOString();
}

function isZero(value: unknown): boolean {
  if (Array.isArray(value)) return value.length === 0;
  return value === null || value === undefined || ["", "0", 0, false].includes(value as string);
}

/** Sizes as pachctl's tables show them: 680B, 1.367KiB. */
export function size(bytes: string | number | undefined): string {
  let [left, unit] = [Number(bytes ?? 0), 0];
  for (; left >= 1024; unit += 1) left /= 1024;
  return `${Number(left.toPrecision(4))}${["B", "KiB", "MiB"][unit] ?? ""}`;
}

/** A table: of pachctl's columns, those that do not speak of time. */
export function table(heads: readonly string[], rows: readonly (readonly string[])[]): string {
  return [heads, ...rows].map((row) => `${row.join("\t")}\n`).join("");
}

import protobuf from "protobufjs";

/** How one kind of value is written in protobuf's JSON. */
export interface Codec {
  /** What a wrong value should have been, after "must be". */
  readonly expects: string;
  /** As proto-loader has it, or `undefined` for what is no such value. */
  readonly read: (json: unknown) => unknown;
  readonly write: (value: unknown) => unknown;
}

interface Seconds {
  readonly seconds?: string;
  readonly nanos?: number;
}

const same = (value: unknown): unknown => value;

const CODECS: Readonly<Record<string, Codec>> = {
  string: { expects: "text", read: (json) => (typeof json === "string" ? json : undefined), write: same },
  bool: { expects: "true or false", read: (json) => (typeof json === "boolean" ? json : undefined), write: same },
  int32: {
    ...integer(-(2n ** 31n), 2n ** 31n),
    read: (json) => toNumber(readInteger(json, -(2n ** 31n), 2n ** 31n)),
    write: same,
  },
  int64: integer(-(2n ** 63n), 2n ** 63n),
  uint64: integer(0n, 2n ** 64n),
  float: { expects: "a number", read: readFloat, write: (value) => (Number.isFinite(value) ? value : String(value)) },
  "google.protobuf.Int64Value": wrapped(integer(-(2n ** 63n), 2n ** 63n)),
  "google.protobuf.Duration": {
    expects: 'a time in seconds such as "300s"',
    read: readDuration,
    write: (value) => writeDuration(value as Seconds),
  },
  "google.protobuf.Timestamp": {
    expects: 'a time such as "2026-01-31T12:00:00Z"',
    read: readTimestamp,
    write: (value) => writeTimestamp(value as Seconds),
  },
};

/** The codec of a field's items. Messages other than protobuf's own have none. */
export function codecOf(field: protobuf.Field): Codec {
  const type = field.resolvedType;
  if (type instanceof protobuf.Enum) return enumeration(type);
  const name = type === null ? field.type : type.fullName.slice(1);
  const codec = CODECS[name];
  if (codec === undefined) throw new Error(`no way is known to write ${name} of ${field.fullName} in JSON`);
  return codec;
}

/** From `least` up to but without `beyond`; as text, since a JavaScript number is too small. */
function integer(least: bigint, beyond: bigint): Codec {
  return {
    expects: `a whole number${least === 0n ? ", 0 or more" : ""}`,
    read: (json) => readInteger(json, least, beyond)?.toString(),
    write: String,
  };
}

function readInteger(json: unknown, least: bigint, beyond: bigint): bigint | undefined {
  const isWhole = typeof json === "string" ? /^-?\d{1,20}$/.test(json) : Number.isInteger(json);
  if (!isWhole) return undefined;
  const value = BigInt(json as string | number);
  return value >= least && value < beyond ? value : undefined;
}

function toNumber(value: bigint | undefined): number | undefined {
  return value === undefined ? undefined : Number(value);
}

function readFloat(json: unknown): number | undefined {
  if (typeof json === "number") return json;
  if (json === "NaN" || json === "Infinity" || json === "-Infinity") return Number(json);
  return typeof json === "string" && /^-?\d+(?:\.\d+)?(?:e[+-]?\d+)?$/i.test(json) ? Number(json) : undefined;
}

function wrapped(codec: Codec): Codec {
  return {
    expects: codec.expects,
    read: (json) => {
      const value = codec.read(json);
      return value === undefined ? undefined : { value };
    },
    write: (value) => codec.write((value as { readonly value?: unknown }).value ?? 0),
  };
}

function enumeration(type: protobuf.Enum): Codec {
  return {
    expects: `one of ${Object.keys(type.values).join(", ")}`,
    read: (json) => (typeof json === "number" ? type.valuesById[json] : Object.keys(type.values).find((name) => name === json)),
    write: same,
  };
}

function readDuration(json: unknown): Seconds | undefined {
  const found = typeof json === "string" ? /^(-?)(\d{1,12})(?:\.(\d{1,9}))?s$/.exec(json) : null;
  if (found === null) return undefined;
  const [, sign = "", seconds = "", fraction = ""] = found;
  const nanos = Number(fraction.padEnd(9, "0"));
  return { seconds: BigInt(sign + seconds).toString(), nanos: sign === "" || nanos === 0 ? nanos : -nanos };
}

function writeDuration({ seconds = "0", nanos = 0 }: Seconds): string {
  const sign = seconds.startsWith("-") || nanos < 0 ? "-" : "";
  return `${sign}${seconds.replace("-", "")}${fraction(Math.abs(nanos))}s`;
}

function readTimestamp(json: unknown): Seconds | undefined {
  const found =
    typeof json === "string" ? /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)$/.exec(json) : null;
  if (found === null) return undefined;
  const [, time = "", fraction = "", zone = ""] = found;
  const ms = Date.parse(time + zone);
  return Number.isNaN(ms) ? undefined : { seconds: String(ms / 1000), nanos: Number(fraction.padEnd(9, "0")) };
}

function writeTimestamp({ seconds = "0", nanos = 0 }: Seconds): string {
  const [time] = new Date(Number(seconds) * 1000).toISOString().split(".");
  return `${time}${fraction(nanos)}Z`;
}

/** Three, six or nine digits, or nothing. */
function fraction(nanos: number): string {
  const digits = String(nanos)
    .padStart(9, "0")
    .replace(/(?:000){1,3}$/, "");
  return digits === "" ? "" : `.${digits}`;
}

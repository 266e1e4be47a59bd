/**
 * Tar files as Go's archive/tar writes them, which pachd uses: USTAR, and an extended header of pax before what USTAR has no
 * room for. Names are ASCII; mode, owner and time are zero.
 */
const BLOCK_BYTES = 512;
const MOST_NAME_BYTES = 100;
const MOST_PREFIX_BYTES = 155;
/** The most that fits into eleven octal digits. */
const MOST_USTAR_BYTES = 8 ** 11 - 1;
const OFFSET = { name: 0, numbers: 100, checksum: 148, type: 156, magic: 257, devices: 329, prefix: 345 };

/** What a tar file ends with. */
export const END_OF_TAR = Buffer.alloc(2 * BLOCK_BYTES);

/** What precedes a file's bytes; the name of a directory ends in a slash. */
export function tarHeader(name: string, bytes: number): Buffer {
  const type = name.endsWith("/") ? "5" : "0";
  const fields = splitName(name);
  if (fields !== undefined && bytes <= MOST_USTAR_BYTES) return header({ ...fields, type, bytes });
  const records = `${record("path", name)}${bytes > MOST_USTAR_BYTES ? record("size", String(bytes)) : ""}`;
  const short = { name: name.slice(0, MOST_NAME_BYTES), prefix: "" };
  return Buffer.concat([
    header({ name: "PaxHeaders.0", prefix: "", type: "x", bytes: records.length }),
    Buffer.from(records),
    tarPadding(records.length),
    header({ ...(fields ?? short), type, bytes: Math.min(bytes, MOST_USTAR_BYTES) }),
  ]);
}

/** What follows a file's bytes. */
export function tarPadding(bytes: number): Buffer {
  return Buffer.alloc((BLOCK_BYTES - (bytes % BLOCK_BYTES)) % BLOCK_BYTES);
}

interface Header {
  readonly name: string;
  /** What is before the name, without the slash between. */
  readonly prefix: string;
  readonly type: string;
  readonly bytes: number;
}

function header({ name, prefix, type, bytes }: Header): Buffer {
  const block = Buffer.alloc(BLOCK_BYTES);
  block.write(name, OFFSET.name, "latin1");
  const [mode, owner, group, time] = [octal(0, 7), octal(0, 7), octal(0, 7), octal(0, 11)];
  block.write(mode + owner + group + octal(bytes, 11) + time, OFFSET.numbers, "latin1");
  block.write(" ".repeat(8), OFFSET.checksum, "latin1");
  block.write(type, OFFSET.type, "latin1");
  block.write("ustar\x0000", OFFSET.magic, "latin1");
  block.write(octal(0, 7) + octal(0, 7), OFFSET.devices, "latin1");
  block.write(prefix, OFFSET.prefix, "latin1");
  let sum = 0;
  for (const byte of block) sum += byte;
  block.write(`${octal(sum, 6)} `, OFFSET.checksum, "latin1");
  return block;
}

/** USTAR keeps a long name in two fields, parted at a slash; undefined where none is at a fitting place. */
function splitName(name: string): Pick<Header, "name" | "prefix"> | undefined {
  if (name.length <= MOST_NAME_BYTES) return { name, prefix: "" };
  const slash = name.slice(0, -1).lastIndexOf("/", MOST_PREFIX_BYTES);
  if (slash <= 0 || name.length - slash - 1 > MOST_NAME_BYTES) return undefined;
  return { prefix: name.slice(0, slash), name: name.slice(slash + 1) };
}

function octal(value: number, digits: number): string {
  return `${value.toString(8).padStart(digits, "0")}\0`;
}

/** A record begins with its own length, in decimal digits. */
function record(key: string, value: string): string {
  const rest = ` ${key}=${value}\n`;
  let length = rest.length;
  while (String(length).length + rest.length > length) length += 1;
  return `${length}${rest}`;
}

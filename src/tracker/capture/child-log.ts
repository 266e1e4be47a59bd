import { closeSync, openSync, writeSync } from "node:fs";
import { join } from "node:path";
import type { StoredFile } from "../delivery/items.ts";
import { sha256OfFile } from "../report/sha256.ts";

/** A part of the log, which is sent again whenever it has grown: small enough for that, and not too many of them. */
const PART_BYTES = 1024 * 1024;
const MAX_PARTS = 100;
const NEWLINE = 0x0a;
/** A line may be longer, but then it is not looked through for secrets as a whole. */
const LONGEST_LINE_BYTES = 256 * 1024;

interface Part {
  readonly number: number;
  readonly file: string;
  readonly fd: number;
  sizeBytes: number;
  sentBytes: number;
}

/** Keeps what a command prints in files of a megabyte each, line by line and without secrets, for the run's artifacts. */
export class ChildLog {
  readonly #folder: string;
  readonly #redact: (text: string) => string;
  readonly #say: (line: string) => void;
  readonly #parts: Part[] = [];
  readonly #rests = new Map<string, Buffer>();
  #cutBytes = 0;
  #isClosed = false;

  constructor(folder: string, redact: (text: string) => string, say: (line: string) => void = () => {}) {
    this.#folder = folder;
    this.#redact = redact;
    this.#say = say;
  }

  /** Takes what came on `stream` ("stdout" or "stderr"): whole lines at once, the rest when it is complete. */
  write(stream: string, chunk: Buffer): void {
    if (this.#isClosed) return;
    const rest = this.#rests.get(stream);
    const bytes = rest === undefined ? chunk : Buffer.concat([rest, chunk]);
    const lines = bytes.lastIndexOf(NEWLINE) + 1;
    const end = lines === 0 && bytes.length > LONGEST_LINE_BYTES ? wholeCharacters(bytes) : lines;
    this.#rests.set(stream, Buffer.from(bytes.subarray(end)));
    if (end > 0) this.#keep(bytes.subarray(0, end));
  }

  /** The parts that have grown since they were last asked for. */
  async grown(): Promise<StoredFile[]> {
    const grown = this.#parts.filter((part) => part.sentBytes < part.sizeBytes);
    for (const part of grown) part.sentBytes = part.sizeBytes;
    return storeAll(grown);
  }

  /** The command has ended: what is left of the last lines counts, and nothing more comes. */
  close(): void {
    for (const rest of this.#rests.values()) if (rest.length > 0) this.#keep(rest);
    const last = this.#parts.at(-1);
    if (this.#cutBytes > 0 && last !== undefined)
      this.#append(last, Buffer.from(`... stemma kept no more; ${this.#cutBytes} bytes followed\n`));
    this.#isClosed = true;
    for (const { fd } of this.#parts) closeSync(fd);
  }

  /** All parts, for the record. Only after `close`. */
  files(): Promise<StoredFile[]> {
    return storeAll(this.#parts);
  }

  #keep(bytes: Buffer): void {
    const text = Buffer.from(this.#redact(bytes.toString("utf8")));
    try {
      const part = this.#openPart();
      if (part === undefined) this.#cutBytes += text.length;
      else this.#append(part, text);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === undefined) throw error;
      // A full disk is no reason to fail the command.
      this.#isClosed = true;
      this.#say(`what the command prints is kept no more: ${code}`);
    }
  }

  #append(part: Part, bytes: Buffer): void {
    part.sizeBytes += writeSync(part.fd, bytes);
  }

  #openPart(): Part | undefined {
    const last = this.#parts.at(-1);
    if (last !== undefined && last.sizeBytes < PART_BYTES) return last;
    if (this.#parts.length === MAX_PARTS) return undefined;
    const number = this.#parts.length + 1;
    const file = join(this.#folder, `output-${number}.log`);
    const part = { number, file, fd: openSync(file, "w", 0o600), sizeBytes: 0, sentBytes: 0 };
    this.#parts.push(part);
    return part;
  }
}

/** How many bytes there are before the last character that may be cut in two: in UTF-8 only the first byte of one does not begin with 10. */
function wholeCharacters(bytes: Buffer): number {
  let end = bytes.length - 1;
  while (end > 0 && ((bytes[end] ?? 0) & 0xc0) === 0x80) end--;
  return end;
}

/** A part only grows: its first bytes stay what they are, and can be sent while more come. One that is gone is left out. */
async function storeAll(parts: readonly Part[]): Promise<StoredFile[]> {
  const files: StoredFile[] = [];
  for (const { number, file, sizeBytes } of parts) {
    try {
      files.push({ path: partPath(number), sizeBytes, sha256: await sha256OfFile(file, sizeBytes), at: file });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === undefined) throw error;
    }
  }
  return files;
}

function partPath(number: number): string {
  return number === 1 ? "log/output.log" : `log/output-${String(number).padStart(3, "0")}.log`;
}

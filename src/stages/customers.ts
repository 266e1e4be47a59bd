import { crc32 } from "node:zlib";
import { StemmaError } from "../lineage/errors.ts";

/** A stable hash of Latin-1 text: its CRC-32, which every language and database can compute as well. */
function hashOf(text: string): number {
  return crc32(Buffer.from(text, "latin1"));
}

const LEAST_BUCKETS = 8;
const BUCKET_BYTES = 32 * 1024 * 1024;

/**
 * How many buckets an input of this size is split into: 8 up to 256 MiB, and twice as many each time that it doubles. So a table
 * that grows day by day seldom changes its layout. A datum of a pipeline must not choose for itself: it sees only some of the raw
 * files, and a customer's rows would lie in different buckets when those of one file are fewer than those of another.
 */
export function bucketsFor(sizeBytes: number): number {
  let buckets = LEAST_BUCKETS;
  while (buckets * BUCKET_BYTES < sizeBytes) buckets *= 2;
  return buckets;
}

/** The folders of so many buckets: `bucket-03`, with as many digits as the last bucket needs, two at least. */
export function bucketFolders(buckets: number): readonly string[] {
  const digits = Math.max(2, String(buckets - 1).length);
  return Array.from({ length: buckets }, (_, bucket) => `bucket-${String(bucket).padStart(digits, "0")}`);
}

/** Which of so many buckets is a customer's. */
export function bucketOf(customer: string, buckets: number): number {
  return hashOf(customer) % buckets;
}

/** A customer's own folder: the name, with every byte that could mean something in a path as %XX. */
export function customerFolder(customer: string): string {
  const folder = customer.replaceAll(
    /[^A-Za-z0-9_-]/g,
    (byte) => `%${byte.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}`,
  );
  if (folder.length > 200)
    throw new StemmaError("USAGE", `the customer name ${folder.slice(0, 40)}… is too long for a folder's name.`);
  return folder;
}

/** The customers with the lowest hashes of all that were offered: the same ones in whatever order they came. */
export class LowestCustomers {
  readonly #limit: number;
  readonly #hashes = new Map<string, number>();

  constructor(limit: number) {
    this.#limit = limit;
  }

  offer(customer: string): void {
    this.#hashes.set(customer, hashOf(customer));
    if (this.#hashes.size > 2 * this.#limit + 1000) this.#cut();
  }

  take(): string[] {
    this.#cut();
    return [...this.#hashes.keys()];
  }

  #cut(): void {
    const lowest = [...this.#hashes]
      .toSorted(([a, hashA], [b, hashB]) => hashA - hashB || (a < b ? -1 : 1))
      .slice(0, this.#limit);
    this.#hashes.clear();
    for (const [customer, hash] of lowest) this.#hashes.set(customer, hash);
  }
}

/** Takes `count` customers, half of them with fraud as far as there are; either kind fills up what the other lacks. */
export function mixCustomers(withFraud: readonly string[], others: readonly string[], count: number): Set<string> {
  const frauds = Math.min(withFraud.length, Math.max(Math.ceil(count / 2), count - others.length));
  return new Set([...withFraud.slice(0, frauds), ...others.slice(0, count - frauds)]);
}

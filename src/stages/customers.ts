import { StemmaError } from "../lineage/errors.ts";

/** A stable 32-bit hash of Latin-1 text (FNV-1a, with a last stir so that its low bits are as good as its high ones). */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  return (hash ^ (hash >>> 13)) >>> 0;
}

/** The folder of a customer's bucket: `bucket-03`, with as many digits as the last bucket needs, two at least. */
export function bucketFolder(customer: string, buckets: number): string {
  const digits = Math.max(2, String(buckets - 1).length);
  return `bucket-${String(hashOf(customer) % buckets).padStart(digits, "0")}`;
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

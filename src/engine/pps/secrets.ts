import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Database } from "../store/database.ts";
import { writeWholeSync } from "../store/durable-files.ts";
import { notFound, refused } from "../fault.ts";

export interface SecretRow {
  readonly name: string;
  readonly type: string;
  readonly created: number;
}

/** A secret's values by key. */
type Values = Readonly<Record<string, Buffer>>;

const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const LONGEST_NAME = 253;

/** Values for pipelines, sealed with a key that only this home's owner can read (AES-256-GCM). No call gives them back. */
export class Secrets {
  readonly #db: Database;
  readonly #keyFile: string;

  constructor(db: Database, home: string) {
    this.#db = db;
    this.#keyFile = join(home, "secret.key");
  }

  /** Takes the JSON of a Kubernetes Secret. One of that name is replaced, where a cluster would refuse to. */
  create(file: Uint8Array): void {
    const { name, type, values } = parseSecret(file);
    const encoded = Object.fromEntries(Object.entries(values).map(([key, value]) => [key, value.toString("base64")]));
    this.#db.run(
      `INSERT INTO secrets VALUES (?, ?, ?, ?) ON CONFLICT (name)
       DO UPDATE SET type = excluded.type, sealed = excluded.sealed, created = excluded.created`,
      name,
      type,
      this.#seal(JSON.stringify(encoded)),
      Date.now(),
    );
  }

  list(): SecretRow[] {
    return this.#db.all("SELECT name, type, created FROM secrets ORDER BY name");
  }

  inspect(name: string): SecretRow {
    const row = this.#find(name);
    if (row === undefined) throw refused(`failed to get secret: ${missing(name)}`);
    return row;
  }

  delete(name: string): void {
    if (this.#find(name) === undefined) throw refused(`failed to delete secret: ${missing(name)}`);
    this.#db.run("DELETE FROM secrets WHERE name = ?", name);
  }

  /** All values of a secret, for a job. */
  reveal(name: string): Values {
    const row = this.#db.get<{ sealed: Uint8Array }>("SELECT sealed FROM secrets WHERE name = ?", name);
    if (row === undefined) throw notFound(`secret "${name}" not found`);
    const encoded = JSON.parse(this.#unseal(row.sealed)) as Record<string, string>;
    return Object.fromEntries(Object.entries(encoded).map(([key, value]) => [key, Buffer.from(value, "base64")]));
  }

  #find(name: string): SecretRow | undefined {
    return this.#db.get("SELECT name, type, created FROM secrets WHERE name = ?", name);
  }

  #seal(text: string): Uint8Array {
    const nonce = randomBytes(NONCE_BYTES);
    const cipher = createCipheriv("aes-256-gcm", this.#key(), nonce);
    return Buffer.concat([nonce, cipher.update(text, "utf8"), cipher.final(), cipher.getAuthTag()]);
  }

  #unseal(sealed: Uint8Array): string {
    const decipher = createDecipheriv("aes-256-gcm", this.#key(), sealed.subarray(0, NONCE_BYTES));
    decipher.setAuthTag(sealed.subarray(sealed.length - TAG_BYTES));
    return Buffer.concat([decipher.update(sealed.subarray(NONCE_BYTES, -TAG_BYTES)), decipher.final()]).toString("utf8");
  }

  #key(): Buffer {
    if (!existsSync(this.#keyFile)) writeWholeSync(this.#keyFile, randomBytes(32), 0o600);
    return readFileSync(this.#keyFile);
  }
}

/** As Kubernetes says it. */
function missing(name: string): string {
  return `secrets "${name}" not found`;
}

/** Says what is wrong without a word of what was sent. */
function parseSecret(file: Uint8Array): { readonly name: string; readonly type: string; readonly values: Values } {
  const secret = parseObject(file);
  const { name = "" } = objectOf(secret, "metadata");
  if (typeof name !== "string" || name.length > LONGEST_NAME || !/^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/.test(name)) {
    const rule = "it needs a name of lower case letters, digits, dots and dashes";
    throw refused(`failed to create secret: Secret ${JSON.stringify(name)} is invalid: metadata.name: ${rule}`);
  }
  const type = secret["type"];
  return {
    name,
    type: typeof type === "string" && type !== "" ? type : "Opaque",
    values: { ...valuesOf(secret, "data", decode), ...valuesOf(secret, "stringData", (text) => Buffer.from(text)) },
  };
}

function parseObject(file: Uint8Array): Readonly<Record<string, unknown>> {
  try {
    return objectOf({ file: JSON.parse(Buffer.from(file).toString("utf8")) as unknown }, "file");
  } catch {
    throw unreadable("it is not the JSON of a Kubernetes Secret");
  }
}

function objectOf(parent: Readonly<Record<string, unknown>>, field: string): Readonly<Record<string, unknown>> {
  const value = parent[field] ?? {};
  if (typeof value !== "object" || Array.isArray(value)) throw unreadable(`${field} is no object`);
  return value as Record<string, unknown>;
}

function valuesOf(
  secret: Readonly<Record<string, unknown>>,
  field: string,
  toBytes: (text: string) => Buffer | undefined,
): Values {
  const values: Record<string, Buffer> = {};
  for (const [key, text] of Object.entries(objectOf(secret, field))) {
    const bytes = typeof text === "string" ? toBytes(text) : undefined;
    if (bytes === undefined) throw unreadable(`${field}.${key} is not what it should be`);
    values[key] = bytes;
  }
  return values;
}

function decode(text: string): Buffer | undefined {
  return /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(text) ? Buffer.from(text, "base64") : undefined;
}

function unreadable(why: string): Error {
  return refused(`failed to unmarshal secret: ${why}`);
}

import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Database } from "./database.ts";
import { invalid, notFound } from "./fault.ts";

export interface SecretRow {
  readonly name: string;
  readonly type: string;
  readonly created: number;
}

interface KubernetesSecret {
  readonly type?: string;
  readonly metadata?: { readonly name?: string };
  readonly data?: Readonly<Record<string, string>>;
  readonly stringData?: Readonly<Record<string, string>>;
}

const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** Values for pipelines, sealed with a key that only this home's owner can read (AES-256-GCM). No call gives them back. */
export class Secrets {
  private readonly db: Database;
  private readonly keyFile: string;

  constructor(db: Database, home: string) {
    this.db = db;
    this.keyFile = join(home, "secret.key");
  }

  /** Takes what `kubectl create secret -o json` prints. An existing one of that name is replaced. */
  create(file: Uint8Array): void {
    const secret = parse(file);
    const name = secret.metadata?.name ?? "";
    if (!/^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/.test(name))
      throw invalid(`a secret needs metadata.name in lower case, not "${name}"`);
    const values: Record<string, string> = { ...secret.stringData };
    for (const [key, value] of Object.entries(secret.data ?? {})) values[key] = Buffer.from(value, "base64").toString("utf8");
    this.db.run(
      "INSERT INTO secrets VALUES (?, ?, ?, ?) ON CONFLICT (name) DO UPDATE SET type = excluded.type, sealed = excluded.sealed",
      name,
      secret.type ?? "Opaque",
      this.seal(JSON.stringify(values)),
      Date.now(),
    );
  }

  list(): SecretRow[] {
    return this.db.all("SELECT name, type, created FROM secrets ORDER BY name");
  }

  inspect(name: string): SecretRow {
    const row = this.db.get<SecretRow>("SELECT name, type, created FROM secrets WHERE name = ?", name);
    if (row === undefined) throw secretNotFound(name);
    return row;
  }

  delete(name: string): void {
    this.inspect(name);
    this.db.run("DELETE FROM secrets WHERE name = ?", name);
  }

  /** One value, for a job's environment. */
  reveal(name: string, key: string): string {
    const row = this.db.get<{ sealed: Uint8Array }>("SELECT sealed FROM secrets WHERE name = ?", name);
    if (row === undefined) throw secretNotFound(name);
    const value = (JSON.parse(this.unseal(row.sealed)) as Record<string, string>)[key];
    if (value === undefined) throw notFound(`secret "${name}" has no key "${key}"`);
    return value;
  }

  private seal(text: string): Uint8Array {
    const nonce = randomBytes(NONCE_BYTES);
    const cipher = createCipheriv("aes-256-gcm", this.key(), nonce);
    return Buffer.concat([nonce, cipher.update(text, "utf8"), cipher.final(), cipher.getAuthTag()]);
  }

  private unseal(sealed: Uint8Array): string {
    const decipher = createDecipheriv("aes-256-gcm", this.key(), sealed.subarray(0, NONCE_BYTES));
    decipher.setAuthTag(sealed.subarray(sealed.length - TAG_BYTES));
    return Buffer.concat([decipher.update(sealed.subarray(NONCE_BYTES, -TAG_BYTES)), decipher.final()]).toString("utf8");
  }

  private key(): Buffer {
    if (!existsSync(this.keyFile)) writeFileSync(this.keyFile, randomBytes(32), { mode: 0o600, flag: "wx" });
    return readFileSync(this.keyFile);
  }
}

function secretNotFound(name: string): Error {
  return notFound(`secret "${name}" not found`);
}

function parse(file: Uint8Array): KubernetesSecret {
  try {
    return JSON.parse(Buffer.from(file).toString("utf8")) as KubernetesSecret;
  } catch (error) {
    throw invalid(`a secret is the JSON of a Kubernetes Secret: ${(error as Error).message}`);
  }
}

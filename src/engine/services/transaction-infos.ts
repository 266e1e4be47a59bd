import type { TransactionInfo } from "../../pachyderm/generated/transaction_v2/TransactionInfo.ts";
import type { TransactionInfo__Output } from "../../pachyderm/generated/transaction_v2/TransactionInfo.ts";
import { loadProtocol } from "../../pachyderm/protocol.ts";
import type { Database } from "../store/database.ts";
import { notFound } from "../fault.ts";

const { responseSerialize: encode, responseDeserialize: decode } = loadProtocol().transaction_v2.API.service.InspectTransaction;

/** Keeps a transaction that a user has started, or what it has become. */
export function saveTransaction(db: Database, info: TransactionInfo): void {
  db.run(
    "INSERT INTO transactions (id, info) VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET info = excluded.info",
    info.transaction?.id ?? "",
    encode(info),
  );
}

/** Throws NOT_FOUND, also for one that is finished. */
export function inspectTransaction(db: Database, id: string): TransactionInfo__Output {
  const row = db.get<{ info: Uint8Array }>("SELECT info FROM transactions WHERE id = ?", id);
  if (row === undefined) throw notFound(`transactions ${id} not found`);
  return decode(Buffer.from(row.info));
}

/** Newest first. */
export function listTransactions(db: Database): TransactionInfo__Output[] {
  const rows = db.all<{ info: Uint8Array }>("SELECT info FROM transactions ORDER BY rowid DESC");
  return rows.map(({ info }) => decode(Buffer.from(info)));
}

/** Throws NOT_FOUND. */
export function deleteTransaction(db: Database, id: string): void {
  inspectTransaction(db, id);
  db.run("DELETE FROM transactions WHERE id = ?", id);
}

export function deleteTransactions(db: Database): void {
  db.run("DELETE FROM transactions");
}

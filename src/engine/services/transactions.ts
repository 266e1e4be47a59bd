import type { APIHandlers } from "../../pachyderm/generated/transaction_v2/API.ts";
import { newId } from "../transaction.ts";
import { EMPTY, type Parts } from "./parts.ts";
import {
  deleteTransaction,
  deleteTransactions,
  inspectTransaction,
  listTransactions,
  saveTransaction,
} from "./transaction-infos.ts";
import { toTimestamp } from "./wire.ts";

/**
 * Transactions of the user's: several changes that happen together, whose commits all have the transaction's id. They are
 * gathered by Changes, survive a restart, and are checked again when they are finished, as others may have come first.
 */
export function transactionHandlers({ state, rpc, changes }: Parts): Partial<APIHandlers> {
  const { db } = state;
  return {
    BatchTransaction: rpc.unary(({ requests = [] }) => {
      const info = newTransactionInfo();
      const { responses } = state.write((tx) => changes.run(tx, requests), info.transaction.id);
      return { ...info, requests, responses };
    }),
    StartTransaction: rpc.unary(() => {
      const info = newTransactionInfo();
      state.write((tx) => saveTransaction(tx.db, info));
      return info.transaction;
    }),
    InspectTransaction: rpc.unary(({ transaction }) => inspectTransaction(db, transaction?.id ?? "")),
    ListTransaction: rpc.unary(() => ({ transaction_info: listTransactions(db) })),
    DeleteTransaction: rpc.unary(({ transaction }) => {
      state.write((tx) => deleteTransaction(tx.db, transaction?.id ?? ""));
      return EMPTY;
    }),
    FinishTransaction: rpc.unary(({ transaction }) => {
      const id = transaction?.id ?? "";
      return state.write((tx) => {
        const info = inspectTransaction(tx.db, id);
        const { responses } = changes.run(tx, info.requests ?? []);
        deleteTransaction(tx.db, id);
        return { ...info, responses };
      }, id);
    }),
    DeleteAll: rpc.unary(() => {
      state.write((tx) => deleteTransactions(tx.db));
      return EMPTY;
    }),
  };
}

function newTransactionInfo() {
  return { transaction: { id: newId() }, started: toTimestamp(Date.now()) };
}

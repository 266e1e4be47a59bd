import type { Metadata, handleUnaryCall } from "@grpc/grpc-js";
import type { Commit } from "../../pachyderm/generated/pfs_v2/Commit.ts";
import type { TransactionRequest__Output as TransactionRequest } from "../../pachyderm/generated/transaction_v2/TransactionRequest.ts";
import type { TransactionResponse } from "../../pachyderm/generated/transaction_v2/TransactionResponse.ts";
import { refused, unimplemented, within } from "../fault.ts";
import type { EngineState } from "../state.ts";
import type { Transaction } from "../transaction.ts";
import type { Adapter, Call } from "../rpc.ts";
import { inspectTransaction, saveTransaction } from "./transaction-infos.ts";

/** The changes that may be part of a transaction of the user's, as `TransactionRequest` names them. */
export type ChangeKind = keyof TransactionRequest;
type Apply = (tx: Transaction, request: unknown) => unknown;

/** What the changes of a transaction have answered. */
export interface Outcome {
  /** As the changes' own calls would answer, in order. */
  readonly answers: readonly unknown[];
  /** The same, as a TransactionInfo shows it: only StartCommit leaves something there. */
  readonly responses: TransactionResponse[];
}

/**
 * The calls that a user may gather in a transaction: each is a function of the engine's transaction and its request. Such a
 * call with the header `pach-transaction` is tried out upon those gathered before it, kept, and made when the user finishes.
 */
export class Changes {
  readonly #state: EngineState;
  readonly #rpc: Adapter;
  readonly #apply = new Map<string, Apply>();

  constructor(state: EngineState, rpc: Adapter) {
    this.#state = state;
    this.#rpc = rpc;
  }

  /** The handler of a change whose request is the call's own. */
  handler<Request, Response>(
    kind: ChangeKind,
    apply: (tx: Transaction, request: Request) => Response,
  ): handleUnaryCall<Request, Response> {
    return this.#rpc.unary(this.define(kind, apply));
  }

  /** Makes a kind of change known, and answers what makes one: at once, or as a part of the call's transaction. */
  define<Request, Response>(
    kind: ChangeKind,
    apply: (tx: Transaction, request: Request) => Response,
  ): (request: Request, call: Pick<Call, "metadata">) => Response {
    this.#apply.set(kind, apply as Apply);
    return (request, { metadata }) => {
      const id = transactionOf(metadata);
      if (id === undefined) return this.#state.write((tx) => apply(tx, request));
      return this.#append(id, { [kind]: request }) as Response;
    };
  }

  /** Makes all changes of a transaction, in their order. */
  run(tx: Transaction, requests: readonly TransactionRequest[]): Outcome {
    const answers = requests.map((request, index) =>
      within(`error running request ${index + 1} of ${requests.length}`, () => this.#make(tx, request)),
    );
    const responses = requests.map(({ start_commit: started }, index) =>
      started === undefined ? {} : { commit: answers[index] as Commit },
    );
    return { answers, responses };
  }

  #append(id: string, request: TransactionRequest): unknown {
    const info = inspectTransaction(this.#state.db, id);
    const requests = [...(info.requests ?? []), request];
    const { answers, responses } = this.#state.tryOut((tx) => this.run(tx, requests), id);
    const version = String(Number(info.version ?? 0) + 1);
    this.#state.write(({ db }) => saveTransaction(db, { ...info, requests, responses, version }));
    return answers.at(-1);
  }

  #make(tx: Transaction, request: TransactionRequest): unknown {
    const [kind, change] = Object.entries(request).find(([, value]) => value !== undefined) ?? [];
    if (kind === undefined) throw refused("unrecognized transaction request type");
    const apply = this.#apply.get(kind);
    if (apply === undefined) throw unimplemented(`the embedded engine cannot ${kind.replaceAll("_", " ")} in a transaction`);
    return apply(tx, change);
  }
}

/** The transaction that a call is to be a part of. The Python SDK names an empty one once its own is finished. */
function transactionOf(metadata: Metadata): string | undefined {
  return metadata.get("pach-transaction")[0]?.toString() || undefined;
}

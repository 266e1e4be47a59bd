import { Server, ServerCredentials } from "@grpc/grpc-js";
import type { WorkerHandlers } from "../../pachyderm/generated/pachyderm/worker/Worker.ts";
import { loadProtocol } from "../../pachyderm/protocol.ts";
import { refused } from "../fault.ts";
import { Adapter, translator } from "../rpc.ts";

/** Has the next datum put into /pfs when the one before is done, with or without an error, and answers its variables. */
export type NextDatum = (error: string, signal: AbortSignal) => Promise<string[]>;

/** What a program of a user's asks about the datums that it is given: `pachyderm.worker.Worker`, on this machine only. */
export class WorkerServer {
  readonly port: number;
  readonly #server: Server;

  private constructor(server: Server, port: number) {
    this.#server = server;
    this.port = port;
  }

  /** Without `nextDatum` it only says that the pipeline's datums are not batched. */
  static async start(log: (line: string) => void, nextDatum: NextDatum = refuse): Promise<WorkerServer> {
    const server = new Server();
    const rpc = new Adapter(translator(log));
    const handlers: Partial<WorkerHandlers> = {
      NextDatum: rpc.unary(async ({ error }, { signal }) => ({ env: await nextDatum(error ?? "", signal) })),
    };
    const { service } = loadProtocol().pachyderm.worker.Worker;
    server.addService(service, rpc.service(service, handlers));
    const port = await new Promise<number>((resolve, reject) => {
      server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, bound) =>
        error === null ? resolve(bound) : reject(error),
      );
    });
    return new WorkerServer(server, port);
  }

  close(): void {
    this.#server.forceShutdown();
  }
}

async function refuse(): Promise<never> {
  throw refused("datum batching not enabled");
}

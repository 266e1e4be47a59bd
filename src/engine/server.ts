import { Server, ServerCredentials } from "@grpc/grpc-js";
import { mkdirSync } from "node:fs";
import { StemmaError } from "../lineage/errors.ts";
import { MAX_MESSAGE_BYTES, loadProtocol } from "../pachyderm/protocol.ts";
import { Runner } from "./runner.ts";
import { chooseSandbox } from "./sandbox.ts";
import { Secrets } from "./secrets.ts";
import { adminHandlers, versionHandlers } from "./services/admin.ts";
import { pfsHandlers } from "./services/pfs.ts";
import { ppsHandlers } from "./services/pps.ts";
import { Adapter, translator } from "./services/rpc.ts";
import { EngineState } from "./state.ts";

export interface EngineOptions {
  /** The folder that holds everything; made where it is missing. */
  readonly home: string;
  /** HOST:PORT; port 0 takes a free one. */
  readonly listen: string;
  /** Where commands run whose spec names no folder. */
  readonly workdir: string;
  /** What every job inherits. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly log?: ((line: string) => void) | undefined;
}

export interface RunningEngine {
  /** HOST:PORT as it is. */
  readonly address: string;
  close(): Promise<void>;
}

const CLIENT_PINGS_MS = 5000;

/** Starts the embedded Pachyderm. Throws USAGE when the address cannot be listened on. */
export async function startEngine(options: EngineOptions): Promise<RunningEngine> {
  const log = options.log ?? (() => undefined);
  mkdirSync(options.home, { recursive: true });
  const state = await EngineState.open(options.home);
  const secrets = new Secrets(state.db, options.home);
  const server = makeServer(state, secrets, log);
  const port = await listen(server, options.listen).catch((error: unknown) => {
    state.close();
    throw error;
  });
  const address = `${options.listen.slice(0, options.listen.lastIndexOf(":"))}:${port}`;
  const sandbox = await chooseSandbox(options.env["STEMMA_SANDBOX"]);
  log(`listening on ${address}; jobs run ${sandbox.kind === "namespace" ? "in mount namespaces" : "with rewritten /pfs paths"}`);
  const environment = jobEnvironment(options.env, address);
  const runner = new Runner({ state, secrets, sandbox, workingDirectory: options.workdir, environment, log });
  return {
    address,
    close: async () => {
      await runner.close();
      server.forceShutdown();
      state.close();
    },
  };
}

function makeServer(state: EngineState, secrets: Secrets, log: (line: string) => void): Server {
  const server = new Server({
    "grpc.max_receive_message_length": MAX_MESSAGE_BYTES,
    "grpc.max_send_message_length": MAX_MESSAGE_BYTES,
    // Go clients ping every 20 s, also without a call under way, and must not be told that it is too often.
    "grpc.keepalive_permit_without_calls": 1,
    "grpc.http2.min_ping_interval_without_data_ms": CLIENT_PINGS_MS,
  });
  const rpc = new Adapter(translator(log));
  const protocol = loadProtocol();
  const add = (
    definition: Parameters<Server["addService"]>[0],
    handlers: Parameters<Adapter["service"]>[1],
    refusal?: string,
  ): void => server.addService(definition, rpc.service(definition, handlers, refusal));
  add(protocol.pfs_v2.API.service, pfsHandlers(state, rpc));
  add(protocol.pps_v2.API.service, ppsHandlers(state, secrets, rpc));
  add(protocol.admin_v2.API.service, adminHandlers(state, rpc));
  add(protocol.versionpb_v2.API.service, versionHandlers(rpc));
  add(protocol.transaction_v2.API.service, {});
  add(protocol.metadata.API.service, {});
  add(protocol.auth_v2.API.service, {}, "the auth service is not activated");
  add(protocol.enterprise_v2.API.service, {});
  return server;
}

function listen(server: Server, address: string): Promise<number> {
  return new Promise((resolve, reject) => {
    server.bindAsync(address, ServerCredentials.createInsecure(), (error, port) => {
      if (error === null) return resolve(port);
      const why = error.message.includes("EADDRINUSE") ? "the port is taken" : "this machine has no such address";
      reject(
        new StemmaError("USAGE", `cannot listen on ${address}: ${why}.`, { hint: "Give another with --listen.", cause: error }),
      );
    });
  });
}

function jobEnvironment(env: EngineOptions["env"], address: string): Record<string, string> {
  const [host = "", port = ""] = address.split(":");
  const inherited = Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return { ...Object.fromEntries(inherited), PACHD_PEER_SERVICE_HOST: host, PACHD_PEER_SERVICE_PORT: port };
}

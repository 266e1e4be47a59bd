import { Server, ServerCredentials } from "@grpc/grpc-js";
import { StemmaError } from "../lineage/errors.ts";
import { MAX_MESSAGE_BYTES, loadProtocol } from "../pachyderm/protocol.ts";
import {
  type Access,
  type ListenAddress,
  OPEN_ACCESS,
  formatListenAddress,
  parseListenAddress,
  requireProtection,
} from "./access.ts";
import { AlarmClock } from "./alarm-clock.ts";
import { cronAlarm } from "./pps/cron-inputs.ts";
import { EngineLog } from "./engine-log.ts";
import { type Fault, refused, unimplemented } from "./fault.ts";
import { fileSetAlarm } from "./pfs/file-sets.ts";
import { Runner } from "./runner.ts";
import { startS3 } from "./s3/server.ts";
import { chooseSandbox } from "./sandbox/sandbox.ts";
import { Secrets } from "./pps/secrets.ts";
import { adminHandlers, identityHandlers, versionHandlers } from "./services/admin.ts";
import { withPlainBytes } from "./services/bytes-value.ts";
import { Changes } from "./services/changes.ts";
import { engineHandlers } from "./services/engine.ts";
import { healthHandlers } from "./services/health.ts";
import { interceptorsFor } from "./services/interceptors.ts";
import { metadataHandlers } from "./services/metadata.ts";
import type { Parts } from "./services/parts.ts";
import { pfsHandlers } from "./services/pfs.ts";
import { ppsHandlers } from "./services/pps.ts";
import { Adapter, translator } from "./rpc.ts";
import { transactionHandlers } from "./services/transactions.ts";
import { EngineState } from "./state.ts";
import { fireDueTriggers, nextTriggerTick } from "./pfs/triggers.ts";
import { allowUrls } from "./urls/urls.ts";

export interface EngineOptions {
  /** The folder that holds everything; made where it is missing. */
  readonly home: string;
  /** HOST:PORT; port 0 takes a free one. An address that other machines can reach needs a token and TLS in `access`. */
  readonly listen: string;
  /** Where the S3 gateway listens, likewise; undefined for none. */
  readonly s3Listen?: string | undefined;
  /** Who may come in; by default everybody who can reach it. */
  readonly access?: Access | undefined;
  /** Where commands run whose spec names no folder. */
  readonly workdir: string;
  /** What every job inherits; and where S3 is, for URLs. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The beginnings of the URLs that clients and pipelines may have read and written (urls.ts); by default none. */
  readonly allowUrls?: readonly string[] | undefined;
  readonly log?: ((line: string) => void) | undefined;
}

export interface RunningEngine {
  /** HOST:PORT as it is. */
  readonly address: string;
  /** The same of the S3 gateway, where there is one. */
  readonly s3Address: string | undefined;
  close(): Promise<void>;
}

/** Starts the embedded Pachyderm. Throws USAGE when the address cannot be listened on, or not without protection. */
export async function startEngine(options: EngineOptions): Promise<RunningEngine> {
  const { access = OPEN_ACCESS } = options;
  const engineLog = new EngineLog(options.log ?? (() => undefined));
  const log = engineLog.add;
  const { host } = parseListenAddress(options.listen);
  requireProtection(host, access);
  const urls = allowUrls(options.allowUrls ?? [], options.env);
  const state = await EngineState.open(options.home);
  const secrets = new Secrets(state.db, options.home);
  const sandbox = await chooseSandbox(options.env["STEMMA_SANDBOX"], options.home);
  const runner = new Runner({ state, secrets, sandbox, urls, workingDirectory: options.workdir, log });
  const server = makeServer({ state, secrets, runner, urls, engineLog }, access, log);
  const giveUp = (error: unknown): never => {
    server.forceShutdown();
    state.close();
    throw error;
  };
  const bound = await bind(server, options.listen, access).catch(giveUp);
  const { s3Listen } = options;
  const s3 = s3Listen === undefined ? undefined : await startS3({ state, listen: s3Listen, access, log }).catch(giveUp);
  const address = formatListenAddress({ host, port: bound.port });
  log(`listening on ${address}; ${sandbox.description}`);
  await runner.start(jobEnvironment(options.env, bound.peer, access));
  const triggers = { due: () => nextTriggerTick(state.db), ring: (now: number) => state.write((tx) => fireDueTriggers(tx, now)) };
  const clock = new AlarmClock(state, [cronAlarm(state, log), triggers, fileSetAlarm(state)], log);
  clock.start();
  return {
    address,
    s3Address: s3?.address,
    close: async () => {
      clock.close();
      await s3?.close();
      await runner.close();
      server.forceShutdown();
      state.close();
    },
  };
}

function makeServer(made: Omit<Parts, "rpc" | "changes">, access: Access, log: (line: string) => void): Server {
  const server = new Server({
    interceptors: interceptorsFor(access),
    "grpc.max_receive_message_length": MAX_MESSAGE_BYTES,
    "grpc.max_send_message_length": MAX_MESSAGE_BYTES,
  });
  const rpc = new Adapter(translator(log));
  const parts: Parts = { ...made, rpc, changes: new Changes(made.state, rpc) };
  const protocol = loadProtocol();
  const add = (
    definition: Parameters<Server["addService"]>[0],
    handlers: Parameters<Adapter["service"]>[1],
    refusal?: Fault,
  ): void => server.addService(withPlainBytes(definition), rpc.service(definition, handlers, refusal));
  add(protocol.pfs_v2.API.service, pfsHandlers(parts));
  add(protocol.pps_v2.API.service, ppsHandlers(parts));
  add(protocol.admin_v2.API.service, adminHandlers(parts));
  add(protocol.versionpb_v2.API.service, versionHandlers(parts));
  add(protocol.transaction_v2.API.service, transactionHandlers(parts));
  add(protocol.metadata.API.service, metadataHandlers(parts));
  add(protocol.auth_v2.API.service, {}, unimplemented("the auth service is not activated"));
  add(protocol.enterprise_v2.API.service, {}, refused("enterprise server is deprecated"));
  add(protocol.identity_v2.API.service, identityHandlers(parts));
  add(protocol.grpc.health.v1.Health.service, healthHandlers(parts));
  add(protocol.stemma.Engine.service, engineHandlers(parts));
  return server;
}

/** Where the engine listens, and where its own jobs find it. */
interface Bound {
  readonly port: number;
  readonly peer: ListenAddress;
}

/**
 * Listens for clients. Jobs, which like those of a pachd reach it by an IPv4 address and without TLS, get a port of their own
 * on the loopback where the clients' is not like that; the token is asked for there too.
 */
async function bind(server: Server, address: string, { tls }: Access): Promise<Bound> {
  const plain = ServerCredentials.createInsecure();
  const { host } = parseListenAddress(address);
  const port = await listen(server, address, tls === undefined ? plain : toCredentials(tls));
  if (tls === undefined && !host.includes(":")) return { port, peer: { host, port } };
  return { port, peer: { host: "127.0.0.1", port: await listen(server, "127.0.0.1:0", plain) } };
}

function toCredentials({ cert, key }: NonNullable<Access["tls"]>): ServerCredentials {
  return ServerCredentials.createSsl(null, [{ cert_chain: cert, private_key: key }]);
}

function listen(server: Server, address: string, credentials: ServerCredentials): Promise<number> {
  return new Promise((resolve, reject) => {
    server.bindAsync(address, credentials, (error, port) => {
      if (error === null) return resolve(port);
      const why = error.message.includes("EADDRINUSE") ? "the port is taken" : "this machine has no such address";
      reject(
        new StemmaError("USAGE", `cannot listen on ${address}: ${why}.`, { hint: "Give another with --listen.", cause: error }),
      );
    });
  });
}

function jobEnvironment(env: EngineOptions["env"], peer: ListenAddress, { token }: Access): Record<string, string> {
  const inherited = Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return {
    ...Object.fromEntries(inherited),
    PACHD_PEER_SERVICE_HOST: peer.host,
    PACHD_PEER_SERVICE_PORT: String(peer.port),
    ...(token !== undefined && { PACH_TOKEN: token }),
  };
}

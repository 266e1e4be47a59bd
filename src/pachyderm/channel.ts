import { isIP } from "node:net";
import { checkServerIdentity, getCACertificates } from "node:tls";
import { type ChannelCredentials, type ChannelOptions, credentials } from "@grpc/grpc-js";
import type { Endpoint } from "./address.ts";
import { MAX_MESSAGE_BYTES } from "./protocol.ts";

/** What a gRPC channel to a server needs. */
export interface Channel {
  readonly credentials: ChannelCredentials;
  readonly options: ChannelOptions;
}

const OPTIONS: ChannelOptions = {
  "grpc.max_receive_message_length": MAX_MESSAGE_BYTES,
  "grpc.max_send_message_length": MAX_MESSAGE_BYTES,
  "grpc.keepalive_time_ms": 20_000,
  "grpc.keepalive_timeout_ms": 20_000,
  // grpc-js copies what it keeps for a retry with each message that it sends: with its 1 MiB, 100,000 small files took 47 s, not 19.
  "grpc.per_rpc_retry_buffer_size": 64 * 1024,
};

/** In TLS, a server is trusted that an authority of `ca` (PEM) vouches for, or, without it, one that Node trusts. */
export function channelTo({ target, tls }: Endpoint, ca: Buffer | undefined): Channel {
  if (!tls) return { credentials: credentials.createInsecure(), options: OPTIONS };
  // Left to itself, gRPC would take the file of $GRPC_DEFAULT_SSL_ROOTS_FILE_PATH, and $NODE_EXTRA_CA_CERTS would add nothing.
  const roots = ca ?? Buffer.from(getCACertificates("default").join("\n"));
  const host = new URL(target.replace(/^dns:\/\/\//, "https://")).hostname.replace(/^\[(.*)\]$/, "$1");
  if (isIP(host) === 0) return { credentials: credentials.createSsl(roots), options: OPTIONS };
  // TLS lets a client ask for a server by name alone, and Node warns of an address there. What counts is the certificate's.
  return {
    credentials: credentials.createSsl(roots, null, null, {
      checkServerIdentity: (_name, certificate) => checkServerIdentity(host, certificate),
    }),
    options: { ...OPTIONS, "grpc.ssl_target_name_override": "pachd" },
  };
}

import type { APIHandlers } from "../../pachyderm/generated/pps_v2/API.ts";
import type { SecretInfo } from "../../pachyderm/generated/pps_v2/SecretInfo.ts";
import type { SecretRow } from "../pps/secrets.ts";
import { EMPTY, type Parts } from "./parts.ts";
import { toTimestamp } from "./wire.ts";

/** Secrets, whose values are never shown. */
export function secretHandlers({ secrets, rpc }: Parts): Partial<APIHandlers> {
  return {
    CreateSecret: rpc.unary(({ file }) => {
      secrets.create(file ?? Buffer.alloc(0));
      return EMPTY;
    }),
    DeleteSecret: rpc.unary(({ secret }) => {
      secrets.delete(secret?.name ?? "");
      return EMPTY;
    }),
    ListSecret: rpc.unary(() => ({ secret_info: secrets.list().map(toSecretInfo) })),
    InspectSecret: rpc.unary(({ secret }) => toSecretInfo(secrets.inspect(secret?.name ?? ""))),
  };
}

function toSecretInfo(row: SecretRow): SecretInfo {
  return { secret: { name: row.name }, type: row.type, creation_timestamp: toTimestamp(row.created) };
}

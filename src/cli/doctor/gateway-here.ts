import { addressOf, findRecord, s3AddressOf } from "../../local/services-file.ts";
import { stateFolder } from "../../local/state-folder.ts";
import type { Context } from "../context.ts";

/** The S3 gateway of the engine that `stemma up` has started here, if that engine is the one at this address. */
export function gatewayHere({ env, cwd }: Pick<Context, "env" | "cwd">, pachyderm: string): string | undefined {
  const record = findRecord(stateFolder(env, cwd), "engine");
  const isMeant = record !== undefined && addressOf("engine", record.port) === pachyderm;
  return isMeant && record.s3Port !== undefined ? s3AddressOf(record.s3Port) : undefined;
}

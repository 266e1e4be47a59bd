import type { APIHandlers as AdminHandlers } from "../../pachyderm/generated/admin_v2/API.ts";
import type { APIHandlers as VersionHandlers } from "../../pachyderm/generated/versionpb_v2/API.ts";
import type { EngineState } from "../state.ts";
import { newId } from "../transaction.ts";
import type { Adapter } from "./rpc.ts";

/** The release whose API this engine speaks. */
const VERSION = { major: 2, minor: 12, micro: 0, additional: "", platform: "stemma" };

export function adminHandlers(state: EngineState, rpc: Adapter): Partial<AdminHandlers> {
  const id = newId();
  return {
    InspectCluster: rpc.unary(() => ({ id, deployment_id: state.deploymentId(), warnings_ok: true })),
  };
}

export function versionHandlers(rpc: Adapter): Partial<VersionHandlers> {
  return { GetVersion: rpc.unary(() => VERSION) };
}

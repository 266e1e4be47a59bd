import type { HealthHandlers } from "../../pachyderm/generated/grpc/health/v1/Health.ts";
import type { HealthCheckResponse } from "../../pachyderm/generated/grpc/health/v1/HealthCheckResponse.ts";
import { notFound } from "../fault.ts";
import type { Parts } from "./parts.ts";
import { aborted } from "../rpc.ts";

const SERVING: HealthCheckResponse = { status: "SERVING" };

/** Whether the engine is up, for gRPC's usual probes. It is known as a whole, by the empty name, and up while it answers. */
export function healthHandlers({ rpc }: Parts): HealthHandlers {
  return {
    Check: rpc.unary(({ service }) => {
      if (service) throw notFound("unknown service");
      return SERVING;
    }),
    Watch: rpc.stream(async function* ({ service }, { signal }) {
      yield service ? { status: "SERVICE_UNKNOWN" } : SERVING;
      await aborted(signal);
    }),
  };
}

import {
  ResponderBuilder,
  ServerInterceptingCall,
  type ServerInterceptor,
  type ServerListener,
  ServerListenerBuilder,
  status,
} from "@grpc/grpc-js";
import { type Access, isToken } from "../access.ts";
import { loadValidators } from "./validation.ts";

/** What a client may ask before it has logged in. */
const OPEN_METHODS: ReadonlySet<string> = new Set([
  "/admin_v2.API/InspectCluster",
  "/auth_v2.API/Activate",
  "/auth_v2.API/Authenticate",
  "/auth_v2.API/Authorize",
  "/auth_v2.API/GetOIDCLogin",
  "/auth_v2.API/WhoAmI",
  "/enterprise_v2.API/GetState",
  "/grpc.health.v1.Health/Check",
  "/grpc.health.v1.Health/Watch",
  "/versionpb_v2.API/GetVersion",
]);

/** What every call goes through before its handler, whatever the service. */
export function interceptorsFor(access: Access): ServerInterceptor[] {
  return access.token === undefined ? [validation()] : [authentication(access), validation()];
}

/** Lets only those in who show the token in the header `authn-token`. */
function authentication(access: Access): ServerInterceptor {
  return ({ path }, call) => {
    if (OPEN_METHODS.has(path)) return new ServerInterceptingCall(call);
    const listener = new ServerListenerBuilder().withOnReceiveMetadata((metadata, next) => {
      const token = String(metadata.get("authn-token")[0] ?? "");
      if (isToken(access, token)) next(metadata);
      else call.sendStatus({ code: status.UNAUTHENTICATED, details: token === "" ? NO_TOKEN : WRONG_TOKEN });
    });
    return listening(call, listener.build());
  };
}

const NO_TOKEN = "no authentication token (try logging in)";
const WRONG_TOKEN = "provided auth token is corrupted or has expired (try logging in again)";

/** Refuses messages that lack what pachd requires of them, before a service sees them. */
function validation(): ServerInterceptor {
  const validators = loadValidators();
  return ({ path, requestStream, responseStream }, call) => {
    const validate = validators.get(path);
    if (validate === undefined) return new ServerInterceptingCall(call);
    const what = requestStream || responseStream ? "validate recv" : "validate request";
    const listener = new ServerListenerBuilder().withOnReceiveMessage((message, next) => {
      const violation = validate(message);
      if (violation === undefined) next(message);
      else call.sendStatus({ code: status.INVALID_ARGUMENT, details: `${what}: ${violation}` });
    });
    return listening(call, listener.build());
  };
}

function listening(
  call: ConstructorParameters<typeof ServerInterceptingCall>[0],
  listener: ServerListener,
): ServerInterceptingCall {
  return new ServerInterceptingCall(call, new ResponderBuilder().withStart((next) => next(listener)).build());
}

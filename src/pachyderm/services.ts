import { loadProtocol } from "./protocol.ts";

const protocol = loadProtocol();

/** The methods of the services that the client calls. */
export const pfs = protocol.pfs_v2.API.service;
export const pps = protocol.pps_v2.API.service;
export const metadata = protocol.metadata.API.service;
export const engine = protocol.stemma.Engine.service;
export const auth = protocol.auth_v2.API.service;
export const version = protocol.versionpb_v2.API.service;

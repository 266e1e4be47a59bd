import type { APIHandlers as AdminHandlers } from "../../pachyderm/generated/admin_v2/API.ts";
import type { APIHandlers as IdentityHandlers } from "../../pachyderm/generated/identity_v2/API.ts";
import type { APIHandlers as VersionHandlers } from "../../pachyderm/generated/versionpb_v2/API.ts";
import type { Version__Output as Version } from "../../pachyderm/generated/versionpb_v2/Version.ts";
import type { Database } from "../store/database.ts";
import { clusterMetadata } from "../pfs/metadata.ts";
import { findProject } from "../pfs/projects.ts";
import { newId } from "../transaction.ts";
import { EMPTY, type Parts } from "./parts.ts";

/** The release whose API this engine speaks. */
const VERSION = { major: 2, minor: 12, micro: 0, additional: "", platform: "stemma" };

/** Where a pachd without a proxy says that these are. The engine itself serves no web pages. */
const WEB_RESOURCES = {
  archive_download_base_url: "/archive/",
  create_pipeline_request_json_schema_url:
    "https://raw.githubusercontent.com/pachyderm/pachyderm/v2.12.0/src/internal/jsonschema/pps_v2/CreatePipelineRequest.schema.json",
};

/** The cluster as a whole; what every pachctl command asks first. */
export function adminHandlers({ state, rpc }: Parts): Partial<AdminHandlers> {
  const id = newId();
  return {
    InspectCluster: rpc.unary(({ client_version: version, current_project: project }) => ({
      id,
      deployment_id: state.deploymentId(),
      warnings_ok: true,
      warnings: [...versionWarnings(version), ...projectWarnings(state.db, project?.name)],
      web_resources: WEB_RESOURCES,
      metadata: clusterMetadata(state.db),
    })),
  };
}

/** pachctl prints these before its command's own output. A client of another minor release may lack what the engine has. */
function versionWarnings(version: Version | undefined): string[] {
  const { major = 0, minor = 0, micro = 0, additional = "" } = version ?? {};
  const isDeveloperBuild = version !== undefined && major === 0 && minor === 0 && micro === 0;
  const isRelease = additional === "";
  if (isDeveloperBuild || (major === VERSION.major && minor === VERSION.minor && isRelease)) return [];
  const client =
    version === undefined ? "a client that does not tell its version" : `a client of ${major}.${minor}.${micro}${additional}`;
  return [`WARNING: this server speaks the API of ${VERSION.major}.${VERSION.minor}, which may not suit ${client}.`];
}

/** A client may have set a project that is not there, which is no error until it is used. */
function projectWarnings(db: Database, project = ""): string[] {
  return project === "" || findProject(db, project) !== undefined ? [] : [`WARNING: there is no project "${project}".`];
}

export function versionHandlers({ rpc }: Parts): Partial<VersionHandlers> {
  return { GetVersion: rpc.unary(() => VERSION) };
}

/** There is no login provider, so it has nothing to forget: `pachctl delete all` begins with this. */
export function identityHandlers({ rpc }: Parts): Partial<IdentityHandlers> {
  return { DeleteAll: rpc.unary(() => EMPTY) };
}

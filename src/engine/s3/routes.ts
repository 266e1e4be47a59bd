import type { EngineState } from "../state.ts";
import { createBucket, deleteBucket, getLocation, getVersioning, headBucket, listBuckets, putVersioning } from "./buckets.ts";
import { copyObject, isCopy } from "./copy.ts";
import { S3Error } from "./errors.ts";
import { listObjects } from "./list.ts";
import { abortMultipart, completeMultipart, createMultipart, listMultiparts, listParts, uploadPart } from "./multipart.ts";
import { deleteObject, deleteObjects, getObject, putObject } from "./objects.ts";
import type { S3Answer, S3Request, Target } from "./request.ts";

type Handler = (state: EngineState, request: S3Request) => S3Answer | Promise<S3Answer>;

/** What the gateway does. The words of the query after the question mark are those that make it another call. */
const ROUTES: Readonly<Record<string, Handler>> = {
  "GET service": listBuckets,
  "PUT bucket": createBucket,
  "DELETE bucket": deleteBucket,
  "HEAD bucket": headBucket,
  "GET bucket": listObjects,
  "GET bucket?location": getLocation,
  "GET bucket?versioning": getVersioning,
  "PUT bucket?versioning": putVersioning,
  "GET bucket?uploads": listMultiparts,
  "POST bucket?delete": deleteObjects,
  "GET object": getObject,
  "HEAD object": getObject,
  "PUT object": (state, request) => (isCopy(request) ? copyObject(state, request) : putObject(state, request)),
  "DELETE object": deleteObject,
  "POST object?uploads": createMultipart,
  "PUT object?partNumber&uploadId": uploadPart,
  "POST object?uploadId": completeMultipart,
  "DELETE object?uploadId": abortMultipart,
  "GET object?uploadId": listParts,
};

/** All words of S3's by which a query asks for something else than the bucket or the object itself. */
const SUBRESOURCES = new Set(
  `accelerate acl analytics attributes cors delete encryption intelligent-tiering inventory legal-hold lifecycle location logging
  metadataConfiguration metadataTable metrics notification object-lock ownershipControls partNumber policy policyStatus
  publicAccessBlock replication renameObject requestPayment restore retention select select-type session tagging torrent uploadId
  uploads versioning versions website`.split(/\s+/),
);

/** The function that answers a request. Throws NotImplemented for what is S3's but not done here, else MethodNotAllowed. */
export function route(method: string, { bucket, key, query }: Target): Handler {
  const level = bucket === "" ? "service" : key === "" ? "bucket" : "object";
  const asked = [...new Set(query.keys())].filter((name) => SUBRESOURCES.has(name)).sort();
  const handler = ROUTES[`${method} ${level}${asked.length === 0 ? "" : `?${asked.join("&")}`}`];
  if (handler !== undefined) return handler;
  if (asked.length > 0) throw new S3Error("NotImplemented", `the gateway has no ${method} of ${asked.join(", ")}`);
  throw new S3Error("MethodNotAllowed", `the gateway has no ${method} of a ${level}`);
}

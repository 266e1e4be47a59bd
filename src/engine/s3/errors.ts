import { status } from "@grpc/grpc-js";
import type { Translate } from "../rpc.ts";

/** The codes that this gateway answers, each with its HTTP status. Clients look at the code. */
const STATUS = {
  AccessDenied: 403,
  BadDigest: 400,
  BucketAlreadyOwnedByYou: 409,
  BucketNotEmpty: 409,
  EntityTooLarge: 400,
  EntityTooSmall: 400,
  IncompleteBody: 400,
  InternalError: 500,
  InvalidAccessKeyId: 403,
  InvalidArgument: 400,
  InvalidBucketName: 400,
  InvalidDigest: 400,
  InvalidPart: 400,
  InvalidPartOrder: 400,
  InvalidRange: 416,
  InvalidRequest: 400,
  MalformedXML: 400,
  MethodNotAllowed: 405,
  MissingContentLength: 411,
  NoSuchBucket: 404,
  NoSuchKey: 404,
  NoSuchUpload: 404,
  NoSuchVersion: 404,
  NotImplemented: 501,
  PreconditionFailed: 412,
  RequestTimeTooSkewed: 403,
  SignatureDoesNotMatch: 403,
  XAmzContentSHA256Mismatch: 400,
  // Not of S3: pachd's gateway has the first three, and other S3 servers have a like of the last one.
  InvalidDelimiter: 400,
  InvalidFilePath: 400,
  WriteToOutputBranch: 400,
  InsufficientStorage: 507,
} as const;

export type S3Code = keyof typeof STATUS;

/** A refusal in S3's terms. */
export class S3Error extends Error {
  readonly code: S3Code;
  /** What the answer's head says besides. */
  readonly headers: Readonly<Record<string, string>>;

  constructor(code: S3Code, message: string, headers: Readonly<Record<string, string>> = {}) {
    super(message);
    this.name = "S3Error";
    this.code = code;
    this.headers = headers;
  }

  get status(): number {
    return STATUS[this.code];
  }
}

/** What a client gets to see of an error: what the engine refuses has the text that gRPC clients see. */
export function toS3Error(error: unknown, translate: Translate): S3Error {
  if (error instanceof S3Error) return error;
  const { code, details } = translate(error);
  return new S3Error(CODES[code] ?? "InternalError", details);
}

const CODES: Partial<Record<status, S3Code>> = {
  // The gateway looks for keys itself, so what the engine misses is a repo, a branch, a commit or a project.
  [status.NOT_FOUND]: "NoSuchBucket",
  [status.INVALID_ARGUMENT]: "InvalidRequest",
  [status.ALREADY_EXISTS]: "InvalidRequest",
  [status.UNKNOWN]: "InvalidRequest",
  [status.UNIMPLEMENTED]: "NotImplemented",
  [status.RESOURCE_EXHAUSTED]: "InsufficientStorage",
};

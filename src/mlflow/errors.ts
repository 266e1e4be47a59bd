import { type ErrorCode, StemmaError } from "../lineage/errors.ts";

/** An answer that is not 2xx. */
export interface FailedAnswer {
  readonly uri: string;
  readonly status: number;
  readonly body: string;
}

const CODES: Readonly<Record<string, ErrorCode>> = {
  RESOURCE_DOES_NOT_EXIST: "NOT_FOUND",
  RESOURCE_ALREADY_EXISTS: "ALREADY_EXISTS",
  INVALID_PARAMETER_VALUE: "USAGE",
};

/** What a gateway says when the server behind it does not answer. */
export const GATEWAY_STATUSES: readonly number[] = [502, 503, 504];

/**
 * Reads an error in any of the shapes that MLflow's server and what stands before it use: its own JSON, FastAPI's JSON,
 * a web page, plain text, nothing.
 */
export function toAnswerError({ uri, status, body }: FailedAnswer): StemmaError {
  const { errorCode, message } = parseBody(body);
  const code = CODES[errorCode ?? ""] ?? (GATEWAY_STATUSES.includes(status) ? "UNREACHABLE" : "FAILED");
  const text = message ?? `HTTP status ${status}${errorCode === undefined ? "" : `, ${errorCode}`}`;
  const hint = hintFor(status, errorCode, body);
  return new StemmaError(code, `MLflow at ${uri}: ${hint === undefined ? text : asSentence(text)}`, { hint });
}

/** Whether the server does not know this call at all, as an older one, or its storage does not. */
export function isUnknownCall({ status, body }: Pick<FailedAnswer, "status" | "body">): boolean {
  return status === 501 || ((status === 404 || status === 405) && parseBody(body).errorCode === undefined);
}

function hintFor(status: number, errorCode: string | undefined, body: string): string | undefined {
  if (body.startsWith("Invalid Host header")) return "Start the server with --allowed-hosts NAME,NAME:PORT.";
  if (status === 401) return "Set MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD.";
  if (status === 403) return "This user lacks the permission.";
  if (status === 404 && errorCode === undefined) return "Is that the address of an MLflow server?";
  if (status >= 500 && !GATEWAY_STATUSES.includes(status)) return "The server's log says more.";
  return undefined;
}

interface ParsedBody {
  readonly errorCode?: string | undefined;
  readonly message?: string | undefined;
}

function parseBody(body: string): ParsedBody {
  const fields = parseObject(body);
  if (fields === undefined) return { message: plainText(body) };
  const { error_code: errorCode, message, detail } = fields;
  if (typeof errorCode === "string") return { errorCode, message: harmlessText(errorCode, message) };
  return { message: typeof detail === "string" ? detail : undefined };
}

function parseObject(body: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(body);
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** The server's own failures tell of its database and buckets: those texts stay in its log. */
function harmlessText(errorCode: string, message: unknown): string | undefined {
  if (errorCode === "INTERNAL_ERROR" || typeof message !== "string") return undefined;
  const [beforeSql = ""] = message.split(
    /(?:\bError: )?\((?:raised as|sqlite3|psycopg|pymysql|MySQLdb|mysql|pyodbc|pymssql|asyncpg)|\[SQL/i,
  );
  return beforeSql.trim() || undefined;
}

/** A short plain text is for people. A page is not. */
function plainText(body: string): string | undefined {
  const text = body.trim();
  return text === "" || text.startsWith("<") || text.length > 300 ? undefined : text;
}

function asSentence(text: string): string {
  return /[.!?]$/.test(text) ? text : `${text}.`;
}

import { StemmaError } from "../lineage/errors.ts";

/** A server's address, and who asks there. */
export interface MlflowAddress {
  /** Without user, password and final slash: fit to be shown and written down. */
  readonly uri: string;
  readonly isLoopback: boolean;
  /** The value of the Authorization header, if one is to be sent. */
  readonly authorization: string | undefined;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** Reads a tracking URI and, as MLflow's own client does, the credentials in the environment. */
export function parseMlflowAddress(text: string, env: Environment): MlflowAddress {
  const url = URL.parse(text);
  if (url === null || !/^https?:$/.test(url.protocol)) {
    throw new StemmaError("USAGE", `"${withoutCredentials(text)}" is not the address of an MLflow server.`, {
      hint: "It looks like http://127.0.0.1:5000, and stores without a server cannot be used.",
    });
  }
  const authorization = basicFromUrl(url) ?? basicFromEnvironment(env) ?? bearerFromEnvironment(env);
  return { uri: withoutCredentials(text), isLoopback: isLoopback(url), authorization };
}

/** Whether it leads to this machine, so that no proxy is on the way. */
export function isLoopback({ hostname }: URL): boolean {
  return /^(localhost|127(\.\d+){3}|\[::1\])$/.test(hostname);
}

/** The address as it may be shown: user, password, query, fragment and final slashes taken away. */
export function withoutCredentials(text: string): string {
  const url = URL.parse(text);
  if (url === null) return text.replace(/\/\/[^/]*@/, "//");
  return `${url.protocol}//${url.host}${url.pathname}`.replace(/\/+$/, "");
}

function basicFromUrl({ username, password }: URL): string | undefined {
  return username === "" ? undefined : basic(decode(username), decode(password));
}

function basicFromEnvironment(env: Environment): string | undefined {
  const user = env["MLFLOW_TRACKING_USERNAME"];
  const password = env["MLFLOW_TRACKING_PASSWORD"];
  return user && password ? basic(user, password) : undefined;
}

function bearerFromEnvironment(env: Environment): string | undefined {
  // One that was read from a file may end with a line break.
  const token = env["MLFLOW_TRACKING_TOKEN"]?.trim();
  if (!token) return undefined;
  if (!/^[\x21-\x7e]+$/.test(token))
    throw new StemmaError("USAGE", "MLFLOW_TRACKING_TOKEN holds characters that cannot be in an HTTP header.");
  return `Bearer ${token}`;
}

/** A "%" that begins no escape stands for itself. */
function decode(text: string): string {
  return text.replace(/(%[0-9a-f]{2})+/gi, (escapes) => Buffer.from(escapes.replaceAll("%", ""), "hex").toString());
}

function basic(user: string, password: string): string {
  return `Basic ${Buffer.from(`${user}:${password}`).toString("base64")}`;
}

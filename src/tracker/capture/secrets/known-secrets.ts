import type { Environment } from "../../ports.ts";
import { isPlaceholder } from "./assignments.ts";

const SHORTEST = 6;
const SHORTEST_LINE = 12;

/** The secrets that an environment holds, longest first: values of variables with secret names, and passwords in URLs. */
export function knownSecrets(env: Environment, isSecretName: (name: string) => boolean): string[] {
  const secrets = new Set<string>();
  for (const [name, value = ""] of Object.entries(env)) {
    for (const secret of isSecretName(name) ? linesOf(value) : passwordsIn(value)) {
      if (isTelling(secret)) for (const form of formsOf(secret)) secrets.add(form);
    }
  }
  return [...secrets].sort((a, b) => b.length - a.length || (a < b ? -1 : 1));
}

/** A value of several lines, as a private key, is looked for line by line, so that a text keeps its lines. */
function linesOf(value: string): string[] {
  const lines = value.split(/[\r\n]+/).map((line) => line.trim());
  return lines.length === 1 ? lines : lines.filter((line) => line.length >= SHORTEST_LINE && !line.startsWith("-----"));
}

function passwordsIn(value: string): string[] {
  return [...value.matchAll(/:\/\/[^\s/?#:@]{0,256}:([^\s/?#@]{1,1024})@/g)].map(([, password = ""]) => password);
}

/** Too short a value, a small number or a path would be found where nothing is secret. */
function isTelling(value: string): boolean {
  return value.length >= SHORTEST && !/^(?:\d{1,7}|\*+)$/.test(value) && !isPath(value) && !isPlaceholder(value);
}

/** Such as `GOOGLE_APPLICATION_CREDENTIALS`. A secret key of AWS may look like a path; it has 40 characters. */
function isPath(value: string): boolean {
  return /^(?:~|\.{1,2})?\/[^/+=]+\/[^+=]*$/.test(value) && value.length !== 40;
}

/** As it is, as in a URL, and as in JSON. */
function formsOf(secret: string): string[] {
  return [secret, encodeURIComponent(secret.toWellFormed()), decoded(secret), JSON.stringify(secret).slice(1, -1)].filter(
    (form) => form.length >= SHORTEST,
  );
}

function decoded(secret: string): string {
  try {
    return decodeURIComponent(secret);
  } catch {
    // It is not percent-encoded: there is no other form.
    return secret;
  }
}

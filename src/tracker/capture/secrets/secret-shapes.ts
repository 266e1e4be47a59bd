import { MASK } from "./mask.ts";
import { maskPrivateKeys } from "./private-keys.ts";

/**
 * Texts that are secret by their look. Each begins where no word goes on, so that a search takes time in proportion to the
 * text, however it is made.
 */
const SHAPES: readonly RegExp[] = [
  /(?<![\w])(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}(?![\w])/g, // AWS key ids
  /(?<![\w])gh[pousr]_[A-Za-z0-9]{20,}/g, // GitHub
  /(?<![\w])github_pat_\w{20,}/g,
  /(?<![\w])gl(?:pat|ptt|dt|rt|cbt)-[\w-]{16,}/g, // GitLab
  /(?<![\w])xox[abeoprs]-[A-Za-z0-9-]{10,}/g, // Slack
  /(?<=hooks\.slack\.com\/services\/)[\w/]{20,}/g,
  /(?<![\w-])sk-(?:[A-Za-z0-9]{32,}|(?:ant|proj|svcacct|admin|or)-[\w-]{16,})/g, // OpenAI, Anthropic
  /(?<![\w-])sk-(?=[\w-]*\d)(?=[\w-]*[A-Z])[\w-]{20,}/g,
  /(?<![\w])hf_[A-Za-z0-9]{20,}/g, // Hugging Face
  /(?<![\w])npm_[A-Za-z0-9]{30,}/g,
  /(?<![\w-])pypi-(?:AgE[\w-]{16,}|[\w-]{50,})/g,
  /(?<![\w])AIza[\w-]{35}/g, // Google
  /(?<![\w.])ya29\.[\w-]{20,}/g,
  /(?<![\w])dapi[0-9a-f]{32}(?:-\d)?(?![\w])/g, // Databricks
  /(?<![\w])[sr]k_(?:live|test)_[A-Za-z0-9]{10,}/g, // Stripe
  /(?<![\w])(?:dop_v1_|dckr_pat_|glsa_)[\w-]{20,}/g, // DigitalOcean, Docker, Grafana
  /(?<![\w.])hv[sb]\.[\w-]{20,}/g, // Vault
  /(?<![\w.])SG\.[\w-]{16,}\.[\w-]{16,}/g, // SendGrid
  /(?<![\w-])eyJ[\w-]{8,}\.eyJ[\w-]{8,}(?:\.[\w-]*)?/g, // JSON web tokens
];

const BEARER = /(?<![\w])(bearer|basic)([ \t]{1,20})([\w.~+/=-]{8,})/gi;
const URL_PASSWORD = /(:\/\/[^\s/?#:@"'<>`\\]{0,256}:)([^\s/?#"'<>`\\]{1,4096})@/g;
const URL_TOKEN = /(:\/\/)([^\s/?#:@"'<>`\\]{20,256})@/g;
const CURL_USER = /(?<![\w-])((?:-u|--user|--proxy-user)(?:[ \t]{1,20}|=)["']?[^\s:"'/]{1,200}:)([^\s"']{1,500})/g;

/** Removes what is secret by its look: keys of known services, passwords in URLs, bearers' tokens, private keys. */
export function maskShapes(text: string): string {
  let masked = maskPrivateKeys(text);
  if (masked.includes("://")) masked = masked.replace(URL_PASSWORD, `$1${MASK}@`).replace(URL_TOKEN, `$1${MASK}@`);
  for (const shape of SHAPES) masked = masked.replace(shape, MASK);
  masked = masked.replace(BEARER, (whole, scheme: string, gap: string, value: string) =>
    isRandom(value) ? `${scheme}${gap}${MASK}` : whole,
  );
  if (masked.includes("curl")) masked = masked.replace(CURL_USER, `$1${MASK}`);
  return masked;
}

/** "Basic statistics" is English. */
function isRandom(value: string): boolean {
  return /\d|.[A-Z]|=$/.test(value);
}

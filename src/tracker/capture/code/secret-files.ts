import { basename } from "node:path";

const SECRET_FILES: readonly RegExp[] = [
  /^\.env(?:$|[._-])|\.env$/i,
  /\.(?:pem|key|p12|pfx|jks|keystore|kdbx?|ppk|gpg|age|ovpn|tfvars|tfstate)$/i,
  /^id_(?:rsa|dsa|ecdsa|ed25519)/i,
  /credentials?/i,
  /^\.?secrets?(?:$|[._-].*(?:json|ya?ml|toml|ini|txt|properties|conf|cfg|xml|enc)$)/i,
  /[._-]secrets?\.(?:json|ya?ml|toml|ini|txt|properties|conf|cfg|xml|enc)$/i,
  /^[._]?(?:netrc|pgpass|pypirc|npmrc|htpasswd|dockercfg|s3cfg|boto|my\.cnf)$/i,
  /^service[-_]?account.*\.json$/i,
];
const SECRET_FOLDERS = /(?:^|\/)(?:\.ssh|\.aws|\.gnupg|\.kube)\//;
/** Examples are made to be shown. */
const EXAMPLE = /\.(?:example|sample|template|dist)$/i;

/** Whether a file probably holds secrets, by its path alone. */
export function looksLikeSecretFile(path: string): boolean {
  const name = basename(path);
  if (SECRET_FOLDERS.test(path)) return true;
  return !EXAMPLE.test(name) && SECRET_FILES.some((pattern) => pattern.test(name));
}

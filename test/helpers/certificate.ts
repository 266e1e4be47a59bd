import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";

/** A certificate that vouches for itself, and its key: the files and what they hold. */
export interface Certificate {
  readonly certFile: string;
  readonly keyFile: string;
  readonly cert: Buffer;
  readonly key: Buffer;
}

/** Makes a certificate in a folder, by default for this machine's loopback. Needs openssl. */
export function makeCertificate(folder: string, names = "DNS:localhost,IP:127.0.0.1,IP:::1"): Certificate {
  const files = { certFile: join(folder, "cert.pem"), keyFile: join(folder, "key.pem") };
  const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-noenc", "-keyout", files.keyFile];
  const subject = ["-subj", "/CN=stemma test", "-addext", `subjectAltName=${names}`];
  execFileSync("openssl", ["req", "-x509", ...key, "-out", files.certFile, "-days", "2", ...subject], { stdio: "pipe" });
  return { ...files, cert: readFileSync(files.certFile), key: readFileSync(files.keyFile) };
}

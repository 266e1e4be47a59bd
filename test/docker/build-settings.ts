import { cp, mkdir, writeFile } from "node:fs/promises";
import { existsSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { PYTHON } from "../tracker/harness.ts";

const PIP = new Set(["index-url", "extra-index-url", "proxy", "trusted-host", "timeout", "default-timeout"]);
const NPM = ["registry", "proxy", "https-proxy"];
const CA = "/root/ca.pem";

/**
 * How this machine reaches its registries, as two folders that a build sees in place of its own, and that leave nothing in the
 * image: /root, with the settings of npm and pip and the certificates that this machine trusts, and apt's settings.
 */
export async function writeBuildSettings(folder: string, base: string): Promise<Readonly<Record<string, string>>> {
  const [root, apt] = [join(folder, "root"), join(folder, "apt.conf.d")];
  await mkdir(join(root, ".config", "pip"), { recursive: true });
  await cp(join(base, "etc/apt/apt.conf.d"), apt, { recursive: true });
  const trusted = [process.env["SSL_CERT_FILE"], "/etc/ssl/certs/ca-certificates.crt"].find((file) => file && existsSync(file));
  if (trusted !== undefined) await cp(trusted, join(root, "ca.pem"), { dereference: true });
  const ca = (line: string): string[] => (trusted === undefined ? [] : [line]);
  await writeLines(join(root, ".npmrc"), [...(await npmSettings()), ...ca(`cafile=${CA}`)]);
  await writeLines(join(root, ".config/pip/pip.conf"), ["[global]", ...(await pipSettings()), ...ca(`cert = ${CA}`)]);
  await writeLines(join(apt, "90machine"), [...(await aptSettings()), ...ca(`Acquire::https::CAInfo "${CA}";`)]);
  return { "/root": root, "/etc/apt/apt.conf.d": apt };
}

/** Where apt gets bookworm from on this machine, or undefined where it is another system. */
export async function debianMirror(): Promise<string | undefined> {
  const targets = ["Created-By: Packages", "Origin: Debian", "Codename: bookworm"];
  const { stdout } = await execa("apt-get", ["indextargets", "--format", "$(REPO_URI)", ...targets]);
  return stdout.split("\n").find((uri) => uri !== "");
}

async function npmSettings(): Promise<string[]> {
  const { stdout } = await execa("npm", ["config", "get", ...NPM], { cwd: tmpdir() });
  return stdout.split("\n").filter((line) => !line.endsWith("=null"));
}

/** Lines such as `global.index-url='https://…'`; those of the environment come with the prefix `:env:`. */
async function pipSettings(): Promise<string[]> {
  const { stdout } = await execa(PYTHON, ["-m", "pip", "config", "list"]);
  const settings = stdout.matchAll(/\.([a-z-]+)='(.*)'$/gm);
  return [...settings].flatMap(([, name = "", value]) => (PIP.has(name) ? [`${name} = ${value}`] : []));
}

async function aptSettings(): Promise<string[]> {
  const { stdout } = await execa("apt-config", ["dump"]);
  return stdout.split("\n").filter((line) => line.startsWith("Acquire::"));
}

function writeLines(file: string, lines: readonly string[]): Promise<void> {
  return writeFile(file, lines.map((line) => `${line}\n`).join(""), { mode: 0o600 });
}

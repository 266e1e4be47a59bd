import { execaSync } from "execa";

/** The Debian packages that make images without a daemon. */
const PACKAGES = ["buildah", "debootstrap"];

/** Why no image can be built on this machine, or undefined. */
export function whyNoImages(): string | undefined {
  if (process.platform !== "linux") return "needs Linux";
  if (process.getuid?.() !== 0) return "needs root";
  if (missingPackages().length === 0 || succeeds("apt-cache", "show", ...PACKAGES)) return undefined;
  return `needs ${PACKAGES.join(" and ")}, and apt-get has them not`;
}

/** Installs what is missing of the Debian packages. */
export function installPackages(): void {
  const missing = missingPackages();
  if (missing.length > 0) execaSync("apt-get", ["install", "--yes", "--no-install-recommends", ...missing]);
}

function missingPackages(): string[] {
  return PACKAGES.filter((name) => !succeeds(name, "--version"));
}

function succeeds(program: string, ...args: string[]): boolean {
  return execaSync(program, args, { reject: false }).exitCode === 0;
}

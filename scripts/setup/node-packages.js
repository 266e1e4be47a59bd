import { existsSync, readFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { SetupError, runStep } from "./step.js";

/** Installs what package-lock.json says, unless it is there already. */
export async function ensureNodePackages(root) {
  if (Number(process.versions.node.split(".")[0]) < 20)
    throw new SetupError(`needs Node 20 or newer, this is ${process.version}.`);
  if (!isInstalled(root)) {
    await runStep("Node packages", "npm", ["ci", "--include=dev", "--loglevel=error"], {
      cwd: root,
      env: outsideEnvironment(root),
    });
  }
  if (!existsSync(join(root, "node_modules", ".bin", "stemma"))) {
    await runStep("link of the stemma command", process.execPath, ["scripts/link-bin.js"], { cwd: root });
  }
  const [major, minor] = process.versions.node.split(".").map(Number);
  if (!existsSync(join(root, "node_modules", ".bin", "node")) && (major < 22 || (major === 22 && minor < 18))) {
    throw new SetupError(
      `this is Node ${process.version} and npm was told not to run install scripts, so the Node 24 of the package "node" is missing; install Node 24.`,
    );
  }
}

/**
 * npm writes node_modules/.package-lock.json as the last step of an installation, with the version of each package that is
 * really there: so it tells a complete one from one that was cut short or is older.
 */
function isInstalled(root) {
  const lock = join(root, "node_modules", ".package-lock.json");
  if (!existsSync(lock)) return false;
  const found = JSON.parse(readFileSync(lock, "utf8")).packages;
  const wanted = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8")).packages;
  return Object.entries(wanted).every(([path, { version, optional, link }]) => {
    if (path === "" || link) return true;
    return found[path] === undefined ? optional === true : found[path].version === version;
  });
}

/** npm replaces node_modules, so it must not run on the Node that is inside. */
function outsideEnvironment(root) {
  const path = (process.env.PATH ?? "").split(delimiter).filter((folder) => !folder.startsWith(join(root, "node_modules")));
  return { ...process.env, PATH: path.join(delimiter) };
}

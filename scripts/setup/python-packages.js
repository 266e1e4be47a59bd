import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { hasSuitableJava } from "./environment.js";
import { SetupError, runStep } from "./step.js";

const OLDEST = [3, 9];

/**
 * Makes `.venv` with the packages of the requirement files, unless it is there. `.venv/.stemma-stamp.json` says what has been
 * installed; `.venv/.stemma-installing` is there while an installation is under way, and left behind by one that was cut short.
 */
export async function ensurePythonPackages(root, withTests) {
  const venv = join(root, ".venv");
  const stamp = readStamp(venv);
  const isOurs = stamp?.root === root && pythonVersion(pythonOf(venv)) === stamp.python;
  const wanted = wantedFiles(root, withTests, isOurs ? stamp.files : {});
  if (isOurs && !existsSync(marker(venv)) && Object.entries(wanted).every(([file, hash]) => stamp.files[file] === hash)) return;

  refuseSecondSetup(venv);
  if (existsSync(venv) && !isUsable(venv, stamp, isOurs)) rmSync(venv, { recursive: true });
  const python = existsSync(venv) ? undefined : findPython();
  mkdirSync(venv, { recursive: true });
  writeFileSync(marker(venv), String(process.pid));
  const log = join(venv, "install.log");
  if (python !== undefined) await runStep("Python environment", python, ["-m", "venv", venv], { cwd: root, log });
  const files = Object.keys(wanted).flatMap((file) => ["-r", file]);
  const pip = ["-m", "pip", "install", "--no-cache-dir", "--disable-pip-version-check", "--progress-bar", "off", ...files];
  await runStep("Python packages (MLflow, PySpark: some 400 MB, once)", pythonOf(venv), pip, { cwd: root, log });
  rmSync(marker(venv));
  writeFileSync(
    stampFile(venv),
    JSON.stringify({ root, python: pythonVersion(pythonOf(venv)), files: { ...(isOurs ? stamp.files : {}), ...wanted } }),
  );
}

/** The requirement files that this clone needs, each with a hash of its text. A Java that was once installed here stays. */
function wantedFiles(root, withTests, installed) {
  const needsJava = "requirements-java.txt" in installed || !hasSuitableJava(process.env);
  const files = [
    "requirements.txt",
    ...(withTests ? ["requirements-test.txt"] : []),
    ...(needsJava ? ["requirements-java.txt"] : []),
  ];
  return Object.fromEntries(
    files.map((file) => [
      file,
      createHash("sha256")
        .update(readFileSync(join(root, file)))
        .digest("hex"),
    ]),
  );
}

/** A folder that somebody made by hand is used as it is, if it works; one of a moved clone or of a cut-short installation is not. */
function isUsable(venv, stamp, isOurs) {
  if (existsSync(marker(venv)) || (stamp !== undefined && !isOurs)) return false;
  return spawnSync(pythonOf(venv), ["-m", "pip", "--version"]).status === 0;
}

function refuseSecondSetup(venv) {
  if (!existsSync(marker(venv))) return;
  const pid = Number(readFileSync(marker(venv), "utf8"));
  if (pid > 0 && pid !== process.pid && isAlive(pid)) {
    throw new SetupError(
      `another setup (process ${pid}) is installing into .venv; wait until it has ended, or delete .venv, and start again.`,
    );
  }
}

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === "EPERM";
  }
}

/** The name of a Python that is new enough and can make an environment, or an error that says what to install. */
function findPython() {
  const found = ["python3", "python"]
    .map((name) => ({ name, version: pythonVersion(name) }))
    .filter(({ version }) => version !== undefined);
  const python = found.find(({ version }) => isNewEnough(version));
  const howTo = "(Debian, Ubuntu: apt install python3 python3-venv; macOS: brew install python)";
  if (python === undefined) {
    const seen = found.map(({ name, version }) => `${name} is ${version}`).join(", ") || "there is none on PATH";
    throw new SetupError(`needs Python ${OLDEST.join(".")} or newer, but ${seen}: install it ${howTo} and start again.`);
  }
  if (spawnSync(python.name, ["-c", "import venv, ensurepip"]).status !== 0) {
    throw new SetupError(
      `${python.name} has no venv module: install it (Debian, Ubuntu: apt install python3-venv) and start again.`,
    );
  }
  return python.name;
}

function isNewEnough(version) {
  const [major, minor] = version.split(".").map(Number);
  return major > OLDEST[0] || (major === OLDEST[0] && minor >= OLDEST[1]);
}

/** "3.11", or undefined when it does not run. */
function pythonVersion(python) {
  const { status, stdout } = spawnSync(python, ["-c", "import sys; print('%d.%d' % sys.version_info[:2])"], { encoding: "utf8" });
  return status === 0 ? stdout.trim() : undefined;
}

function readStamp(venv) {
  return existsSync(stampFile(venv)) ? JSON.parse(readFileSync(stampFile(venv), "utf8")) : undefined;
}

const pythonOf = (venv) => join(venv, "bin", "python");
const stampFile = (venv) => join(venv, ".stemma-stamp.json");
const marker = (venv) => join(venv, ".stemma-installing");

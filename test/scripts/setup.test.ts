import { spawn } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

const SCRIPTS = fileURLToPath(new URL("../../scripts", import.meta.url));

let base: string;
let clone: string;

/** A clone that needs no package of npm's, and no Python package either. */
beforeAll(() => {
  base = mkdtempSync(join(tmpdir(), "stemma-setup-"));
  clone = join(base, "clone");
  cpSync(SCRIPTS, join(clone, "scripts"), { recursive: true });
  mkdirSync(join(clone, "node_modules", ".bin"), { recursive: true });
  writeFileSync(join(clone, "package.json"), JSON.stringify({ type: "module" }));
  for (const lock of ["package-lock.json", "node_modules/.package-lock.json"]) {
    writeFileSync(join(clone, lock), JSON.stringify({ packages: {} }));
  }
  for (const name of ["node", "stemma"]) symlinkSync(process.execPath, join(clone, "node_modules", ".bin", name));
  for (const file of ["requirements.txt", "requirements-test.txt", "requirements-java.txt"]) {
    writeFileSync(join(clone, file), "# nothing\n");
  }
});
afterAll(() => {
  rmSync(base, { recursive: true });
});

interface Outcome {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly out: string;
  readonly err: string;
}

function start(args: readonly string[], env: Readonly<Record<string, string | undefined>>) {
  const child = spawn(process.execPath, [join(clone, "scripts", "setup.js"), ...args], {
    env,
    cwd: base,
    stdio: ["ignore", "pipe", "pipe"],
  });
  const text = { out: "", err: "" };
  child.stdout.setEncoding("utf8").on("data", (chunk: string) => (text.out += chunk));
  child.stderr.setEncoding("utf8").on("data", (chunk: string) => (text.err += chunk));
  const ended = once(child, "close").then(([code, signal]): Outcome => ({ code, signal, ...text }));
  return { child, ended };
}

function setup(args: readonly string[], env: Readonly<Record<string, string | undefined>> = process.env): Promise<Outcome> {
  return start(args, env).ended;
}

/** A PATH on which there are only these programs, each a shell script. */
function pathWith(programs: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(join(base, "bin-"));
  for (const [name, script] of Object.entries(programs)) {
    writeFileSync(join(folder, name), `#!/bin/sh\n${script}\n`);
    chmodSync(join(folder, name), 0o755);
  }
  return folder;
}

describe("a machine that lacks something gets one line", () => {
  test("no Python", async () => {
    const { code, err } = await setup(["node", "--version"], { PATH: pathWith({}) });
    expect(code).toBe(1);
    expect(err).toMatchInlineSnapshot(`
      "setup: needs Python 3.9 or newer, but there is none on PATH: install it (Debian, Ubuntu: apt install python3 python3-venv; macOS: brew install python) and start again.
      "
    `);
    expect(existsSync(join(clone, ".venv"))).toBe(false);
  });

  test("an old Python", async () => {
    const { code, err } = await setup(["node", "--version"], { PATH: pathWith({ python3: "echo 3.8" }) });
    expect(code).toBe(1);
    expect(err).toContain("needs Python 3.9 or newer, but python3 is 3.8: install it");
    expect(err.trim().split("\n")).toHaveLength(1);
  });

  test("a Python without venv, as Debian has it", async () => {
    const { code, err } = await setup(["node", "--version"], {
      PATH: pathWith({ python3: 'case "$2" in *ensurepip*) exit 1;; esac; echo 3.11' }),
    });
    expect(code).toBe(1);
    expect(err).toBe(
      "setup: python3 has no venv module: install it (Debian, Ubuntu: apt install python3-venv) and start again.\n",
    );
  });

  test("no npm", async () => {
    const lock = join(clone, "node_modules", ".package-lock.json");
    renameSync(lock, `${lock}.away`);
    const { code, err } = await setup(["node", "--version"], { PATH: pathWith({}) });
    renameSync(`${lock}.away`, lock);
    expect(code).toBe(1);
    expect(err).toContain('setup: "npm" is not on PATH; install it and start again.\n');
  });
});

/** One clone, from beginning to end: making an environment takes its time. */
describe("a clone", { timeout: 180_000 }, () => {
  const prefix = ["python", "-c", "import sys; print(sys.prefix)"];

  test("is refused to a second setup while another is under way", async () => {
    mkdirSync(join(clone, ".venv"));
    writeFileSync(join(clone, ".venv", ".stemma-installing"), String(process.pid));
    const { code, err } = await setup(["node", "-p", "1"]);
    expect(code).toBe(1);
    expect(err).toContain(`another setup (process ${process.pid}) is installing into .venv; wait until it has ended`);
    expect(err.trim().split("\n")).toHaveLength(1);
  });

  test("is made ready, also where that was cut short before", async () => {
    writeFileSync(join(clone, ".venv", ".stemma-installing"), String(2 ** 30));
    const { err, ...rest } = await setup(prefix);
    expect(rest).toEqual({ code: 0, signal: null, out: `${join(clone, ".venv")}\n` });
    expect(err).toContain("Python environment");
  });

  test("that is ready runs the command at once", async () => {
    expect(await setup(["node", "-p", "1"])).toEqual({ code: 0, signal: null, out: "1\n", err: "" });
  });

  test("passes exit codes on", async () => {
    expect(await setup(["node", "-e", "process.exit(7)"])).toMatchObject({ code: 7 });
    expect(await setup(["no-such-command"])).toMatchObject({
      code: 127,
      err: 'setup: cannot run "no-such-command": there is no such command\n',
    });
  });

  test("passes signals on", async () => {
    const waiting = "console.log('up'); setInterval(() => {}, 1000)";
    const clean = start(["node", "-e", `process.on('SIGTERM', () => process.exit(9)); ${waiting}`], process.env);
    await once(clean.child.stdout, "data");
    clean.child.kill("SIGTERM");
    expect(await clean.ended).toMatchObject({ code: 9 });

    const killed = start(["node", "-e", waiting], process.env);
    await once(killed.child.stdout, "data");
    killed.child.kill("SIGINT");
    expect(await killed.ended).toMatchObject({ signal: "SIGINT" });
  });

  test("gets what tests need beside, and what a machine without Java needs", async () => {
    const path = `${pathWith({ java: `echo 'openjdk version "17.0.9"' >&2` })}:${process.env["PATH"]}`;
    const withJava = { ...process.env, JAVA_HOME: "", PATH: path };
    rmSync(stampFile());
    await setup(["node", "-p", "1"], withJava);
    expect(installedFiles()).toEqual(["requirements.txt"]);
    await setup(["--test", "node", "-p", "1"], withJava);
    expect(installedFiles()).toEqual(["requirements.txt", "requirements-test.txt"]);
    await setup(["node", "-p", "1"], { ...withJava, JAVA_HOME: "/no/java" });
    expect(installedFiles()).toEqual(["requirements.txt", "requirements-test.txt", "requirements-java.txt"]);
  });

  test("that was moved is made ready anew", async () => {
    const moved = join(base, "moved");
    renameSync(clone, moved);
    clone = moved;
    expect(await setup(prefix)).toMatchObject({ code: 0, out: `${join(moved, ".venv")}\n` });
  });

  test("shows what pip says when it fails", async () => {
    writeFileSync(join(clone, "requirements.txt"), "no-such-package-of-ours @ file:///no/such/folder\n");
    const { code, out, err } = await setup(["node", "-p", "1"]);
    expect({ code, out }).toEqual({ code: 1, out: "" });
    expect(err).toContain("/no/such/folder");
  });
});

function stampFile(): string {
  return join(clone, ".venv", ".stemma-stamp.json");
}

function installedFiles(): string[] {
  return Object.keys((JSON.parse(readFileSync(stampFile(), "utf8")) as { files: object }).files);
}

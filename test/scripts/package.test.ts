import { mkdir, mkdtemp, rm, symlink, unlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

/** What `npm pack` makes, unpacked elsewhere as npm would, with the clone's packages beside it. */
let folder: string;
let launcher: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "stemma-package-"));
  const { stdout } = await execa("npm", ["pack", "--silent", "--pack-destination", folder]);
  await execa("tar", ["xzf", join(folder, stdout.trim().split("\n").at(-1) ?? ""), "-C", folder]);
  await symlink(resolve("node_modules"), join(folder, "package", "node_modules"));
  launcher = join(folder, "package", "bin", "stemma.js");
});
afterAll(() => rm(folder, { recursive: true }));

test("the package holds no sources and no tests, and every import in it leads to a file", async () => {
  const { stdout: sources } = await execa("find", [
    join(folder, "package"),
    "-name",
    "*.ts",
    "-not",
    "-name",
    "*.d.ts",
    "-not",
    "-path",
    "*/node_modules/*",
  ]);
  expect(sources).toBe("");
  const { stdout: wrong, exitCode } = await execa(
    "grep",
    ["-rlE", "--include=*.js", String.raw`(from|import\() ?"\.[^"]*\.ts"`, join(folder, "package", "dist")],
    { reject: false },
  );
  expect({ wrong, exitCode }).toEqual({ wrong: "", exitCode: 1 });
});

function run(...args: string[]) {
  return execa("node", [launcher, ...args], { cwd: folder, reject: false });
}

test("its stemma runs from compiled code, and generates, splits and tells what is wrong", async () => {
  expect(await run("--version")).toMatchObject({ exitCode: 0, stdout: "0.1.0" });
  expect(await run("demo-data", "--rows", "500", "-o", "raw.csv")).toMatchObject({ exitCode: 0 });
  expect(await run("split", "--in", "raw.csv", "--out", "out")).toMatchObject({ exitCode: 0 });
  expect(await run("trace", "a@b", "--pachd", "127.0.0.1:1")).toMatchObject({ exitCode: 4 });
});

test("a program can import it", async () => {
  const modules = join(folder, "program", "node_modules");
  await mkdir(modules, { recursive: true });
  await symlink(join(folder, "package"), join(modules, "stemma"));
  const program = `import { track } from "stemma"; await track({}).catch((error) => console.log(error.code, error.message));`;
  const cwd = join(folder, "program");
  const { stdout } = await execa("node", ["--input-type=module", "--eval", program], { cwd });
  expect(stdout).toBe("USAGE track(options, work): the work is no function.");
});

describe("on a Node that is too old", () => {
  /** Makes this Node say that it is another. */
  const pretend = `data:text/javascript,Object.defineProperty(process,"versions",{value:{...process.versions,node:"20.0.0"}})`;

  test("the launcher starts the Node that the package brings", async () => {
    expect(await execa("node", ["--import", pretend, launcher, "--version"])).toMatchObject({ stdout: "0.1.0" });
  });

  test("it says in one line what it needs where there is none", async () => {
    await unlink(join(folder, "package", "node_modules"));
    const { exitCode, stderr } = await execa("node", ["--import", pretend, launcher, "--version"], { reject: false });
    expect({ exitCode, stderr }).toEqual({
      exitCode: 2,
      stderr: expect.stringMatching(/^stemma: needs Node 24 or newer, and this is v\S+; install one.*$/),
    });
  });
});

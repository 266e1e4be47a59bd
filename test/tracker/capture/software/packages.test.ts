import { createHash } from "node:crypto";
import { chmod, mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { execa } from "execa";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { normalName } from "../../../../src/tracker/capture/software/distributions.ts";
import { readPackages } from "../../../../src/tracker/capture/software/packages.ts";

const VENV = fileURLToPath(new URL("../../../../.venv", import.meta.url));
const python = join(VENV, "bin", "python");

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "stemma-packages-"));
});
afterEach(async () => {
  await rm(folder, { recursive: true });
});

async function write(path: string, text: string, mode = 0o644): Promise<string> {
  const file = join(folder, path);
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, text);
  await chmod(file, mode);
  return file;
}

/** As much of a virtual environment as has a file. */
async function makeVenv(path: string, packages: readonly string[]): Promise<string> {
  await write(`${path}/pyvenv.cfg`, "home = /nowhere\nversion = 3.11.7\n");
  for (const name of packages) {
    await write(
      `${path}/lib/python3.11/site-packages/${name}-1.0.dist-info/METADATA`,
      `Metadata-Version: 2.1\nName: ${name}\nVersion: 1.0\n`,
    );
  }
  return write(`${path}/bin/python`, "", 0o755);
}

async function listOf(command: readonly string[], env: Record<string, string> = {}): Promise<string | undefined> {
  return (await readPackages(command, folder, { PATH: "/nowhere", ...env }))?.list;
}

/** Names as packages are compared, with versions. */
function comparable(text: string): string[] {
  const lines = text.split("\n").filter((line) => line !== "");
  return lines
    .map((line) => line.split("=="))
    .map(([name = "", version]) => `${normalName(name)}==${version}`)
    .sort();
}

describe("the list of a Python", () => {
  test("is that of pip freeze", async () => {
    const { stdout } = await execa(python, ["-m", "pip", "freeze", "--all"]);
    const packages = await readPackages([python, "train.py"], folder, {});
    expect(packages?.source).toBe("python");
    expect(comparable(packages?.list ?? "")).toEqual(comparable(stdout));
  });

  test("has the system's packages where a virtual environment lets them in", async () => {
    await execa(python, ["-m", "venv", "--without-pip", "--system-site-packages", join(folder, "venv")]);
    const own = join(folder, "venv", "bin", "python");
    await write("venv/lib/python3.11/site-packages/own-1.0.dist-info/METADATA", "Name: own\nVersion: 1.0\n");
    const code = "import importlib.metadata as m\nfor d in m.distributions(): print(d.name + '==' + d.version)";
    const { stdout } = await execa(own, ["-s", "-c", code]);
    const listed = await listOf([own], { PYTHONNOUSERSITE: "1" });
    expect(comparable(listed ?? "")).toEqual([...new Set(comparable(stdout))]);
    expect(listed).toContain("own==1.0\n");
  });

  test("is found from a script by its first line, also as pip writes it for long paths", async () => {
    const venv = await makeVenv("venv", ["a"]);
    const plain = await write("plain", `#!${venv}\n`, 0o755);
    const long = await write("long", `#!/bin/sh\n'''exec' "${venv}" "$0" "$@"\n' '''\n`, 0o755);
    const byPath = await write("by-path", "#!/usr/bin/env -S python -u\n", 0o755);
    expect(await listOf([plain])).toBe("a==1.0\n");
    expect(await listOf([long])).toBe("a==1.0\n");
    expect(await listOf([byPath], { PATH: dirname(venv) })).toBe("a==1.0\n");
  });

  test("is found behind programs that only start another", async () => {
    const venv = await makeVenv("venv", ["a"]);
    expect(await listOf(["env", "-u", "X", "A=b", "nice", "-n", "5", venv, "x.py"])).toBe("a==1.0\n");
    expect(await listOf(["env", `PATH=${dirname(venv)}`, "python"])).toBe("a==1.0\n");
  });

  test("is that of the project under uv and poetry, and of the active one in a shell", async () => {
    const venv = await makeVenv(".venv", ["a"]);
    await makeVenv("active", ["b"]);
    expect(await listOf(["uv", "run", "train.py"])).toBe("a==1.0\n");
    expect(await listOf(["poetry", "run", "train"])).toBe("a==1.0\n");
    expect(await listOf(["sh", "-c", "python train.py"], { VIRTUAL_ENV: join(folder, "active") })).toBe("b==1.0\n");
    expect(
      await listOf(["uv", "run", "x"], { PYTHONPATH: join(dirname(venv), "../../active/lib/python3.11/site-packages") }),
    ).toBe("a==1.0\nb==1.0\n");
  });

  test("is that of Spark's driver, in the order in which Spark asks", async () => {
    const env = { PATH: dirname(await makeVenv("path", ["path"])), PYSPARK_PYTHON: "", PYSPARK_DRIVER_PYTHON: "" };
    await symlink("python", join(folder, "path/bin/python3"));
    expect(await listOf(["spark-submit", "x.py"], env)).toBe("path==1.0\n");
    env.PYSPARK_PYTHON = await makeVenv("worker", ["worker"]);
    expect(await listOf(["spark-submit", "x.py"], env)).toBe("worker==1.0\n");
    env.PYSPARK_DRIVER_PYTHON = await makeVenv("driver", ["driver"]);
    expect(await listOf(["spark-submit", "x.py"], env)).toBe("driver==1.0\n");
    const setting = `spark.pyspark.python=${await makeVenv("setting", ["setting"])}`;
    expect(await listOf(["spark-submit", "--conf", setting, "x.py"], env)).toBe("setting==1.0\n");
    expect(await listOf(["spark-submit", "--class", "X", "x.jar"], env)).toBeUndefined();
  });

  test("is that of the version which pyenv would take", async () => {
    for (const version of ["3.9.1", "3.11.7"]) await makeVenv(`pyenv/versions/${version}`, [`of-${version}`]);
    await write("pyenv/version", "3.9.1\n");
    await write("pyenv/shims/python", "#!/usr/bin/env bash\n", 0o755);
    const env = { PATH: join(folder, "pyenv/shims") };
    expect(await listOf(["python"], env)).toBe("of-3.9.1==1.0\n");
    expect(await listOf(["python"], { ...env, PYENV_VERSION: "3.11" })).toBe("of-3.11.7==1.0\n");
    await write(".python-version", "3.11.7\n");
    expect(await listOf(["python"], env)).toBe("of-3.11.7==1.0\n");
  });

  test("knows packages of older installers, and takes the first of two", async () => {
    const venv = await makeVenv("venv", ["Some_Name"]);
    await write("venv/lib/python3.11/site-packages/old-2.0.egg-info/PKG-INFO", "Name: old\nVersion: 2.0\n");
    await write("venv/lib/python3.11/site-packages/older-3.0.egg-info", "Name: older\nVersion: 3.0\n");
    await write("venv/lib/python3.11/site-packages/broken-3.0.dist-info/RECORD", "");
    await write("more/some.name-9.dist-info/METADATA", "Name: some.name\nVersion: 9\n");
    expect(await listOf([venv])).toBe("old==2.0\nolder==3.0\nSome_Name==1.0\n");
    expect(await listOf([venv], { PYTHONPATH: join(folder, "more") })).toBe("old==2.0\nolder==3.0\nsome.name==9\n");
  });
});

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

test("the list of a Node is what npm installed", async () => {
  const node = await write("bin/node", "", 0o755);
  const packages = { "node_modules/b": { version: "2.0.0" }, "node_modules/b/node_modules/@x/a": { version: "1.0.0" }, "": {} };
  await write("node_modules/.package-lock.json", JSON.stringify({ packages }));
  expect(await readPackages([node, "x.js"], folder, {})).toEqual({
    source: "node",
    list: "@x/a@1.0.0\nb@2.0.0\n",
    lockFiles: [],
  });
  const script = await write("tool", "#!/usr/bin/env node\n", 0o755);
  expect(await listOf([script], { PATH: dirname(node) })).toBe("@x/a@1.0.0\nb@2.0.0\n");
});

describe("lock files", () => {
  test("are those of the working folder and above, up to the top of the checkout", async () => {
    const paths = ["requirements.txt", "top/uv.lock", "top/a/b/poetry.lock", "top/a/b/other.txt"];
    for (const path of paths) await write(path, path);
    await mkdir(join(folder, "top/.git"));
    expect(await readPackages(["./program"], join(folder, "top/a/b"), {})).toEqual({
      source: "lock files",
      list: "",
      lockFiles: [
        { path: "poetry.lock", sha256: sha256("top/a/b/poetry.lock") },
        { path: "../../uv.lock", sha256: sha256("top/uv.lock") },
      ],
    });
  });

  test("are not read when they are too large, and not looked for outside of a checkout", async () => {
    await write("a/package-lock.json", "x".repeat(5 * 2 ** 20 + 1));
    await write("uv.lock", "");
    expect(await readPackages(["ls"], join(folder, "a"), { PATH: "/bin" })).toBeUndefined();
  });
});

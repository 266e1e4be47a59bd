import { createHash } from "node:crypto";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { readScript } from "../../../../src/tracker/capture/code/script.ts";

const TEXTS: Readonly<Record<string, string>> = {
  "work/train.py": "print(1)",
  "work/deps.py": "",
  "work/app.jar": "PK",
  "work/Fit.R": "x",
  "work/go": "#!/bin/sh\n",
  "work/binary": "\u007fELF",
  "work/.venv/bin/mlflow": "#!/x/python\n",
  "elsewhere/tool": "#!/bin/sh\n",
};

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "stemma-script-"));
  for (const [path, text] of Object.entries(TEXTS)) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), text);
  }
  await mkdir(join(folder, "work/dir.py"));
});
afterAll(async () => {
  await rm(folder, { recursive: true });
});

async function scriptOf(...command: string[]): Promise<string | undefined> {
  return (await readScript(command, join(folder, "work")))?.path;
}

describe("readScript", () => {
  test("tells the digest of the script, by the name that the command gives it", async () => {
    const sha256 = createHash("sha256").update("print(1)").digest("hex");
    expect(await readScript(["python", "-u", "train.py", "--rows", "5"], join(folder, "work"))).toEqual({
      path: "train.py",
      sha256,
    });
    const path = join(folder, "work/train.py");
    expect(await readScript(["python", path], "/")).toEqual({ path, sha256 });
  });

  test("takes the first word that is a file with a script's ending", async () => {
    expect(await scriptOf("Rscript", "--vanilla", "Fit.R", "train.py")).toBe("Fit.R");
    expect(await scriptOf("python", "not-there.py", "dir.py", "train.py")).toBe("train.py");
    expect(await scriptOf("java", "-cp", "app.jar", "Main")).toBeUndefined();
    expect(await scriptOf("spark-submit", "--py-files", "deps.py", "--conf", "a=b.py", "train.py", "app.jar")).toBe("train.py");
  });

  test("takes the program itself where it is a script of the working tree", async () => {
    expect(await scriptOf("./go", "train.py")).toBe("./go");
    expect(await scriptOf("./train.py")).toBe("./train.py");
    expect(await scriptOf("./binary")).toBeUndefined();
    expect(await scriptOf("../elsewhere/tool")).toBeUndefined();
    expect(await scriptOf(".venv/bin/mlflow", "train.py")).toBe("train.py");
    expect(await scriptOf("/usr/bin/env")).toBeUndefined();
    expect(await scriptOf()).toBeUndefined();
  });
});

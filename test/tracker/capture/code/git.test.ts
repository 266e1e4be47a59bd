import { existsSync } from "node:fs";
import { mkdir, mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { readDiff, readGit } from "../../../../src/tracker/capture/code/git.ts";
import { looksLikeSecretFile } from "../../../../src/tracker/capture/code/secret-files.ts";
import { Redactor } from "../../../../src/tracker/capture/secrets/redact.ts";

const redactor = new Redactor({ env: {} });
let top: string;

beforeEach(async () => {
  top = await mkdtemp(join(tmpdir(), "stemma-git-"));
  await git("init", "--quiet", "--initial-branch=main");
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(top, { recursive: true });
});

async function git(...words: string[]): Promise<string> {
  const settings = ["user.name=t", "user.email=t@example.org", "protocol.file.allow=always"].flatMap((setting) => [
    "-c",
    setting,
  ]);
  return (await execa("git", [...settings, ...words], { cwd: top })).stdout;
}

async function write(files: Readonly<Record<string, string>>): Promise<void> {
  for (const [path, text] of Object.entries(files)) {
    await mkdir(join(top, path, ".."), { recursive: true });
    await writeFile(join(top, path), text);
  }
}

async function commit(files: Readonly<Record<string, string>>): Promise<void> {
  await write(files);
  await git("add", "--all", "--force");
  await git("commit", "--quiet", "--message=x");
}

describe("readGit", () => {
  test("tells commit and branch, and whether anything differs", async () => {
    await commit({ "a.py": "1\n" });
    const id = await git("rev-parse", "HEAD");
    expect(await readGit(top)).toEqual({ commit: id, branch: "main", remote: undefined, dirty: false });
    await write({ "new.py": "2\n" });
    expect(await readGit(top)).toMatchObject({ dirty: true });
  });

  test("tells no branch when none is checked out", async () => {
    await commit({ "a.py": "1\n" });
    const id = await git("rev-parse", "HEAD");
    await git("checkout", "--quiet", "--detach");
    expect(await readGit(top)).toMatchObject({ commit: id, branch: undefined });
  });

  test("takes origin as the remote, or the only one there is, without its credentials", async () => {
    await commit({ "a.py": "1\n" });
    await git("remote", "add", "fork", "ssh://git:pw@host.example/fork.git");
    expect(await readGit(top)).toMatchObject({ remote: "ssh://git@host.example/fork.git" });
    await git("remote", "add", "other", "git@host.example:other.git");
    expect((await readGit(top))?.remote).toBeUndefined();
    await git("remote", "add", "origin", "https://user:pw@host.example/x.git");
    expect(await readGit(top)).toMatchObject({ remote: "https://host.example/x.git" });
  });

  test("works in a worktree and in a submodule", async () => {
    await commit({ "a.py": "1\n" });
    const id = await git("rev-parse", "HEAD");
    await git("worktree", "add", "--quiet", "-b", "side", "tree");
    expect(await readGit(join(top, "tree"))).toMatchObject({ commit: id, branch: "side", dirty: false });
    await git("submodule", "--quiet", "add", top, "sub");
    expect(await readGit(join(top, "sub"))).toMatchObject({ commit: id, remote: top, dirty: false });
  });

  test("is undefined before the first commit, outside of a checkout, without git, and where git refuses", async () => {
    expect(await readGit(top)).toBeUndefined();
    expect(await readGit("/")).toBeUndefined();
    expect(await readGit(join(top, "not there"))).toBeUndefined();
    await commit({ "a.py": "1\n" });
    vi.stubEnv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1");
    expect(await readGit(top)).toBeUndefined();
    expect(await readDiff(top, redactor)).toBeUndefined();
    vi.unstubAllEnvs();
    vi.stubEnv("PATH", "/nowhere");
    expect(await readGit(top)).toBeUndefined();
  });
});

describe("readDiff", () => {
  test("holds what differs from the commit, staged or not, so that git can apply it", async () => {
    await commit({ "a.py": "1\n", "lib/b.py": "1\n" });
    await write({ "a.py": "2\n", "lib/b.py": "2\n" });
    await git("add", "a.py");
    const diff = await readDiff(join(top, "lib"), redactor);
    expect(diff?.omitted).toEqual([]);
    await git("stash", "--quiet");
    await execa("git", ["apply"], { cwd: top, input: diff?.text ?? "" });
    expect(await git("status", "--porcelain")).toBe(" M a.py\n M lib/b.py");
  });

  test("only names files that git does not know, and binary ones", async () => {
    await commit({ "model.bin": "\0a" });
    await write({ "model.bin": "\0b", "new.py": "print('new')\n", "data/x.csv": "1\n" });
    const text = (await readDiff(top, redactor))?.text;
    expect(text).toContain("Binary files a/model.bin and b/model.bin differ\n");
    expect(text).toContain("untracked: data/\nuntracked: new.py\n");
    expect(text).not.toContain("print");
  });

  test("leaves out files that look secret, by old and new name, and says which", async () => {
    await commit({ ".env": "A=1\n", "keys/ü [1].pem": "1\n", "a.py": "1\n", "old.key": "long enough to be found again\n" });
    await write({ ".env": "A=2\n", "keys/ü [1].pem": "2\n", "a.py": "2\n", "deep/.env.local": "B=1\n" });
    await rename(join(top, "old.key"), join(top, "new.txt"));
    await git("add", "new.txt", "old.key", "deep");
    const diff = await readDiff(top, redactor);
    expect(diff?.omitted.toSorted()).toEqual([".env", "deep/.env.local", "keys/ü [1].pem", "new.txt", "old.key"]);
    expect(diff?.text).toContain("+2");
    expect(diff?.text).not.toMatch(/A=|B=|pem|found again/);
  });

  test("loses what is secret in the text", async () => {
    await commit({ "a.py": "1\n" });
    await write({ "a.py": 'password = "hunter2"\n' });
    expect((await readDiff(top, redactor))?.text).toContain('+password = "***"\n');
  });

  test("works before the first commit, and in a worktree", async () => {
    await write({ "a.py": "1\n" });
    await git("add", "a.py");
    expect((await readDiff(top, redactor))?.text).toContain("+++ b/a.py\n@@ -0,0 +1 @@\n+1\n");
    await commit({});
    await git("worktree", "add", "--quiet", "tree");
    await write({ "tree/a.py": "2\n" });
    expect((await readDiff(join(top, "tree"), redactor))?.text).toContain("-1\n+2\n");
  });

  test("runs nothing that the user has set up, and stays plain", async () => {
    await commit({ "a.py": "1\n", ".gitattributes": "*.py diff=own\n" });
    await write({ "a.py": "2\n" });
    const program = "touch ran; cat";
    const own = { "core.pager": program, "diff.external": program, "diff.own.textconv": program, "core.fsmonitor": program };
    for (const [key, value] of Object.entries({
      ...own,
      "color.ui": "always",
      "diff.noprefix": "true",
      "diff.relative": "true",
    })) {
      await git("config", key, value);
    }
    expect(await readDiff(top, redactor)).toEqual({
      text: expect.stringMatching(
        /^diff --git a\/a\.py b\/a\.py\nindex .*\n--- a\/a\.py\n\+\+\+ b\/a\.py\n@@ -1 \+1 @@\n-1\n\+2\n$/,
      ),
      omitted: [],
    });
    expect(existsSync(join(top, "ran"))).toBe(false);
  });

  test("is cut at a line, and says so", async () => {
    await commit({ "a.csv": "" });
    await write({ "a.csv": "0123456789,0123456789\n".repeat(60_000) });
    const text = (await readDiff(top, redactor))?.text ?? "";
    expect(text).toMatch(/\n\+0123456789,0123456789\n\(cut: more than 1048576 bytes differ\)\n$/);
    expect(text.length).toBeLessThan(2 ** 20 + 100);
  });
});

test("files look secret by their names", () => {
  const secret = [
    ".env",
    ".env.prod",
    "a/prod.env",
    "server.pem",
    "tls/x.key",
    "id_rsa",
    "id_ed25519.pub",
    "my-credentials.json",
    "Credentials",
    "x.p12",
    ".netrc",
    "vault.kdbx",
    ".aws/config",
    "secrets.yaml",
    "app-secret.json",
    "service-account-1.json",
    ".git-credentials",
    ".npmrc",
  ];
  const harmless = [
    "a.py",
    "environment.yml",
    ".env.example",
    "src/secret-names.ts",
    "keys.csv",
    "monkey.txt",
    "key.ts",
    "secretary.md",
  ];
  expect([...secret, ...harmless].filter(looksLikeSecretFile)).toEqual(secret);
});

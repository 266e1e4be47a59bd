import { mkdir, mkdtemp, readdir, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Sandbox, type SandboxKind, chooseSandbox } from "../../../src/engine/sandbox/sandbox.ts";
import type { SecretFile } from "../../../src/engine/sandbox/secret-files.ts";
import type { Ended, Slot } from "../../../src/engine/sandbox/slot.ts";
import { findAccount } from "../../../src/engine/sandbox/user-account.ts";
import { processesWith } from "../../helpers/job-processes.ts";

const KINDS: SandboxKind[] = ["user", "mount", "rewrite"];

describe.each(KINDS)("a slot of a sandbox, from %s on", (kind) => {
  let home: string;
  let sandbox: Sandbox;
  let slot: Slot;
  beforeAll(async () => {
    home = await mkdtemp(join(tmpdir(), "stemma-sandbox-"));
    sandbox = await chooseSandbox(kind, home);
    slot = open("slot");
    // Its folder is there from the first command on.
    await run("true");
  });
  afterAll(async () => {
    await slot.close();
    await rm(home, { recursive: true });
  });

  function open(name: string, secretFiles: readonly SecretFile[] = []): Slot {
    return sandbox.openSlot({ folder: join(home, "work", name), workingDirectory: "/", account: undefined, secretFiles });
  }

  interface Options {
    readonly stdin?: string;
    readonly variables?: Readonly<Record<string, string>>;
    readonly signal?: AbortSignal;
    readonly onLine?: (line: string) => void;
  }

  async function run(script: string, options: Options = {}, where = slot): Promise<Ended & { lines: string[] }> {
    const lines: string[] = [];
    const environment = { PATH: process.env["PATH"] ?? "", ...options.variables };
    const onLine = (line: string): void => {
      lines.push(line);
      options.onLine?.(line);
    };
    const { signal = new AbortController().signal } = options;
    return {
      ...(await where.run({ words: ["sh", "-c", script], stdin: options.stdin ?? "", environment }, { signal, onLine })),
      lines,
    };
  }

  test("gives a command its words, variables and standard input as they are", async () => {
    const text = `it's "$HOME" \\ *\n\ttwo`;
    const lines: string[] = [];
    const environment = { PATH: process.env["PATH"] ?? "", V: text, "odd-name": "x=y" };
    const script =
      "const { V, 'odd-name': odd } = process.env; console.log([V, odd, process.argv[1], fs.readFileSync(0, 'utf8')].join('\\n'))";
    const command = { words: [process.execPath, "-e", script, text], stdin: text, environment };
    await slot.run(command, { signal: new AbortController().signal, onLine: (line) => lines.push(line) });
    expect(lines.join("\n")).toBe([text, "x=y", text, text].join("\n"));
  });

  test("answers the exit code, of a killed command 128 and the signal's number", async () => {
    expect(await run("exit 3")).toMatchObject({ code: 3, reason: "" });
    expect(await run("kill -TERM $$")).toMatchObject({ code: 143, reason: "" });
  });

  test("hands on the lines of standard output and error, also a last one without an end", async () => {
    const { lines } = await run("echo one; echo two >&2; printf three");
    expect(lines.toSorted()).toEqual(["one", "three", "two"]);
  });

  test("cuts a line that has no end, and loses nothing of it", async () => {
    const { lines } = await run("head -c 300000 /dev/zero | tr '\\0' x");
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThan(70_000);
    expect(lines.join("")).toBe("x".repeat(300_000));
  });

  test("kills what a command leaves running, also in another session", async () => {
    const mark = crypto.randomUUID();
    const { code } = await run("setsid sleep 1000 & sleep 1000 & exit 0", { variables: { MARK: mark } });
    expect(code).toBe(0);
    expect(processesWith("MARK", mark)).toEqual([]);
  });

  test("ends a command with all that it has started when the signal aborts, and takes the next", async () => {
    const mark = crypto.randomUUID();
    const controller = new AbortController();
    const onLine = (): void => controller.abort(new Error("enough"));
    const options = { variables: { MARK: mark }, signal: controller.signal, onLine };
    expect(await run("setsid sleep 1000 & echo ready; exec sleep 1000", options)).toMatchObject({
      reason: "enough",
      lines: ["ready"],
    });
    expect(processesWith("MARK", mark)).toEqual([]);
    expect(await run("echo again")).toMatchObject({ code: 0, lines: ["again"] });
  });

  test("runs no command for a signal that has aborted before", async () => {
    const signal = AbortSignal.abort(new Error("too late"));
    expect(await run("echo ran", { signal })).toMatchObject({ reason: "too late", lines: [] });
  });

  test("says so where a program is not there", async () => {
    const command = { words: ["no-such-program"], stdin: "", environment: { PATH: "/bin" } };
    const { code, reason } = await slot.run(command, { signal: new AbortController().signal, onLine: () => undefined });
    expect(code).toBe(127);
    expect(reason).toMatch(/^$|no-such-program/);
  });

  test("has secret files that only its commands can read, also where the machine has no such folder", async () => {
    const content = Buffer.from("100% 'secret'\0\n");
    const other = open("secrets", [{ folder: "/nowhere/in/here", name: ".key", content }]);
    const script = 'stat -c %a "$KEY"; od -An -v -tx1 "$KEY" | tr -d " \\n"';
    const { lines } = await run(script, { variables: { KEY: "/nowhere/in/here/.key" } }, other);
    await other.close();
    expect(lines).toEqual(["400", content.toString("hex")]);
    await expect(stat("/nowhere")).rejects.toMatchObject({ code: "ENOENT" });
  });

  test("leaves nothing behind when it is closed", async () => {
    const mark = crypto.randomUUID();
    const other = open("closed");
    await mkdir(other.pfs, { recursive: true });
    await run(`cd ${other.toText("/pfs")}; mkdir -p deep/er; chmod 0 deep`, { variables: { MARK: mark } }, other);
    expect(await readdir(other.pfs)).toEqual(["deep"]);
    await other.close();
    expect(await readdir(join(home, "work"))).not.toContain("closed");
    expect(processesWith("MARK", mark)).toEqual([]);
  });
});

describe("the sandbox", () => {
  test("is the strongest that the machine allows, and says which", async () => {
    const home = await mkdtemp(join(tmpdir(), "stemma-sandbox-"));
    const { kind, description } = await chooseSandbox(undefined, home);
    expect(description).toMatch(kind === "rewrite" ? /^jobs run without namespaces/ : /^jobs run in .* namespaces/);
    await rm(home, { recursive: true });
  });

  test("is not chosen by a word that means none", async () => {
    await expect(chooseSandbox("chroot", tmpdir())).rejects.toMatchObject({
      code: "USAGE",
      message: 'STEMMA_SANDBOX is "chroot"; it can be user, mount, rewrite.',
    });
  });
});

describe("the account that a spec's user means", () => {
  const passwd = "root:x:0:0:root:/root:/bin/sh\nada:x:1815:100:Ada:/home/ada:/bin/sh\n";

  test.each([
    ["by name", "ada", { uid: 1815, gid: 100, home: "/home/ada" }],
    ["by number", "1815", { uid: 1815, gid: 100, home: "/home/ada" }],
    ["by numbers that have no name", "1234:56", { uid: 1234, gid: 56, home: undefined }],
    ["not at all where the spec has none", "", undefined],
    ["not at all where it is the engine's own", "root", undefined],
  ])("is found %s", (_, user, account) => expect(findAccount(user, passwd, 0)).toEqual(account));

  test("is refused where there is none, or the engine may not take it on", () => {
    expect(() => findAccount("nobody-knows", passwd, 0)).toThrow('this machine has no user "nobody-knows"');
    expect(() => findAccount("ada", passwd, 1000)).toThrow(
      'commands can run as the user "ada" only where the engine runs as root',
    );
  });
});

import { createHash, randomBytes } from "node:crypto";
import { chownSync, mkdtempSync, readFileSync, readdirSync, realpathSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { PachydermClient } from "../../src/pachyderm/client.ts";
import { branch, pipeline, put, readAll, repo } from "../helpers/engine.ts";
import { EngineProcess } from "./engine-process.ts";

const ATTACK = readFileSync(new URL("attack.sh", import.meta.url), "utf8");
const PYTHON = realpathSync(fileURLToPath(new URL("../../.venv/bin/python", import.meta.url)));
const NOBODY = 65_534;
const MAY_ENTER = 0o1;
/** Where this user finds programs, another one may find none. */
const ENVIRONMENT = { ...process.env, PATH: "/usr/sbin:/usr/bin:/sbin:/bin" };

interface Variant {
  readonly sandbox: string;
  /** Whom the job's command runs as, if not as the engine's user. */
  readonly user?: string;
  /** Whom the engine runs as. */
  readonly engineUser?: number;
}

/** A user that is not root can start engines as itself only. */
const VARIANTS: [string, Variant][] =
  process.getuid?.() === 0
    ? [
        ["root, in a user namespace", { sandbox: "user" }],
        ["root, without a user namespace", { sandbox: "mount" }],
        ["another user than the engine", { sandbox: "user", user: "nobody" }],
        ["the engine's user, who is not root", { sandbox: "user", engineUser: NOBODY }],
      ]
    : [["the engine's user, who is not root", { sandbox: "user" }]];

/** The folder on the way to a file that keeps other users out, if there is one. */
function closedFolder(file: string): string | undefined {
  const folder = dirname(file);
  if ((statSync(folder).mode & MAY_ENTER) === 0) return folder;
  return folder === file ? undefined : closedFolder(folder);
}

/** Why a variant cannot be tried here. */
function refusal({ engineUser }: Variant): string | undefined {
  const closed = engineUser === undefined ? undefined : closedFolder(process.execPath);
  return closed && `that user cannot start an engine, since ${closed} is closed to it`;
}

for (const [name, variant] of VARIANTS) {
  const why = refusal(variant);
  describe.skipIf(why !== undefined)(`a job that runs as ${name}${why === undefined ? "" : ` (skipped: ${why})`}`, () => {
    attackWith(variant);
  });
}

function attackWith({ sandbox, user, engineUser }: Variant): void {
  let home: string;
  const large = randomBytes(100_000).toString("hex");
  let engine: EngineProcess;
  let client: PachydermClient;

  beforeAll(async () => {
    home = mkdtempSync(join(tmpdir(), "stemma-tamper-"));
    if (engineUser !== undefined) chownSync(home, engineUser, engineUser);
    const account = engineUser === undefined ? {} : { uid: engineUser, gid: engineUser };
    engine = new EngineProcess({ ...account, env: { ...ENVIRONMENT, HOME: home, STEMMA_SANDBOX: sandbox } });
    await engine.loaded();
    client = new PachydermClient({ address: (await engine.start(home)) ?? expect.fail(engine.log) });
    // What the attack kills is all that it can see: never without namespaces.
    if (!/jobs run in .*namespaces/.test(engine.log)) throw new Error(`these tests need namespaces:\n${engine.log}`);
    await client.createRepo(repo("data"));
    await client.modifyBranch(branch("data"), [put("/small", "kept"), put("/large", large)]);
  });
  afterAll(async () => {
    client.close();
    await engine.kill();
    rmSync(home, { recursive: true });
  });

  async function run(name: string, script: string, env: object): Promise<{ state: string; lines: string[] }> {
    const transform = { cmd: ["sh"], stdin: [script], env, user };
    const input = { pfs: { repo: "data", name: "data", glob: "/" } };
    await client.createPipeline(JSON.stringify({ pipeline: { name }, transform, input, datum_tries: 1 }));
    const [job] = await Array.fromAsync(client.listJobs({ pipeline: pipeline(name) }));
    const { state } = await client.inspectJob(job?.job ?? expect.fail("no job"), { wait: true });
    const lines = (await Array.fromAsync(client.logs({ pipeline: pipeline(name) }))).map(({ message }) => message);
    return { state, lines };
  }

  test("finds no way to the stored content, nor to the engine, and cannot change what it was given of it", async () => {
    const before = objectsOf(home);
    const { lines } = await run("attack", ATTACK, {
      ENGINE_HOME: home,
      ENGINE_PID: String(engine.pid),
      OBJECT: before[0]?.path ?? expect.fail("no object"),
      DISK: String(statSync(home).dev),
      PYTHON,
    });
    expect(lines.filter((line) => line.startsWith("BREACH"))).toEqual([]);
    expect(lines).toContain("all was tried");
    expect(await readAll(client, "data")).toEqual({ "/small": "kept", "/large": large });
    expect(objectsOf(home)).toEqual(before);
  });

  test("cannot have the engine store for it what it may not read", async () => {
    const links = [join(home, "secret.key"), `/proc/${engine.pid}/environ`, `/proc/${engine.pid}/root${home}/engine.db`];
    for (const [index, link] of links.entries()) {
      const { state, lines } = await run(`leak${index}`, `ln -s ${link} /pfs/out/leak`, {});
      expect(state).toBe("JOB_FAILURE");
      expect(lines.join("\n")).toContain("/leak is a link that cannot be followed");
    }
  });
}

/** The stored objects that are files, with what is in them. */
function objectsOf(home: string): { path: string; hash: string; mode: number }[] {
  const files = readdirSync(join(home, "objects"), { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return files
    .map((file) => join(file.parentPath, file.name))
    .sort()
    .map((path) => ({ path, hash: createHash("sha256").update(readFileSync(path)).digest("hex"), mode: statSync(path).mode }));
}

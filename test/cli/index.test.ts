import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { beforeEach, describe, expect, onTestFinished, test } from "vitest";
import type { Context } from "../../src/cli/context.ts";
import { runProgram } from "../../src/cli/program.ts";
import { StemmaError } from "../../src/lineage/errors.ts";
import type { MlflowClient } from "../../src/mlflow/client.ts";
import type { PachydermClient } from "../../src/pachyderm/client.ts";
import type { Story } from "../collect/story.ts";
import { OTHER_SET, RUN, SET, demoStory } from "../collect/story.ts";
import type { CommandResult } from "./terminal.ts";
import { testContext } from "./terminal.ts";

/** The servers of a test: fakes, or nobody. */
interface Servers {
  pachyderm: Story["pachyderm"] | undefined;
  mlflow: Story["mlflow"] | undefined;
}

let cwd: string;
let story: Story;
let servers: Servers;
beforeEach(() => {
  cwd = mkdtempSync(join(tmpdir(), "stemma-index-"));
  onTestFinished(() => rmSync(cwd, { recursive: true }));
  story = demoStory();
  servers = { pachyderm: story.pachyderm, mlflow: story.mlflow };
});

function orAway<Client>(client: unknown, name: string): Client {
  if (client === undefined) throw new StemmaError("UNREACHABLE", `${name} cannot be reached.`);
  return client as Client;
}

async function stemma(argv: readonly string[], more: Partial<Context> = {}): Promise<CommandResult> {
  let out = "";
  let err = "";
  const context = testContext(
    { cwd, env: {} },
    {
      out: (text) => (out += text),
      write: async (bytes) => void (out += Buffer.from(bytes).toString("utf8")),
      err: (text) => (err += text),
      pachyderm: async () => orAway<PachydermClient>(servers.pachyderm, "Pachyderm"),
      mlflow: async () => orAway<MlflowClient>(servers.mlflow, "MLflow"),
      ...more,
    },
  );
  const code = await runProgram(context, argv);
  return { code, out, err };
}

function indexFiles(): readonly string[] {
  return readdirSync(join(cwd, ".stemma", "index"), { recursive: true }).map(String);
}

function ask(...argv: readonly string[]): Promise<CommandResult> {
  return stemma(["trace", RUN, "--up", "--kind", "run,commit", ...argv]);
}

describe("a question", () => {
  test("is answered from an index that is up to date, and kept in the state folder", async () => {
    const first = await ask();
    expect(first).toMatchObject({ code: 0, err: "" });
    expect(first.out).toMatch(/\n└─ commit [^]*\ncomplete\n$/);
    expect(indexFiles()).toEqual([expect.stringMatching(/^[0-9a-f]{12}\.db$/)]);
    story.pachyderm.commit("raw_data", OTHER_SET, ["/day-3.csv"]);
    expect((await stemma(["trace", "raw_data@master", "--up"])).out).toContain(`commit raw_data@${OTHER_SET}`);
  });

  test("sees at once that a commit was squashed or a run deleted", async () => {
    await ask();
    story.pachyderm.forgetCommit(story.raw);
    expect((await ask()).out).toMatch(new RegExp(`raw_data@${SET}.*gone since`));
  });

  test("is answered without the servers when nothing new is asked for", async () => {
    const answer = await ask();
    servers = { pachyderm: undefined, mlflow: undefined };
    expect(await ask("--no-sync")).toEqual(answer);
  });

  test("says of when the index is, when a server is away", async () => {
    await ask();
    servers.mlflow = undefined;
    const { code, out } = await ask();
    expect(code).toBe(0);
    expect(out).toMatch(
      new RegExp(
        `\\nincomplete: MLflow cannot be reached: what is shown of it is of \\d{4}-\\d\\d-\\d\\dT[^ ]*, at run ${RUN}\\n$`,
      ),
    );
    expect((await ask("--require-complete")).code).toBe(6);
  });

  test("cannot be answered with neither an index nor a server", async () => {
    servers = { pachyderm: undefined, mlflow: undefined };
    expect(await ask()).toEqual({ code: 4, out: "", err: "stemma: Pachyderm cannot be reached: nothing was read of it yet.\n" });
    expect(await ask("--no-sync")).toMatchObject({ code: 3, err: expect.stringContaining("leave out --no-sync") });
  });

  test("about what is not known is not answered with no, when the server that would know is away", async () => {
    servers.mlflow = undefined;
    expect(await stemma(["trace", "models:/fraud/1"])).toMatchObject({
      code: 4,
      err: expect.stringContaining("MLflow cannot be reached"),
    });
    expect(await stemma(["trace", "raw_dta@master"])).toMatchObject({ code: 3 });
  });

  test("about a datum is answered once the datums of its job were read", async () => {
    const datum = `urn:stemma:datum:default/etl@${SET}`;
    expect((await stemma(["trace", `${datum}:b0`, "--up"])).out).toMatch(/^datum b0 of etl@/);
    expect(await stemma(["trace", `${datum}:ff`, "--up"])).toMatchObject({
      code: 3,
      err: `stemma: there is no datum ff of etl@${SET}.\n`,
    });
  });

  test("about a file that is not in its commit says so", async () => {
    expect(await stemma(["trace", "raw_data@master:/nope"])).toMatchObject({
      code: 3,
      err: `stemma: no file /nope in raw_data@${SET}. List them: stemma ls raw_data@${SET}\n`,
    });
  });

  test("shows on a terminal that it reads, and colours the answer, but not under NO_COLOR", async () => {
    const stdout = { isTTY: true, columns: 80 };
    const coloured = await stemma(["trace", RUN, "--up"], { stdout });
    expect(coloured.err).toContain("reading what is new");
    expect(coloured.out).toContain("\u001B[32mcomplete\u001B[0m");
    const pages: string[] = [];
    const page = async (text: string): Promise<void> => void pages.push(text);
    const { out } = await stemma(["trace", RUN, "--up", "--no-sync"], { stdout, page, env: { NO_COLOR: "1" } });
    expect({ out, pages }).toEqual({ out: "", pages: [expect.not.stringContaining("\u001B")] });
  });
});

describe("index", () => {
  test("sync reads what is new, and says how much", async () => {
    expect(await stemma(["index", "sync"])).toEqual({
      code: 0,
      out: "",
      err: expect.stringMatching(/^Read 4 commits, 3 jobs, 1 run, 0 models\.\n$/),
    });
    expect((await stemma(["index", "sync"])).err).toMatch(/^Read 0 commits, 0 jobs, \d+ runs?, 0 models\.\n$/);
  });

  test("sync ends with 4 when a server is away, and reads the other", async () => {
    servers.mlflow = undefined;
    const { code, err } = await stemma(["index", "sync", "--full"]);
    expect(code).toBe(4);
    expect(err).toMatch(
      /^Read 4 commits, 3 jobs, 0 runs, 0 models\.\nstemma: MLflow cannot be reached: nothing was read of it yet\.\n$/,
    );
  });

  test("sync --watch goes on until it is ended", async () => {
    const end = new AbortController();
    let text = "";
    const err = (more: string): void => {
      text += more;
      end.abort();
    };
    expect((await stemma(["index", "sync", "--watch"], { err, signal: end.signal })).code).toBe(0);
    expect(text).toMatch(/^Read 4 commits/);
  });

  test("status says what it holds, and of when", async () => {
    expect(await stemma(["index", "status"])).toMatchObject({ code: 3, err: expect.stringContaining("Run: stemma index sync") });
    await stemma(["index", "sync"]);
    const { out } = await stemma(["index", "status"]);
    expect(out).toMatch(/^index {6}.*\.db {2}[\d.]+ KiB\npachyderm {2}20.*Z\nmlflow {5}20.*Z\n/);
    expect(out).toMatch(/\njob {8}3\n/);
  });

  test("dump prints the same for a rebuilt index, byte for byte", async () => {
    await stemma(["index", "sync"]);
    const { out } = await stemma(["index", "dump"]);
    expect(out).toContain(`"urn":"urn:stemma:run:${RUN}"`);
    expect(await stemma(["index", "rebuild"])).toMatchObject({ code: 0 });
    expect((await stemma(["index", "dump"])).out).toBe(out);
  });

  test.each([
    ["is no index", (file: string) => writeFileSync(file, "not a database, however long it may be: ".repeat(100))],
    [
      "has another format",
      (file: string) => {
        const database = new DatabaseSync(file);
        database.exec("PRAGMA user_version = 99");
        database.close();
      },
    ],
  ])("that %s is refused with what to do, and can be rebuilt", async (_what, spoil) => {
    await stemma(["index", "sync"]);
    const [name = ""] = indexFiles();
    spoil(join(cwd, ".stemma", "index", name));
    const { code, err } = await ask("--no-sync");
    expect({ code, err }).toEqual({ code: 5, err: expect.stringMatching(/^stemma: .* Run: stemma index rebuild\n$/) });
    const rebuilt = await stemma(["index", "rebuild"]);
    expect(rebuilt).toMatchObject({ code: 0, err: expect.stringContaining("could not be read") });
    expect((await ask("--no-sync")).out).toMatch(/complete\n$/);
  });

  test("rebuild leaves a file alone that is no index, such as another program's database", async () => {
    const file = join(cwd, "theirs.db");
    const database = new DatabaseSync(file);
    database.exec("CREATE TABLE theirs (a)");
    database.close();
    const before = readFileSync(file);
    const refusal = { code: 2, err: expect.stringMatching(/^stemma: .* stays as it is\. Name another file .*\n$/) as string };
    expect(await stemma(["index", "rebuild", "--index", file])).toMatchObject(refusal);
    expect(await stemma(["index", "rebuild", "--index", cwd])).toMatchObject(refusal);
    expect(readFileSync(file)).toEqual(before);
  });
});

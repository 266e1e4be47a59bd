import { cp, mkdir, readFile, readdir, writeFile } from "node:fs/promises";
import { join, relative } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Item } from "../../src/tracker/delivery/items.ts";
import { writeOutbox } from "../../src/tracker/delivery/outbox.ts";
import { type TestEngine, commitFiles, repo, startTestEngine } from "../helpers/engine.ts";
import { freePort } from "../helpers/mlflow-server.ts";
import { ENDED, STARTED, sampleCard, sampleHeader, storeFile } from "../tracker/delivery/sample-outbox.ts";
import { client, makeFolder, trackHere } from "../tracker/harness.ts";
import { type CommandResult, stemma } from "./terminal.ts";

let running: TestEngine;
beforeAll(async () => {
  running = await startTestEngine();
  await running.client.createRepo(repo("train"));
});
afterAll(() => running.close());

async function replay(place: string, { cwd = "/", mlflow = client.uri } = {}): Promise<CommandResult> {
  return stemma(["replay", place], { cwd, env: { PACHD_ADDRESS: running.engine.address, MLFLOW_TRACKING_URI: mlflow } });
}

/** Keeps an outbox below a folder, of a run with one param and one artifact. */
async function keepOutbox(folder: string, name: string, artifact = "notes.txt"): Promise<string> {
  const header = sampleHeader({ runName: name });
  const items: Item[] = [
    { kind: "params", params: { p: name } },
    { kind: "artifact", file: await storeFile(artifact, name) },
  ];
  return writeOutbox(folder, { header, items, card: sampleCard(header), limitBytes: 1e6 });
}

/** The ids in the lines that were printed, and what follows them. */
function lines(out: string): (readonly [string, string])[] {
  return out
    .split("\n")
    .filter(Boolean)
    .map((line) => [line.slice(0, 32), line.slice(34)] as const);
}

/** All files below a folder, as an output commit would have them. */
async function filesOf(folder: string): Promise<Record<string, string>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const paths = entries.filter((entry) => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name));
  const read = paths.map(async (path) => [`/${relative(folder, path)}`, await readFile(path, "utf8")] as const);
  return Object.fromEntries(await Promise.all(read));
}

describe.concurrent("stemma replay of a folder", () => {
  test("delivers all outboxes below it, removes them, and then nothing waits there", async () => {
    const cwd = await makeFolder();
    const place = join(cwd, ".stemma", "outbox");
    for (const name of ["first", "second"]) await keepOutbox(place, name);
    // A tracker that was killed left this one half done.
    await mkdir(join(place, "half.draft"));
    await writeFile(join(place, "half.draft", "outbox.json"), "{");
    const { code, out, err } = await replay(".stemma/outbox", { cwd });
    expect({ code, err }).toEqual({ code: 0, err: "" });
    const delivered = lines(out).toSorted((a, b) => a[1].localeCompare(b[1]));
    expect(delivered.map(([, text]) => text)).toEqual(["first  1 params, 1 artifacts", "second  1 params, 1 artifacts"]);
    const [id = ""] = delivered[0] ?? [];
    const times = { startTime: STARTED, endTime: ENDED };
    expect(await client.inspectRun(id)).toMatchObject({ name: "first", status: "FAILED", params: { p: "first" }, ...times });
    expect(await readdir(place)).toEqual(["half.draft"]);
    expect(await replay(place)).toEqual({ code: 0, out: "", err: "stemma: nothing waits there.\n" });
  });

  test("delivers what a tracked command left in its folder when MLflow was away", async () => {
    const cwd = await makeFolder();
    const report = `echo '{"loss":"x"}' > $STEMMA_REPORT/params.json; echo m > $STEMMA_ARTIFACTS/model; exit 3`;
    const mlflow = `http://127.0.0.1:${await freePort()}`;
    const tracked = await trackHere(["--name", "tree", "--", "sh", "-c", report], { cwd, mlflow });
    expect(tracked.code).toBe(3);
    expect(tracked.said).toMatch(/It is kept in (\S+\/\.stemma\/outbox\/[0-9a-f]{32}); "stemma replay \1" delivers it\n/);
    const { code, out } = await replay(".stemma/outbox", { cwd });
    expect(code).toBe(0);
    const [[id] = [""]] = lines(out);
    const run = await client.inspectRun(id);
    expect(run).toMatchObject({ name: "tree", status: "FAILED", params: { loss: "x" } });
    expect(run.endTime?.getTime()).toBeGreaterThan(run.startTime.getTime());
    expect(await readdir(join(cwd, ".stemma", "outbox"))).toEqual([]);
  });

  test("of one that was kept elsewhere, too, delivers it once", async () => {
    const [one, other] = [await makeFolder(), await makeFolder()];
    await cp(await keepOutbox(one, "tree"), join(other, "copy"), { recursive: true });
    const first = lines((await replay(one)).out);
    expect(first).toMatchObject([[expect.any(String), "tree  1 params, 1 artifacts"]]);
    expect(lines((await replay(other)).out)).toEqual([[first[0]?.[0], "tree  had been delivered before"]]);
  });

  test("that was changed sends nothing", async () => {
    const outbox = await keepOutbox(await makeFolder(), "tree");
    const file = join(outbox, "items.jsonl");
    await writeFile(file, (await readFile(file, "utf8")).replace('"p":"tree"', '"p":"free"'));
    const { code, out, err } = await replay(outbox);
    expect({ code, out }).toEqual({ code: 5, out: "" });
    expect(err).toMatch(/^stemma: the outbox \S+ is damaged: item 1 does not have its digest\. Nothing was sent\.\n$/);
    expect(await readdir(outbox)).toContain("items.jsonl");
  });

  test("keeps what MLflow does not take, and says so", async () => {
    const folder = await makeFolder();
    await keepOutbox(folder, "tree", "bad#name");
    const { code, out, err } = await replay(folder);
    expect(code).toBe(6);
    expect(lines(out)).toMatchObject([[expect.any(String), "tree  1 params"]]);
    expect(err).toMatch(/^stemma: run [0-9a-f]{32}: not delivered: [^\n]*bad#name[^\n]*\n$/);
    expect(await readdir(folder)).toHaveLength(1);
  });

  test("while MLflow is away keeps all", async () => {
    const folder = await makeFolder();
    await keepOutbox(folder, "tree");
    const { code, err } = await replay(folder, { mlflow: `http://127.0.0.1:${await freePort()}` });
    expect(code).toBe(4);
    expect(err).toMatch(/^stemma: [^\n]+\n$/);
    expect(await readdir(folder)).toHaveLength(1);
  });
});

describe("stemma replay of an output commit", () => {
  test("delivers its outboxes once, and notes the runs on the commit", async () => {
    const folder = await makeFolder();
    for (const name of ["first", "second"]) await keepOutbox(join(folder, ".stemma", "outbox"), name);
    const id = await commitFiles(running.client, "train", { "/model": "tree", ...(await filesOf(folder)) });
    const { code, out, err } = await replay("train@master");
    expect({ code, err }).toEqual({ code: 0, err: "" });
    const ids = lines(out).map(([run]) => run);
    expect(ids).toHaveLength(2);
    for (const run of ids) expect(await client.inspectRun(run)).toMatchObject({ status: "FAILED", startTime: STARTED });
    const { metadata } = await running.client.inspectCommit({ repo: repo("train"), at: id });
    expect(Object.keys(metadata).sort()).toEqual(ids.map((run) => `stemma.run.${run}`).sort());

    const again = await replay(`train@${id}`);
    expect(again).toMatchObject({ code: 0, err: "" });
    expect(lines(again.out)).toEqual(
      lines(out).map(([run, text]) => [run, text.replace(/ {2}.*/, "  had been delivered before")]),
    );
  });

  test("without one says that nothing waits there", async () => {
    await running.client.createRepo(repo("plain"));
    await commitFiles(running.client, "plain", { "/a": "1" });
    expect(await replay("plain@master")).toEqual({ code: 0, out: "", err: "stemma: nothing waits there.\n" });
  });

  test.each([
    ["nowhere@master", 3],
    ["train@no-such-branch", 3],
    ["a b", 2],
    ["train", 2],
  ])("%s is refused in one line", async (place, expected) => {
    const { code, err } = await replay(place);
    expect(code).toBe(expected);
    expect(err).toMatch(/^stemma: [^\n]+\n$/);
  });
});

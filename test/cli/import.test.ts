import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { afterAll, beforeAll, expect, test } from "vitest";
import { importCommand } from "../../src/cli/import-command.ts";
import { LineageIndex } from "../../src/lineage/store/lineage-index.ts";
import type { Urn } from "../../src/lineage/urn.ts";
import { dataset, event } from "../lineage/import/events.ts";
import { stemma, testContext } from "./terminal.ts";

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "stemma-import-"));
  const run = event({ inputs: [dataset("s3://b", "orders")], outputs: [dataset("s3://b", "sums")] });
  await writeFile(join(folder, "good.json"), JSON.stringify([run, event({ run: 2, type: "FAIL" })], undefined, 2));
  await writeFile(join(folder, "bad.jsonl"), `${JSON.stringify(event({ run: 3 }))}\n{"eventTime": 5}\n`);
});

afterAll(async () => rm(folder, { recursive: true }));

function place(index: string) {
  return { cwd: folder, env: { HOME: folder, STEMMA_INDEX: index } };
}

test("events become runs and data sets that can be traced", async () => {
  expect(await stemma(["import", "openlineage", "good.json", "good.json"], place("a.db"))).toEqual({
    code: 0,
    out: "4 events: 2 runs, 2 data sets\n",
    err: "",
  });
  const { out } = await stemma(
    ["trace", "urn:stemma:dataset:s3%3A%2F%2Fb%2Fsums@", "--up", "-o", "json", "--no-sync"],
    place("a.db"),
  );
  const { nodes } = JSON.parse(out) as { nodes: readonly { urn: string }[] };
  expect(nodes.map(({ urn }) => urn)).toContain("urn:stemma:dataset:s3%3A%2F%2Fb%2Forders@");
});

test("events come from the standard input as well", async () => {
  const out: string[] = [];
  const context = testContext(place("b.db"), {
    stdin: Readable.from([JSON.stringify(event({}))]),
    out: (text) => out.push(text),
  });
  await importCommand(context).parseAsync(["openlineage", "-"], { from: "user" });
  expect(out).toEqual(["1 event: 1 run, 0 data sets\n"]);
});

test("one bad event, and nothing of any file is imported", async () => {
  const { code, out, err } = await stemma(["import", "openlineage", "good.json", "bad.jsonl"], place("c.db"));
  expect({ code, out }).toEqual({ code: 2, out: "" });
  expect(err).toContain("bad.jsonl:2: eventTime is not a text that is not empty.");
  using index = new LineageIndex(join(folder, "c.db"));
  expect(index.record("urn:stemma:run:00000000000040008000000000000001" as Urn)).toBeUndefined();
});

test("a file that is not there, and a format that is not known, are errors", async () => {
  expect((await stemma(["import", "openlineage", "none.json"], place("d.db"))).code).toBe(3);
  expect((await stemma(["import", "csv", "good.json"], place("d.db"))).code).toBe(2);
});

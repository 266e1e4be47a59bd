import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { askTraining } from "./training-file.ts";

const ask = askTraining();
const MODEL = "models:/fraud/3";
/** There are no servers here, and why asks them for the rows of the data and the cards of the runs. */
const isComplete = (question: string | undefined): boolean => question !== "why";

/** Each question whose answer is a graph, too. */
const QUESTIONS: string[][] = [
  ["trace", MODEL],
  ["why", MODEL],
  ["impact", "raw_data@master"],
  ["path", MODEL, "raw_data@master"],
  ["log", "train@master"],
  ["find", "kind = run"],
];

describe.each(QUESTIONS)("stemma %s", (...question) => {
  async function printed(format: string): Promise<string> {
    const { out, code, err } = await ask(...question, "-o", format);
    expect({ err, code }).toMatchObject({ code: question[0] === "impact" ? 1 : 0, err: expect.not.stringContaining("stemma:") });
    expect(out).toMatch(/\n$/);
    return out;
  }

  test("is a tree, or lines for people", async () => {
    expect(await printed("tree")).toContain("a".repeat(7));
  });

  test("is a table with a head of capitals and a row for each thing", async () => {
    const [head = "", ...rows] = (await printed("table")).trimEnd().split("\n");
    expect(head).toMatch(/^[A-Z ]+$/);
    expect(rows.length).toBeGreaterThan(0);
  });

  test("is one JSON object, and the same in YAML", async () => {
    const json = JSON.parse(await printed("json")) as object;
    expect(json).toMatchObject({ version: 1, kind: question[0], complete: isComplete(question[0]) });
    expect(parse(await printed("yaml"))).toEqual(json);
  });

  test("is a JSON object a line, of which the last says whether it is complete", async () => {
    const lines = (await printed("jsonl")).trimEnd().split("\n");
    const objects = lines.map((line) => JSON.parse(line) as object);
    expect(objects.length).toBeGreaterThan(1);
    expect(objects.at(-1)).toMatchObject({ end: { version: 1, kind: question[0], complete: isComplete(question[0]) } });
  });

  test("is a graph for Graphviz and for Mermaid, with the same nodes", async () => {
    const dot = await printed("dot");
    const mermaid = await printed("mermaid");
    expect(dot).toMatch(/^digraph stemma \{\n/);
    expect(mermaid).toMatch(/^(?:graph|flowchart) /);
    const nodes = dot.match(/\[label=.*, shape=/g) ?? [];
    expect(nodes.length).toBeGreaterThan(0);
    expect(mermaid.match(/^ *n\d+[[(]/gm)).toHaveLength(nodes.length);
  });
});

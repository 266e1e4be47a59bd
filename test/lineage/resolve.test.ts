import { describe, expect, test } from "vitest";
import { StemmaError } from "../../src/lineage/errors.ts";
import type { Node } from "../../src/lineage/graph.ts";
import { nearestName } from "../../src/lineage/nearest.ts";
import { referenceTo } from "../../src/lineage/reference.ts";
import { resolve } from "../../src/lineage/resolve.ts";
import type { LineageIndex } from "../../src/lineage/store/lineage-index.ts";
import { formatUrn } from "../../src/lineage/urn.ts";
import { at, commit, runId, setId, trainingIndex } from "./training-index.ts";

const DAYS = 3;
const GIT = `${"7".repeat(8)}${"9".repeat(32)}`;
const OTHER = "0d".repeat(16);

/** Three days of training, a git commit, a file of day 3, a version in a stage, and a run with the id of a commit. */
function story(): LineageIndex {
  const index = trainingIndex({ days: DAYS });
  index.write((writer) => {
    const say = (node: Node): void => writer.say({ node, rank: "source", edges: [] });
    say({ kind: "code", commit: GIT });
    say({ kind: "file", project: "default", repo: "etl", type: "user", commit: setId(3), path: "/day/" });
    say({ ...commit("other", 1), project: "fraud", id: OTHER });
    say({ kind: "run", id: OTHER });
    writer.point("stage:fraud", "Production", formatUrn({ kind: "model-version", name: "fraud", version: 2 }), at(2));
    writer.point("alias:fraud", "challenger", formatUrn({ kind: "model-version", name: "fraud", version: 1 }), at(1));
    writer.point("alias:fraud", "challenger", formatUrn({ kind: "model-version", name: "fraud", version: 3 }), at(3));
  });
  return index;
}

/** What a reader would call it, with short ids. */
function meaning(index: LineageIndex, text: string, asOf?: Date): string {
  const found = resolve(index, text, asOf);
  const name =
    "node" in found ? `${found.node.kind} ${referenceTo(found.node)}` : `${found.path} of ${referenceTo(found.commit)}`;
  return [1, 2, 3].reduce((said, day) => said.replaceAll(setId(day), `day${day}`).replaceAll(runId(day), `run${day}`), name);
}

describe("a reference means", () => {
  test.each([
    ["raw_data@master", "commit raw_data@day3"],
    ["default/raw_data@master", "commit raw_data@day3"],
    ["raw_data@master^", "commit raw_data@day2"],
    ["raw_data@master^2", "commit raw_data@day1"],
    ["raw_data@master~1~", "commit raw_data@day1"],
    ["raw_data@master.1", "commit raw_data@day2"],
    ["raw_data@master.2^", "commit raw_data@day2"],
    [`raw_data@${setId(1)}`, "commit raw_data@day1"],
    [`raw_data@${setId(1).slice(0, 8)}`, "commit raw_data@day1"],
    [`raw_data@${setId(2).toUpperCase()}^`, "commit raw_data@day1"],
    ["etl@master:/", "commit etl@day3"],
    ["etl@master:/day", "file etl@day3:/day/"],
    ["etl@master:part.csv", "/part.csv of etl@day3"],
    [`urn:stemma:file:default/etl@${setId(1)}:/x`, "/x of etl@day1"],
    [`urn:stemma:job:default/etl@${setId(1)}`, "job etl@day1"],
    [`urn:stemma:datum:default/etl@${setId(1)}:ab`, `datum urn:stemma:datum:default/etl@day1:ab`],
    ["etl#1", "pipeline etl#1"],
    [runId(2), "run run2"],
    [runId(2).slice(0, 8), "run run2"],
    [`runs:/${runId(2)}`, "run run2"],
    [`runs:/${runId(2).slice(0, 9)}/model`, "run run2"],
    [`http://mlflow.test/#/experiments/1/runs/${runId(1)}/artifacts`, "run run1"],
    ["models:/fraud/2", "model-version models:/fraud/2"],
    ["models:/fraud@champion", "model-version models:/fraud/3"],
    ["models:/fraud/Production", "model-version models:/fraud/2"],
    ["models:/fraud/production", "model-version models:/fraud/2"],
    ["models:/fraud/latest", "model-version models:/fraud/3"],
    ["http://mlflow.test/#/models/fraud/versions/1", "model-version models:/fraud/1"],
    [GIT, `code ${GIT}`],
    [GIT.slice(0, 7), `code ${GIT}`],
  ])("%s: %s", (text, expected) => {
    using index = story();
    expect(meaning(index, text)).toBe(expected);
  });

  test("what it meant at a time", () => {
    using index = story();
    expect(meaning(index, "raw_data@master", at(2, 60))).toBe("commit raw_data@day2");
    expect(meaning(index, "raw_data@master^", at(2, 60))).toBe("commit raw_data@day1");
    expect(meaning(index, "models:/fraud@challenger", at(2))).toBe("model-version models:/fraud/1");
    expect(meaning(index, "models:/fraud@challenger")).toBe("model-version models:/fraud/3");
    expect(meaning(index, "models:/fraud/latest", at(1, 60))).toBe("model-version models:/fraud/1");
    expect(() => resolve(index, "raw_data@master", at(0))).toThrow('the branch "master" of raw_data had no commit then.');
    expect(() => resolve(index, "models:/fraud@challenger", at(0))).toThrow('the model "fraud" had no alias "challenger"');
  });

  test("a job, when its commit is not known", () => {
    using index = story();
    index.write((writer) =>
      writer.say({ node: { kind: "job", project: "default", pipeline: "etl", id: OTHER }, rank: "source", edges: [] }),
    );
    expect(meaning(index, `etl@${OTHER.slice(0, 6)}`)).toBe(`job etl@${OTHER}`);
  });
});

describe("a reference that leads nowhere is refused in words", () => {
  const branches = "Its branches: master.";
  test.each([
    ["raw_dta@master", "NOT_FOUND", 'no repo "raw_dta".', "Did you mean: raw_data"],
    ["zzzzzz@master", "NOT_FOUND", 'no repo "zzzzzz".', "There are: etl, raw_data, train"],
    ["fraud/raw_data@master", "NOT_FOUND", 'no repo "raw_data" in the project fraud.', "Did you mean: default/raw_data"],
    ["raw_data@mastr", "NOT_FOUND", 'no branch "mastr" in the repo raw_data.', "Did you mean: raw_data@master"],
    ["raw_data@zzzzzz", "NOT_FOUND", 'no branch "zzzzzz" in the repo raw_data.', branches],
    [`raw_data@${OTHER}`, "NOT_FOUND", `no commit ${OTHER} in the repo raw_data.`, branches],
    ["raw_data@master^9", "NOT_FOUND", "raw_data has no commit master^9: its history does not reach so far.", undefined],
    ["raw_data@master.9", "NOT_FOUND", "raw_data has no commit master.9: its history does not reach so far.", undefined],
    ["fff0".repeat(8), "NOT_FOUND", `no commit, run or job has the id ${"fff0".repeat(8)}.`, undefined],
    ["fff0", "NOT_FOUND", "no commit, run or job has an id that begins with fff0.", undefined],
    ["runs:/fff0", "NOT_FOUND", "no run has an id that begins with fff0.", undefined],
    ["models:/frued/1", "NOT_FOUND", 'no model "frued" is registered.', "Did you mean: models:/fraud/1"],
    ["models:/fraud/9", "NOT_FOUND", "no model version models:/fraud/9 is known.", "Its versions: 1, 2, 3."],
    ["models:/fraud@champoin", "NOT_FOUND", 'the model "fraud" has no alias "champoin".', "Did you mean: models:/fraud@champion"],
    ["models:/fraud/Staging", "NOT_FOUND", 'the model "fraud" has no version in the stage Staging.', "There are: Production."],
    ["etl#9", "NOT_FOUND", "no pipeline etl#9 is known.", "Its versions: etl#1."],
    ["elt#1", "NOT_FOUND", "no pipeline elt#1 is known.", "There are: etl, train."],
    [
      "models:/fraud",
      "USAGE",
      'the model "fraud" has versions: say which of them.',
      expect.stringContaining("models:/fraud@champion"),
    ],
    [
      "http://mlflow.test/#/experiments/1",
      "USAGE",
      "the experiment 1 has runs: say which of them.",
      `Such as: ${[3, 2, 1].map(runId).join(" or ")}`,
    ],
    ["http://mlflow.test/#/experiments/7", "NOT_FOUND", "no experiment 7 is known.", undefined],
    [
      "aaaa",
      "USAGE",
      "aaaa is the beginning of the ids of several runs.",
      `Say which: ${[1, 2, 3].map((day) => `runs:/${runId(day)}`).join(" or ")}`,
    ],
    [
      setId(1),
      "USAGE",
      `${setId(1)} is the id of several commits.`,
      `Say which: etl@${setId(1)} or raw_data@${setId(1)} or train@${setId(1)}`,
    ],
    [
      "raw_data@cccc",
      "USAGE",
      "cccc is the beginning of the ids of several commits.",
      expect.stringContaining(`raw_data@${setId(3)}`),
    ],
    [OTHER, "USAGE", `${OTHER} is the id of a commit and of a run.`, `Say which: fraud/other@${OTHER} or runs:/${OTHER}`],
  ])("%s", (text, code, message, hint) => {
    using index = story();
    const refuse = (): unknown => resolve(index, text);
    expect(refuse).toThrow(StemmaError);
    expect(refuse).toThrow(expect.objectContaining({ code, message, hint }));
  });
});

test("the nearest name is the one with the fewest letters changed, if it is near", () => {
  expect(nearestName("tarin", ["train", "trend", "raw_data"])).toBe("train");
  expect(nearestName("RAW_DATA", ["train", "raw_data"])).toBe("raw_data");
  expect(nearestName("etl", ["train", "raw_data"])).toBeUndefined();
});

import { describe, expect, test } from "vitest";
import { nearestName } from "../../src/collect/nearest.ts";
import { absentMlflow, absentPachyderm } from "../../src/collect/ports.ts";
import { resolveReference } from "../../src/collect/resolve-reference.ts";
import { StemmaError } from "../../src/lineage/errors.ts";
import type { Node } from "../../src/lineage/graph.ts";
import { parseReference } from "../../src/lineage/reference.ts";
import type { Story } from "./story.ts";
import { OTHER_SET, RUN, SET, demoStory, thingName } from "./story.ts";

const AWAY = new StemmaError("UNREACHABLE", "nobody answers");

function resolve({ pachyderm, mlflow }: Pick<Story, "pachyderm" | "mlflow">, text: string): Promise<Node> {
  return resolveReference(parseReference(text), { pachyderm, mlflow });
}

describe("a reference is resolved", () => {
  test.each([
    ["raw_data@master", "commit raw_data@S"],
    [`train@${SET}`, "commit train@S"],
    ["raw_data@master:/day-1.csv", "file raw_data@S:/day-1.csv"],
    ["split@master:/0", "file split@S:/0/"],
    ["split@master:/", "commit split@S"],
    [RUN, "run R"],
    [`http://127.0.0.1:5000/#/experiments/1/runs/${RUN}`, "run R"],
    ["etl#1", "pipeline etl#1"],
    [`urn:stemma:commit:default/etl@${SET}`, "commit etl@S"],
    [`urn:stemma:file:default/etl@${SET}:/0.csv`, "file etl@S:/0.csv"],
    [`urn:stemma:job:default/etl@${SET}`, "job etl@S"],
    [`urn:stemma:datum:default/etl@${SET}:b0`, "datum etl b0"],
  ])("%s", async (text, name) => {
    expect(thingName(await resolve(demoStory(), text))).toBe(name);
  });

  test("by a bare id, when only one commit has it", async () => {
    const story = demoStory();
    story.pachyderm.commit("prices", OTHER_SET, ["/p"]);
    expect(thingName(await resolve(story, OTHER_SET))).toBe("commit prices@T");
  });

  test("to a job whose commit is gone", async () => {
    const story = demoStory();
    story.pachyderm.forgetCommit(story.etl);
    story.pachyderm.commit("etl", OTHER_SET, []);
    expect(thingName(await resolve(story, `etl@${SET}`))).toBe("job etl@S");
  });

  test("by a bare id, when the other server cannot be asked", async () => {
    const { pachyderm, mlflow } = demoStory();
    pachyderm.commit("prices", OTHER_SET, ["/p"]);
    expect(thingName(await resolveReference(parseReference(OTHER_SET), { pachyderm, mlflow: absentMlflow(AWAY) }))).toBe(
      "commit prices@T",
    );
    expect(thingName(await resolveReference(parseReference(RUN), { pachyderm: absentPachyderm(AWAY), mlflow }))).toBe("run R");
  });
});

describe("a reference that leads nowhere is refused in words", () => {
  test.each([
    ["raw_dta@master", "NOT_FOUND", 'no repo "raw_dta".', "Did you mean: raw_data"],
    ["zzzzzz@master", "NOT_FOUND", 'no repo "zzzzzz".', "There are: raw_data, split, etl, train"],
    ["fraud/raw_data@master", "NOT_FOUND", 'no repo "raw_data" in the project fraud.', "Did you mean: default/raw_data"],
    ["raw_data@mastr", "NOT_FOUND", 'no branch "mastr" in the repo raw_data.', "Did you mean: raw_data@master"],
    ["raw_data@zzzzzz", "NOT_FOUND", 'no branch "zzzzzz" in the repo raw_data.', "Its branches: master."],
    [`raw_data@${OTHER_SET}`, "NOT_FOUND", `no commit ${OTHER_SET} in the repo raw_data.`, "Its branches: master."],
    ["raw_data@master^9", "NOT_FOUND", "raw_data has no commit master^9: its history does not reach so far.", undefined],
    ["raw_data@master:/nope", "NOT_FOUND", "no file /nope in raw_data@master", `Its commit is raw_data@${SET}`],
    [OTHER_SET, "NOT_FOUND", `no commit and no run has the id ${OTHER_SET}`, undefined],
    [
      SET,
      "USAGE",
      `${SET} is the id of commits in 4 repos.`,
      `Say which: raw_data@${SET} or split@${SET} or etl@${SET} or train@${SET}`,
    ],
    [
      "models:/fraud@champion",
      "UNSUPPORTED",
      "models:/fraud@champion cannot be traced by itself.",
      expect.stringContaining("Name the run"),
    ],
    ["models:/fraud/3", "UNSUPPORTED", "urn:stemma:model-version:fraud/3 cannot be traced by itself.", expect.anything()],
  ])("%s", async (text, code, message, hint) => {
    await expect(resolve(demoStory(), text)).rejects.toMatchObject({ code, message, hint });
  });

  test("when a commit and a run have one id, with how to say which", async () => {
    const story = demoStory();
    story.pachyderm.commit("prices", OTHER_SET, ["/p"]);
    story.mlflow.run(OTHER_SET);
    await expect(resolve(story, OTHER_SET)).rejects.toMatchObject({
      code: "USAGE",
      message: `${OTHER_SET} is the id of a commit and of a run.`,
      hint: `Say which: prices@${OTHER_SET} or urn:stemma:run:${OTHER_SET}`,
    });
  });

  test("when the server that would know cannot be asked", async () => {
    const { pachyderm, mlflow } = demoStory();
    await expect(resolveReference(parseReference(RUN), { pachyderm, mlflow: absentMlflow(AWAY) })).rejects.toBe(AWAY);
    await expect(resolveReference(parseReference("raw_data@master"), { pachyderm: absentPachyderm(AWAY), mlflow })).rejects.toBe(
      AWAY,
    );
  });
});

test("the nearest name is the one with the fewest letters changed, if it is near", () => {
  expect(nearestName("tarin", ["train", "trend", "raw_data"])).toBe("train");
  expect(nearestName("RAW_DATA", ["train", "raw_data"])).toBe("raw_data");
  expect(nearestName("etl", ["train", "raw_data"])).toBeUndefined();
});

import { describe, expect, test } from "vitest";
import { artifactPathProblem, encodeArtifactPath } from "../../src/mlflow/artifact-path.ts";

describe("encodeArtifactPath", () => {
  test.each([
    ["model/data/part-0.parquet", "model/data/part-0.parquet"],
    ["sp ace/ü+&=:;?.txt", "sp%20ace/%C3%BC%2B%26%3D%3A%3B%3F.txt"],
    ["100%/5%g", "100%25/5%25g"],
    ["a..b/...", "a..b/..."],
  ])("%s becomes %s", (path, encoded) => {
    expect(encodeArtifactPath(path)).toBe(encoded);
  });

  test.each([
    "",
    "a//b",
    "/a",
    "a/",
    ".",
    "a/../b",
    "no#1",
    "back\\slash",
    "line\nbreak",
    "%41.txt",
    "a/%2e",
    "x".repeat(256),
    "ü".repeat(128),
  ])("refuses %j", (path) => {
    expect(artifactPathProblem(path)).toBeDefined();
    expect(() => encodeArtifactPath(path)).toThrow(expect.objectContaining({ code: "USAGE" }));
  });
});

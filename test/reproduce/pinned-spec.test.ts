import { describe, expect, test } from "vitest";
import { type Pins, obstacleIn, pinSpec } from "../../src/reproduce/pinned-spec.ts";

const ID = "c".repeat(32);
const commit = (name: string) => ({ repo: { project: "default", name, type: "user" as const }, id: ID });
const PINS: Pins = {
  pipeline: { project: "default", name: "reproduce-1" },
  description: "again",
  branches: new Map(["rows", "left", "tick"].map((name) => [name, { name: `pin-${name}`, commit: commit(name) }])),
  folder: undefined,
};

describe("a pinned spec", () => {
  test("has another name and the commits of then, reports to no server, and sends and publishes nothing", () => {
    const spec = {
      pipeline: { name: "train" },
      transform: {
        cmd: ["sh"],
        env: { A: "1", MLFLOW_TRACKING_URI: "http://m" },
        secrets: [
          { name: "mlflow", env_var: "MLFLOW_TRACKING_URI" },
          { name: "other", envVar: "TOKEN" },
        ],
      },
      input: { pfs: { repo: "rows", branch: "master", glob: "/*", trigger: { branch: "staging" } } },
      egress: { URL: "s3://b" },
      output_branch: "out",
      reprocess: true,
      parallelismSpec: { constant: 2 },
    };
    expect(pinSpec(spec, PINS)).toEqual({
      pipeline: { project: { name: "default" }, name: "reproduce-1" },
      description: "again",
      transform: {
        cmd: ["sh"],
        env: { A: "1", MLFLOW_TRACKING_URI: "http://127.0.0.1:9" },
        secrets: [{ name: "other", envVar: "TOKEN" }],
      },
      input: { pfs: { repo: "rows", name: "rows", branch: "pin-rows", glob: "/*" } },
      parallelismSpec: { constant: 2 },
    });
  });

  test("keeps how inputs are combined, and takes ticks of a cron input as data", () => {
    const input = {
      cross: [
        { join: [{ pfs: { name: "left", repo: "rows", joinOn: "$1", glob: "/(*)" } }] },
        { cron: { name: "tick", spec: "@daily" } },
      ],
    };
    expect(pinSpec({ input }, PINS)["input"]).toEqual({
      cross: [
        { join: [{ pfs: { name: "left", repo: "rows", joinOn: "$1", glob: "/(*)", branch: "pin-left" } }] },
        { pfs: { project: "default", repo: "tick", name: "tick", branch: "pin-tick", glob: "/*" } },
      ],
    });
  });

  test("runs where it is told to", () => {
    const transform = { working_dir: "/old" };
    expect(pinSpec({ transform, input: { pfs: { repo: "rows" } } }, { ...PINS, folder: "/new" })["transform"]).toMatchObject({
      workingDir: "/new",
    });
    expect(pinSpec({ transform, input: { pfs: { repo: "rows" } } }, PINS)["transform"]).toMatchObject({ working_dir: "/old" });
  });

  test("is refused for stages whose output is in no commit", () => {
    expect(obstacleIn({ service: {} })).toContain("service");
    expect(obstacleIn({ s3_out: true })).toContain("s3Out");
    expect(obstacleIn({ transform: {} })).toBeUndefined();
  });
});

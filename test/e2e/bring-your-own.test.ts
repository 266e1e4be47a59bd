import { cp, mkdir, mkdtemp, readFile, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, dirname, join, resolve } from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type RunningEngine, startEngine } from "../../src/engine/server.ts";
import { jobEnvironment } from "../../src/local/job-environment.ts";
import { MlflowClient } from "../../src/mlflow/client.ts";
import { PachydermClient } from "../../src/pachyderm/client.ts";
import { type MlflowServer, startMlflowServer } from "../helpers/mlflow-server.ts";
import { listOf } from "../mlflow/fixtures.ts";

const PAGE = "docs/from-demo-to-yours.md";

/** A step of the page: commands to run, or a change to make. */
interface Step {
  readonly language: string;
  readonly info: string;
  readonly text: string;
}

const page = await readFile(PAGE, "utf8");
const blocks = Array.from(page.matchAll(/^```(\w+) ?(.*)\n([^]*?)^```$/gm), ([, language = "", info = "", text = ""]): Step => {
  return { language, info, text };
});
const steps = blocks.filter(({ info }) => info !== "not-run");

let folder: string;
let mlflow: MlflowServer;
let engine: RunningEngine;

/** A folder as a clone is, with the example, an engine that works there, and an MLflow. */
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "stemma-yours-"));
  await cp("examples", join(folder, "examples"), { recursive: true });
  await mkdir(join(folder, "node_modules", ".bin"), { recursive: true });
  await symlink(resolve("bin/stemma.js"), join(folder, "node_modules", ".bin", "stemma"));
  mlflow = await startMlflowServer();
  const env = jobEnvironment(process.env);
  engine = await startEngine({ home: join(folder, "engine"), listen: "127.0.0.1:0", workdir: folder, env });
  using client = new PachydermClient({ address: engine.address });
  await client.createSecret("mlflow", { tracking_uri: mlflow.uri });
}, 240_000);
afterAll(async () => {
  await engine.close();
  await mlflow.close();
  await rm(folder, { recursive: true });
});

/** What it printed, all of it. A command that fails is an error. */
async function run({ language, text }: Step): Promise<string> {
  if (language === "diff") return (await execa("git", ["apply", "-"], { cwd: folder, input: text, all: true })).all;
  const programs = [join(folder, "node_modules", ".bin"), dirname(process.execPath), process.env["PATH"]];
  const { all } = await execa("bash", ["-eu", "-c", text], {
    cwd: folder,
    extendEnv: false,
    env: {
      PATH: programs.join(delimiter),
      HOME: folder,
      PACHD_ADDRESS: engine.address,
      MLFLOW_TRACKING_URI: mlflow.uri,
    },
    stdin: "ignore",
    all: true,
  });
  return all;
}

test("the page's three changes make a plain pipeline a tracked one, and its commands show it", { timeout: 240_000 }, async () => {
  const printed: string[] = [];
  for (const step of steps) printed.push(await run(step));
  const [before = "", , , , after = "", asked = "", elsewhere = ""] = printed;

  expect(before).toMatch(/^created pipeline ice-cream$[^]*\bsuccess\b[^]*\{"slope": 14\.8\d+, "intercept": -142\.7\d+\}$/m);

  const difference = [
    '  + transform.cmd[0]: "stemma"',
    '  + transform.cmd[1]: "track"',
    '  + transform.cmd[2]: "--experiment"',
    '  + transform.cmd[3]: "ice-cream"',
    '  + transform.cmd[4]: "--"',
    '  + transform.secrets: [{"name":"mlflow","key":"tracking_uri","env_var":"MLFLOW_TRACKING_URI"}]',
  ].join("\n");
  expect(after).toContain(`would update pipeline ice-cream\n${difference}\n`);
  expect(after).toContain(`updating pipeline ice-cream\n${difference}\nupdated pipeline ice-cream, now version 2\n`);
  expect(after).toMatch(/came from\n└─ run [0-9a-f]{32} {2}ice-cream@\w+ {2}finished[^]*error=241\.622/);
  expect(after).toMatch(/pipeline ice-cream#2 {2}[^]*commit sales@[0-9a-f]{32}[^]*\ncomplete$/);

  expect(asked).toMatch(/made by ice-cream#2 \(stemma track [^]*error=260\.439[^]*params: days=24[^]*\/august\.csv \/july\.csv/);
  expect(asked).toMatch(/^file sales@[0-9a-f]{32}:\/august\.csv\nled to\n[^]*file ice-cream@[0-9a-f]{32}:\/model\.json$/m);
  expect(elsewhere).toBe(
    'would update pipeline ice-cream\n    transform.image: "ice-cream:1" -> "registry.example/team/ice-cream:2"\n' +
      '  + resource_limits: {"memory":"1Gi"}',
  );

  const client = new MlflowClient({ uri: mlflow.uri });
  const runs = await listOf(client.searchRuns({ experimentIds: [await client.experimentId("ice-cream")] }));
  expect(runs.map(({ status, params }) => ({ status, params }))).toEqual([
    { status: "FINISHED", params: { days: "12" } },
    { status: "FINISHED", params: { days: "24" } },
  ]);
});

test("its image takes stemma from where ours has it", async () => {
  const image = blocks.find(({ language }) => language === "dockerfile")?.text ?? "";
  const ours = await readFile("docker/stemma/Dockerfile", "utf8");
  const { version } = JSON.parse(await readFile("package.json", "utf8")) as { version: string };
  expect(image).toContain(`FROM stemma/stemma:${version} AS stemma`);
  expect(image).toContain("COPY --from=stemma /opt/stemma /opt/stemma\nENV PATH=/opt/stemma/node_modules/.bin:$PATH\n");
  expect(ours).toContain("PATH=/opt/stemma/node_modules/.bin:");
  expect(ours).toMatch(/^COPY --from=package \/opt\/stemma \/opt\/stemma$/m);
});

test("of its blocks only those are not run that need a cluster", () => {
  expect(steps.map(({ language }) => language)).toEqual(["sh", "diff", "diff", "diff", "sh", "sh", "sh"]);
  expect(blocks.filter(({ info }) => info === "not-run").map(({ language }) => language)).toEqual(["dockerfile", "sh"]);
});

import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Run } from "../../src/mlflow/types.ts";
import { CodeFolder } from "../../src/reproduce/code-folder.ts";
import { planReproduction } from "../../src/reproduce/plan.ts";
import type { CodeState, ReproducePorts } from "../../src/reproduce/ports.ts";
import { type TestEngine, commitFiles, pipeline, repo, shellSpec, startTestEngine } from "../helpers/engine.ts";

const OPTIONS = { tolerance: 0, folder: undefined, allowOtherCode: false };
const CODE = {
  "mlflow.source.git.commit": "1".repeat(40),
  "stemma.git_dirty": "false",
  "stemma.script": "train.py",
  "stemma.script_sha256": "aa",
};

describe("what there has to be to run a stage again", () => {
  let engine: TestEngine;
  let job = "";

  beforeAll(async () => {
    engine = await startTestEngine();
    const { client } = engine;
    await client.createRepo(repo("rows"));
    await client.createPipeline(shellSpec("train", "rows", "cp $rows /pfs/out"));
    job = await commitFiles(client, "rows", { "/a": "1" });
    await client.inspectJob({ pipeline: pipeline("train"), id: job }, { wait: true });
    // The job is of the version before.
    await client.createPipeline(shellSpec("train", "rows", "true"), { update: true });
  });
  afterAll(() => engine.close());

  function plan(tags: Readonly<Record<string, string>>, code: Partial<CodeState> = {}, options = OPTIONS) {
    const ports = {
      pachyderm: engine.client,
      readCode: async () => ({ git: undefined, scriptSha256: undefined, ...code }),
      newId: () => "1",
    } as unknown as ReproducePorts;
    return planReproduction(ports, { id: "a".repeat(32), tags } as unknown as Run, options);
  }

  const tags = (id = job): Record<string, string> => ({ "pachyderm.pipeline": "train", "pachyderm.job": id });

  test("is the spec of the job's own version, and a branch at each commit that it read", async () => {
    const found = await plan(tags());
    expect(found).toMatchObject({ plan: { spec: { transform: { stdin: ["cp $rows /pfs/out"] } } } });
    const branches = "plan" in found ? [...found.plan.branches] : [];
    expect(branches).toEqual([["rows", { name: `reproduce-1-${job.slice(0, 8)}`, commit: { repo: repo("rows"), id: job } }]]);
  });

  test("is a job: a run without one is refused, and one that is gone is named", async () => {
    await expect(plan({})).rejects.toMatchObject({ code: "UNSUPPORTED" });
    expect(await plan(tags("e".repeat(32)))).toEqual({ missing: [`the job train@${"e".repeat(32)} is gone, or its pipeline`] });
  });

  test("is the run's code, where it can be seen, unless one goes on all the same", async () => {
    const all = { ...tags(), ...CODE };
    expect(await plan(all)).toHaveProperty("plan");
    expect(await plan(all, { git: { commit: "1".repeat(40), dirty: false }, scriptSha256: "aa" })).toHaveProperty("plan");
    const other = { git: { commit: "2".repeat(40), dirty: true }, scriptSha256: "bb" };
    expect(await plan(all, other)).toEqual({
      missing: [expect.stringContaining("train.py"), expect.stringContaining("2".repeat(40))],
    });
    expect(await plan(all, { git: { commit: "1".repeat(40), dirty: true } })).toEqual({
      missing: [expect.stringContaining("changes")],
    });
    expect(await plan(all, other, { ...OPTIONS, allowOtherCode: true })).toHaveProperty("plan");
  });
});

describe("the folder of the code", () => {
  let root: string;
  let commit: string;

  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), "stemma-code-"));
    const cwd = join(root, "clone", "stages");
    await mkdir(cwd, { recursive: true });
    const git = execa({ cwd, env: { GIT_CONFIG_GLOBAL: "/dev/null" } });
    await git`git init -q ..`;
    await writeFile(join(cwd, "train.py"), "1\n");
    await git`git add .`;
    await git`git -c user.name=t -c user.email=t@example.org commit -q -m one`;
    commit = (await git`git rev-parse HEAD`).stdout;
    await writeFile(join(cwd, "train.py"), "2\n");
  });
  afterAll(() => rm(root, { recursive: true }));

  test("is made as a checkout of the run's commit where it is not there, down to the same folder of it", async () => {
    const cwd = join(root, "clone", "stages");
    const here = await (await CodeFolder.open(cwd, undefined, commit)).read("train.py");
    const folder = await CodeFolder.open(cwd, "../../then", commit);
    expect(folder.given).toBe(join(root, "then", "stages"));
    const then = await folder.read("train.py");
    expect([here.git?.dirty, then.git]).toEqual([true, expect.objectContaining({ commit, dirty: false })]);
    expect(then.scriptSha256).not.toBe(here.scriptSha256);
  });

  test("cannot be made of a commit that is not there", async () => {
    const made = CodeFolder.open(join(root, "clone"), "../never", "2".repeat(40));
    await expect(made).rejects.toMatchObject({ code: "FAILED", hint: expect.stringContaining("git fetch") });
    await expect(CodeFolder.open(root, "never", undefined)).rejects.toMatchObject({ code: "FAILED" });
  });
});

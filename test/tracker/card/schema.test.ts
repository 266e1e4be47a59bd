import { readFileSync } from "node:fs";
import { mkdir, readFile, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Ajv2020 } from "ajv/dist/2020.js";
import { execa } from "execa";
import { beforeAll, describe, expect, test } from "vitest";
import { readSparkEvents } from "../../../src/tracker/capture/spark/read-events.ts";
import { cardDigest } from "../../../src/tracker/card/canonical.ts";
import { freePort } from "../../helpers/mlflow-server.ts";
import { makeFolder, newId, runTrack } from "../harness.ts";

type Card = Readonly<Record<string, unknown>>;

const SCHEMA = JSON.parse(readFileSync(new URL("../../../schemas/run-card-1.schema.json", import.meta.url), "utf8")) as object;
const validate = new Ajv2020({ strict: true, allErrors: true }).compile(SCHEMA);

/** What the schema has against a card. */
function problems(card: unknown): string[] {
  return validate(card) ? [] : (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`);
}

async function readCard(folder: string): Promise<Card> {
  const names = (await readdir(folder)).filter((name) => /^[0-9a-f]{32}$/.test(name));
  expect(names).toHaveLength(1);
  return JSON.parse(await readFile(join(folder, names[0] ?? ""), "utf8")) as Card;
}

const REPORT = `
echo '{"max depth":5}' > $STEMMA_REPORT/params.json
printf 'loss,0.5\\nauc,nan\\nbig,inf\\n' > $STEMMA_REPORT/metrics.csv
echo '{"team":"fraud"}' > $STEMMA_REPORT/tags.json
mkdir -p $STEMMA_ARTIFACTS/model; echo flavors: > $STEMMA_ARTIFACTS/model/MLmodel; echo note > $STEMMA_ARTIFACTS/note.txt`;

/** The card of a script in a changed checkout. */
async function cardByHand(): Promise<Card> {
  const cwd = await makeFolder();
  const folder = await makeFolder();
  const git = execa({ cwd, env: { GIT_CONFIG_GLOBAL: "/dev/null" } });
  await git`git init -q -b work`;
  await git`git -c user.name=t -c user.email=t@example.org commit -q --allow-empty -m one`;
  await git`git remote add origin https://example.org/o/r.git`;
  await writeFile(join(cwd, "train.sh"), REPORT);
  expect(await runTrack(["--card", folder, "--", "sh", "train.sh"], { cwd })).toMatchObject({ code: 0 });
  return readCard(folder);
}

/** The card of a datum that failed, in a job whose Pachyderm does not answer. */
async function cardOfJob(): Promise<Card> {
  const root = await makeFolder();
  await mkdir(join(root, "out"));
  const job = newId();
  const env = {
    PACH_JOB_ID: job,
    PACH_OUTPUT_COMMIT_ID: job,
    PACH_DATUM_ID: "d".repeat(64),
    PPS_PIPELINE_NAME: "train",
    PACHD_PEER_SERVICE_HOST: "127.0.0.1",
    PACHD_PEER_SERVICE_PORT: String(await freePort()),
    STEMMA_PFS_ROOT: root,
    etl: join(root, "etl/part-0"),
    etl_COMMIT: newId(),
  };
  expect(await runTrack(["--", "sh", "-c", "exit 3"], { env })).toMatchObject({ code: 3 });
  return readCard(join(root, "out"));
}

describe("the schema of run cards", () => {
  let byHand: Card;
  let ofJob: Card;
  beforeAll(async () => {
    [byHand, ofJob] = await Promise.all([cardByHand(), cardOfJob()]);
  });

  test("takes the card of a command by hand", () => {
    expect(problems(byHand)).toEqual([]);
    expect(byHand["digest"]).toBe(cardDigest(byHand));
    expect(byHand).toMatchObject({
      metrics: { loss: 0.5, auc: "NaN", big: "Infinity" },
      code: { git: { branch: "work", dirty: true }, script: { path: "train.sh" } },
      models: [{ name: "model", files: [{ path: "MLmodel" }] }],
    });
  });

  test("takes the card of a job", () => {
    expect(problems(ofJob)).toEqual([]);
    expect(ofJob).toMatchObject({ status: "FAILED", pachyderm: { pipeline: "train", inputs: [{ name: "etl" }] } });
  });

  test("takes what Spark's event logs tell", async () => {
    const logs = fileURLToPath(new URL("../fixtures/spark", import.meta.url));
    for (const log of ["several", "killed"]) {
      const spark = await readSparkEvents(join(logs, log), (text) => text);
      expect(spark).not.toEqual([]);
      expect(problems({ ...byHand, spark })).toEqual([]);
    }
  });

  test("says of every field what it is", () => {
    const { properties } = SCHEMA as { readonly properties: Card };
    expect(Object.keys({ ...byHand, ...ofJob }).filter((field) => properties[field] === undefined)).toEqual([]);
    expect(JSON.stringify(SCHEMA).match(/"properties":\{\}/g)).toBeNull();
  });

  test("refuses a card that lacks something", () => {
    const optional = new Set(["runId", "experimentId", "pachyderm", "spark"]);
    for (const field of Object.keys(byHand).filter((key) => !optional.has(key))) {
      const { [field]: _, ...rest } = byHand;
      expect(problems(rest)).toEqual([` must have required property '${field}'`]);
    }
  });

  test("takes what later versions add, and a card without a run", () => {
    const { runId: _, experimentId: __, ...rest } = byHand;
    expect(problems({ ...rest, later: { anything: true } })).toEqual([]);
  });

  test.each([
    ["another version", { schema: "stemma/run-card/2" }],
    ["a run id that is none", { runId: "../../etc/passwd" }],
    ["a run that did not end", { status: "RUNNING" }],
    ["a time without a zone", { endTime: "2026-11-21 14:00:00" }],
    ["a number that JSON cannot tell", { metrics: { loss: "inf" } }],
    ["a param that is no text", { params: { depth: 5 } }],
    ["a digest of another kind", { digest: "md5:abc" }],
    ["an artifact without a digest", { artifacts: [{ path: "a", sizeBytes: 1 }] }],
    ["a size below zero", { artifacts: [{ path: "a", sizeBytes: -1, sha256: "0".repeat(64) }] }],
    ["a command in one text", { command: "sh train.sh" }],
    ["an attempt without a start", { attempts: [{ attempt: 1, host: "h", pid: 1 }] }],
    [
      "a job without its commit",
      { pachyderm: { project: "default", pipeline: "train", job: "0".repeat(32), datum: "", inputs: [] } },
    ],
  ])("refuses %s", (_, change) => {
    expect(problems({ ...byHand, ...change })).not.toEqual([]);
  });

  test("refuses what is no object", () => {
    for (const value of [null, [], "card", 1]) expect(problems(value)).not.toEqual([]);
  });
});

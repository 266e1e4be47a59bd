import { readFileSync } from "node:fs";
import { Ajv2020 } from "ajv/dist/2020.js";
import { describe, expect, test } from "vitest";
import { PrintableVerification } from "../../src/cli/printable-verification.ts";
import { PrintableReproduction } from "../../src/cli/printable-reproduction.ts";
import { StemmaError } from "../../src/lineage/errors.ts";
import { LineageIndex } from "../../src/lineage/store/lineage-index.ts";
import { formatUrn } from "../../src/lineage/urn.ts";
import { absentSource } from "../../src/collect/ports.ts";
import type { VerifySources } from "../../src/verify/ports.ts";
import { FINDING_KINDS, finding } from "../../src/verify/finding.ts";
import { verify } from "../../src/verify/verify.ts";

const RUN = { kind: "run", id: "a".repeat(32) } as const;
const COMMIT = { kind: "commit", project: "default", repo: "rows", type: "user", id: "b".repeat(32) } as const;

function problems(schema: string, answer: unknown): unknown {
  const text = readFileSync(new URL(`../../schemas/${schema}-1.schema.json`, import.meta.url), "utf8");
  const validate = new Ajv2020({ strict: true, allErrors: true }).compile(JSON.parse(text) as object);
  return validate(JSON.parse(JSON.stringify(answer))) ? [] : validate.errors;
}

const at = formatUrn(RUN);
const gaps = [{ at, why: "MLflow cannot be reached", effect: "missing" as const }];
const checked = { run: 1, commit: 0, job: 0, "model-version": 2 };

describe("the answer of verify", () => {
  test("is as its schema says, with findings of every kind", () => {
    const findings = FINDING_KINDS.map((kind) => finding(kind, at, { what: "team", expected: "a", found: "b" }));
    const answer = new PrintableVerification({ findings, complete: false, gaps, checked });
    expect(problems("verify", answer.value())).toEqual([]);
  });

  test("says for people what, where, and what to do, and what could not be asked", () => {
    const findings = [finding("tag-edited", at, { what: "team", expected: "fraud", found: "x\n\u001b[2J" })];
    expect(new PrintableVerification({ findings, complete: false, gaps, checked }).text()).toMatchInlineSnapshot(`
      "tag-edited: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa  team
        expected fraud
        found    x\\n\\u001b[2J
        Set the tag back to what is expected, in MLflow's page of the run or with its client.

      1 finding in 1 run, 0 commits, 0 jobs, 2 model-versions
      incomplete: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa: MLflow cannot be reached
      "
    `);
  });

  test("says how many it looked at and whether that is all, also beside a table and at the end of JSON lines", () => {
    const answer = new PrintableVerification({ findings: [], complete: true, gaps: [], checked });
    expect(answer.remarks()).toEqual(["no findings in 1 run, 0 commits, 0 jobs, 2 model-versions", "complete"]);
    expect([...answer.items()]).toEqual([{ end: { version: 1, kind: "verify", complete: true, gaps: [], checked } }]);
  });

  test("is that nothing could be checked when neither server is there, and what one can say when one is", async () => {
    using index = new LineageIndex(":memory:");
    const away = new StemmaError("UNREACHABLE", "it is away");
    const absent: VerifySources = { pachyderm: absentSource(away), mlflow: absentSource(away) };
    const options = { artifacts: true, content: true, accepted: new Date(0) };
    await expect(verify(index, absent, [RUN, COMMIT], options)).rejects.toMatchObject({ code: "UNREACHABLE" });
    const mlflow = new Proxy(absent.mlflow, {
      get: (all, name): unknown => (name === "findRun" ? async () => undefined : Reflect.get(all, name)),
    });
    index.write((writer) => {
      writer.say({ node: RUN, rank: "source", edges: [] });
      writer.say({ node: COMMIT, rank: "source", edges: [{ from: formatUrn(COMMIT), kind: "generated", to: at }] });
    });
    const found = await verify(index, { ...absent, mlflow }, [RUN, COMMIT], options);
    expect(found).toMatchObject({ complete: false, findings: [{ kind: "run-missing", at }], gaps: [{ why: "it is away" }] });
  });
});

describe("the answer of reproduce", () => {
  const differences = [{ datum: "d1", inputs: ["rows:/a.csv"], kind: "metric", what: "auc", expected: "1", found: "2" }] as const;
  const found = {
    verdict: "differs",
    run: RUN.id,
    job: `train@${COMMIT.id}`,
    datums: 1,
    files: 2,
    metrics: 1,
    tolerance: 1e-9,
  } as const;
  const answer = new PrintableReproduction({ ...found, differences, leftOut: ["2 .crc files"], missing: [], notes: ["Beware."] });

  test("is as its schema says", () => {
    expect(problems("reproduce", answer.value())).toEqual([]);
  });

  test("names for people the first datum that differs, and what of it", () => {
    expect(answer.text()).toMatchInlineSnapshot(`
      "run aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa of job train@bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb
      first datum that differs: d1 (rows:/a.csv)
        metric auc: expected 1, found 2
      compared 1 datum, 2 files, 1 metric within 1e-9
      left out: 2 .crc files
      note: Beware.
      differs
      "
    `);
  });
});

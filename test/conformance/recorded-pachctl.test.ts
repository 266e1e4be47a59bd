import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Pachd, pfs, pps } from "./pachd.ts";
import { readRecorded } from "./recorded/blocks.ts";
import { type Outcome, compare } from "./recorded/compare.ts";
import { Alignment } from "./recorded/normalize.ts";
import { PROGRAMS, type Pachctl, servePachctl } from "./recorded/pachctl.ts";
import { CLUSTER_DEFAULTS, SPECS } from "./recorded/specs.ts";

/**
 * Where the engine answers otherwise, or what only pachctl itself says, and why; of some only the lines that match are apart.
 * Everything else is the same.
 */
const DIFFERENT: Readonly<Record<string, string | readonly [why: string, apart: RegExp]>> = {
  "001-version": "the recording's is a pre-release",
  "006-create-project-badname2": "pachctl's own: an option that it does not have",
  "017-create-repo-bad-uni": "pachctl's own: it cannot send other than ASCII",
  "052-get-file-dir-r": "pachctl's own: it unpacks what GetFileTAR sends",
  "059-diff-file": "pachctl's own: it runs git diff",
  "067-after-file-under-file": "pachd lists what comes before the collision, then refuses; here nothing is listed",
  "068-putfile-badpath-uni": "pachctl's own: it cannot send other than ASCII",
  "120-drop-commit-ancestor": "pachctl's own: an option that it does not have",
  "121-squash-commit": "pachctl's own: an option that it does not have",
  "122-squash-head": "pachctl's own: an option that it does not have",
  "123-drop-head": "pachctl's own: an option that it does not have",
  "126-subscribe": "a stream without an end; conformance cases subscribe",
  "127-subscribe-all": "a stream without an end; conformance cases subscribe",
  "132-trigger": "in the recording the trigger had fired for two of three quick puts; here for all",
  "133-delete-project-nonempty": "pachctl's own: it deletes the repos first, after asking",

  "007-bad-field": "pachctl's own: it looks for unknown fields itself",
  "025-inspect-pipeline-text": "pachctl's own: the answer of 024 as text",
  "039-logs-raw": "what pachd's worker says of its locks",
  "049-get-env": ["all but what tells of the job is the machine's", /^(?!PACH_(?!ROOT)|PPS_SPEC|PPS_(PIPELINE|PROJECT)|count)/],
  "061-start-pipeline": ["in the recording the next update came before this commit's job had begun", /0e2471785ffb4/],
  "069-create-union": ["pachd lists what comes before the collision, then refuses; here nothing is listed", /\/x$/],
  "073-delete-pipeline-keeprepo": ["the commit of 061", /0e2471785ffb4/],
};

let pachd: Pachd;
let pachctl: Pachctl;
let folder: string;
beforeAll(async () => {
  process.env["PATH"] = `${PROGRAMS}:${process.env["PATH"]}`; // for the recorded commands, and for the engine's own workers
  pachd = await Pachd.connect();
  pachctl = await servePachctl(pachd);
  folder = await mkdtemp(join(tmpdir(), "stemma-recorded-"));
  for (const [name, spec] of Object.entries(SPECS)) await writeFile(join(folder, `${name}.json`), JSON.stringify(spec));
});
afterAll(async () => {
  await pachctl.close();
  await pachd.close();
  await rm(folder, { recursive: true });
});

async function run(command: string): Promise<Outcome> {
  const { exitCode, stdout, stderr } = await execa("sh", ["-c", command], {
    cwd: folder,
    env: pachctl.env,
    stdin: "ignore",
    reject: false,
    stripFinalNewline: false,
  });
  return { code: exitCode ?? -1, out: stdout, err: stderr };
}

function replay(file: string): void {
  const alignment = new Alignment();
  test.each(readRecorded(file).map((recorded) => [recorded.name, recorded] as const))(
    "%s",
    async (name, { command, outcome }) => {
      const outcomeNow = await run(alignment.restate(command));
      const why = DIFFERENT[name];
      if (typeof why !== "string") {
        const { found, wanted } = compare(outcomeNow, outcome, alignment, why?.[1]);
        expect(found).toEqual(wanted);
      }
      if (why === undefined) return;
      const { found, wanted } = compare(outcomeNow, outcome, new Alignment());
      expect(found, `${name} need no longer be excepted`).not.toEqual(wanted);
    },
  );
}

describe("what a real pachd answered to pachctl", () => {
  describe("about data", () => {
    replay("cli.txt");
  });

  describe("about pipelines", () => {
    beforeAll(async () => {
      await pachd.call(pfs.CreateProject, { project: { name: "pl1" } });
      await pachd.call(pps.SetClusterDefaults, { cluster_defaults_json: JSON.stringify(CLUSTER_DEFAULTS) });
    });
    replay("pipelines.txt");
  });
});

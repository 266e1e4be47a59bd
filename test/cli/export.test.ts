import { generateKeyPairSync } from "node:crypto";
import { mkdtemp, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { LineageIndex } from "../../src/lineage/store/lineage-index.ts";
import type { Urn } from "../../src/lineage/urn.ts";
import { sample } from "../lineage/export/sample.ts";
import { stemma } from "./terminal.ts";

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "stemma-export-"));
  using index = new LineageIndex(join(folder, "index.db"));
  const { nodes, edges } = sample();
  index.write((writer) => {
    for (const [urn, node] of nodes) writer.say({ node, rank: "source", edges: edges.filter(({ from }) => from === urn) });
  });
});

afterAll(async () => rm(folder, { recursive: true }));

const RUN = "0123456789ab4def8123456789abcdef";

function exported(...argv: readonly string[]) {
  const place = {
    cwd: folder,
    env: { HOME: folder, STEMMA_INDEX: "index.db", MLFLOW_TRACKING_URI: "http://ml:5000", PACHD_ADDRESS: "grpc://pach:30650" },
  };
  return stemma(["export", ...argv, "--no-sync", "--level", "commit"], place);
}

test.each([
  ["openlineage", /"namespace":"pachyderm:\/\/pach:30650"/],
  ["prov-json", /"wasGeneratedBy"/],
  ["prov-n", /^document\n/],
  ["in-toto", /^\{"_type":"https:\/\/in-toto.io\/Statement\/v1"/],
  ["cyclonedx", /"specVersion": "1.6"/],
])("prints %s", async (standard, pattern) => {
  const { code, out, err } = await exported("models:/plain/4", "--as", standard);
  expect({ code, err }).toEqual({ code: 0, err: "" });
  expect(out).toMatch(pattern);
});

test("an RO-Crate is a folder", async () => {
  expect(await exported(RUN, "--as", "ro-crate", "--out", "crates/one", "--license", "MIT")).toEqual({
    code: 0,
    out: "",
    err: "",
  });
  expect((await readdir(join(folder, "crates/one"))).sort()).toEqual(["ro-crate-metadata.json", "workflow.json"]);
  expect(await readFile(join(folder, "crates/one/ro-crate-metadata.json"), "utf8")).toContain('"license": "MIT"');
  expect((await exported(RUN, "--as", "ro-crate")).code).toBe(2);
});

test("a file is written instead of being printed", async () => {
  expect(await exported(RUN, "--as", "prov-n", "--out", "run.provn")).toEqual({ code: 0, out: "", err: "" });
  const { out } = await exported(RUN, "--as", "prov-n");
  expect(await readFile(join(folder, "run.provn"), "utf8")).toBe(out);
});

test("--up, --down and --both say how far it goes", async () => {
  expect(await kinds()).toEqual(["code", "commit", "dataset", "pipeline"]);
  expect(await kinds("--down")).toEqual(["artifact", "commit", "logged-model", "model-version"]);
  expect(await kinds("--both")).toEqual(["artifact", "code", "commit", "dataset", "logged-model", "model-version", "pipeline"]);
});

describe("a key", () => {
  test("signs an in-toto statement", async () => {
    const { privateKey } = generateKeyPairSync("ed25519");
    await writeFile(join(folder, "key.pem"), privateKey.export({ type: "pkcs8", format: "pem" }));
    const { out } = await exported("models:/plain/4", "--as", "in-toto", "--key", "key.pem");
    expect(JSON.parse(out)).toMatchObject({
      payloadType: "application/vnd.in-toto+json",
      signatures: [{ sig: expect.any(String) as string }],
    });
  });

  test.each([
    ["is missing", ["--as", "in-toto", "--key", "none.pem"], "cannot read the key none.pem."],
    ["is none", ["--as", "in-toto", "--key", "index.db"], "index.db holds no private key as PEM without a password."],
    [
      "is of another kind",
      ["--as", "in-toto", "--key", "rsa.pem"],
      "rsa.pem holds a key of type rsa, not ECDSA P-256 or Ed25519.",
    ],
    ["signs nothing else", ["--as", "prov-n", "--key", "key.pem"], "--key does not go with --as prov-n."],
  ])("a key that %s is an error of one line", async (_name, argv, message) => {
    const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
    await writeFile(join(folder, "rsa.pem"), privateKey.export({ type: "pkcs8", format: "pem" }));
    const { code, out, err } = await exported("models:/plain/4", ...argv);
    expect({ code, out }).toEqual({ code: 2, out: "" });
    expect(err).toContain(message);
    expect(err.trimEnd().split("\n")).toHaveLength(1);
  });

  test.each(["", "."])("a document is not written to the folder %j", async (out) => {
    const { code, err } = await exported("models:/plain/4", "--as", "prov-n", "--out", out);
    expect({ code, err }).toEqual({
      code: 2,
      err: expect.stringMatching(/^stemma: .*(?:names no file|is a folder).*\n$/) as string,
    });
  });
});

test("what is missing from the lineage is said beside it, and by the exit code when that is asked for", async () => {
  using index = new LineageIndex(join(folder, "index.db"));
  const node = { kind: "run", id: "f".repeat(32), time: new Date(0) } as const;
  const urn = `urn:stemma:run:${node.id}` as Urn;
  index.write((writer) =>
    writer.say({ node, rank: "source", edges: [], gaps: [{ at: urn, why: "the server was away", effect: "missing" }] }),
  );
  const { code, out, err } = await exported(node.id, "--as", "prov-n", "--require-complete");
  expect({ code, err }).toEqual({ code: 6, err: "stemma: not complete: the server was away\n" });
  expect(out).toMatch(/^document/);
});

test("an unknown standard and a missing reference are errors", async () => {
  expect((await exported(RUN, "--as", "xml")).code).toBe(2);
  expect((await exported(RUN)).code).toBe(2);
  expect((await exported("eeee1234", "--as", "prov-n")).code).toBe(3);
});

/** The kinds of things in an export. */
async function kinds(...direction: readonly string[]) {
  const { out } = await exported(RUN, "--as", "prov-json", ...direction);
  const { entity } = JSON.parse(out) as { entity: object };
  return [...new Set(Object.keys(entity).map((name) => name.replace(/:.*/, "")))].toSorted((a, b) => (a < b ? -1 : 1));
}

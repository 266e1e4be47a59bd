import { createHash, createPublicKey, generateKeyPairSync } from "node:crypto";
import { describe, expect, test } from "vitest";
import { readSigningKey, signEnvelope } from "../../../src/lineage/export/in-toto/sign.ts";
import { toInToto } from "../../../src/lineage/export/in-toto/statement.ts";
import type { Graph } from "../../../src/lineage/graph.ts";
import type { Urn } from "../../../src/lineage/urn.ts";
import { formatUrn } from "../../../src/lineage/urn.ts";
import { PATIENCE_MS, validate } from "../../validators/validator.ts";
import { ODD, context, sample, samples, shuffled } from "./sample.ts";

interface Statement {
  readonly subject: readonly { readonly name: string; readonly digest: object }[];
  readonly predicate: {
    readonly buildDefinition: {
      readonly externalParameters: object;
      readonly resolvedDependencies: readonly { readonly uri: string; readonly digest?: object }[];
    };
    readonly runDetails: { readonly metadata: object };
  };
}

const KEYS = {
  ed25519: generateKeyPairSync("ed25519"),
  p256: generateKeyPairSync("ec", { namedCurve: "P-256" }),
};

function pem(key: keyof typeof KEYS): string {
  return KEYS[key].privateKey.export({ type: "pkcs8", format: "pem" }).toString();
}

test(
  "in-toto-attestation accepts the statements, and securesystemslib the signatures, whatever the names",
  async () => {
    const statements = Object.fromEntries(
      [...samples()].map(([name, graph]) => [name, { statement: toInToto(withHash(graph), context) }]),
    );
    const envelopes = Object.fromEntries(
      (["ed25519", "p256"] as const).map((name) => {
        const key = readSigningKey(pem(name), "key.pem");
        const publicKey = createPublicKey(key).export({ type: "spki", format: "pem" }).toString();
        return [name, { envelope: signEnvelope(toInToto(sample(ODD.join("")), context), key), key: publicKey }];
      }),
    );
    const forged = { ...envelopes["p256"], envelope: envelopes["p256"]?.envelope.replace(/"payload":"(.)/, '"payload":"X') };
    const found = await validate("check_in_toto", { ...statements, ...envelopes, forged });
    expect(found).toEqual({
      ...Object.fromEntries([...Object.keys(statements), ...Object.keys(envelopes)].map((name) => [name, ""])),
      forged: expect.stringMatching(/Error/) as string,
    });
  },
  PATIENCE_MS,
);

test("a model's statement names its digest, params, data, code, image and job", () => {
  const text = toInToto(rooted(sample(), "logged-model:m-plain"), context);
  const { subject, predicate } = JSON.parse(text) as Statement;
  expect(subject).toEqual([{ name: "urn:stemma:logged-model:m-plain", digest: { sha256: "f".repeat(64) } }]);
  expect(predicate.buildDefinition.externalParameters).toEqual({
    pipeline: "default/train#1",
    params: { lr: "0.1", plain: "plain" },
  });
  expect(predicate.buildDefinition.resolvedDependencies.map(({ uri, digest }) => [uri, digest])).toEqual([
    ["docker:registry/etl:plain", undefined],
    [`urn:stemma:code:${"d".repeat(40)}`, { gitCommit: "d".repeat(40) }],
    [`urn:stemma:commit:default/etl@${"b".repeat(32)}`, { pachydermCommit: "b".repeat(32) }],
    [`urn:stemma:commit:default/raw_data@${"a".repeat(32)}`, { pachydermCommit: "a".repeat(32) }],
    ["urn:stemma:dataset:plain@v%20plain", { datasetDigest: "v plain" }],
    ["urn:stemma:pipeline:default/etl#3", { sha256: "e".repeat(64) }],
    ["urn:stemma:pipeline:default/train#1", undefined],
  ]);
  expect(predicate.runDetails.metadata).toMatchObject({ invocationId: `default/train@${"c".repeat(32)}` });
  expect(toInToto(shuffled(rooted(sample(), "logged-model:m-plain")), context)).toBe(text);
});

test("what the run left in Pachyderm stands for a model without a digest", () => {
  const { subject } = JSON.parse(toInToto(sample(), context)) as Statement;
  expect(subject.map(({ name }) => name)).toContain(`urn:stemma:commit:default/train@${"c".repeat(32)}`);
});

test("nothing with a digest is an error, as in-toto demands one", () => {
  const node = { kind: "model-version", name: "m", version: 1 } as const;
  const graph = { root: formatUrn(node), nodes: new Map([[formatUrn(node), node]]), edges: [] };
  expect(() => toInToto(graph, context)).toThrow(expect.objectContaining({ code: "UNSUPPORTED" }) as Error);
});

describe("the key", () => {
  test("is named by the SHA-256 of its public half", () => {
    const envelope = JSON.parse(signEnvelope("{}", readSigningKey(pem("ed25519"), "k"))) as {
      signatures: readonly { keyid: string }[];
    };
    const spki = KEYS.ed25519.publicKey.export({ type: "spki", format: "der" });
    expect(envelope.signatures[0]?.keyid).toBe(createHash("sha256").update(spki).digest("hex"));
  });

  test.each([
    ["text", "hello"],
    ["a public key", KEYS.p256.publicKey.export({ type: "spki", format: "pem" }).toString()],
    [
      "an RSA key",
      generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
    ],
    [
      "a key of another curve",
      generateKeyPairSync("ec", { namedCurve: "P-384" }).privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
    ],
  ])("may not be %s", (_name, text) => {
    expect(() => readSigningKey(text, "key.pem")).toThrow(expect.objectContaining({ code: "USAGE" }) as Error);
  });
});

/** What a statement is about needs a digest. */
function withHash(graph: ReturnType<typeof sample>): ReturnType<typeof sample> {
  const nodes = [...graph.nodes].map(
    ([urn, node]) => [urn, node.kind === "file" ? { ...node, hash: "9".repeat(64) } : node] as const,
  );
  return { ...graph, nodes: new Map(nodes) };
}

function rooted(graph: Graph, key: string): Graph & { readonly root: Urn } {
  return { ...graph, root: `urn:stemma:${key}` as Urn };
}

import * as fc from "fast-check";
import protobuf from "protobufjs";
import { describe, expect, test } from "vitest";
import { effectiveSpec, formatSpec, mergePatch, parseSpec } from "../../../src/engine/pps/spec-json.ts";
import { StemmaError } from "../../../src/lineage/errors.ts";
import { loadTypes } from "../../../src/pachyderm/protocol.ts";

function parse(json: unknown) {
  return parseSpec(JSON.stringify(json));
}

describe("parseSpec", () => {
  test("takes proto names and lowerCamel names alike", () => {
    const snake = {
      pipeline: { name: "p" },
      datum_set_spec: { per_worker: 4 },
      input: { pfs: { repo: "r", join_on: "$1", s3: true } },
    };
    const camel = {
      pipeline: { name: "p" },
      datumSetSpec: { perWorker: "4" },
      input: { pfs: { repo: "r", joinOn: "$1", s3: true } },
    };
    expect(parse(camel)).toEqual(parse(snake));
    expect(parse({ egress: { URL: "s3://bucket" }, s3Out: true })).toEqual({ egress: { URL: "s3://bucket" }, s3_out: true });
  });

  test.each([
    ["a 64-bit number as a number", { datum_tries: 3 }, { datum_tries: "3" }],
    ["a 64-bit number as text", { datum_tries: "9007199254740993" }, { datum_tries: "9007199254740993" }],
    ["whole seconds", { datum_timeout: "300s" }, { datum_timeout: { seconds: "300", nanos: 0 } }],
    ["part of a second", { job_timeout: "-1.5s" }, { job_timeout: { seconds: "-1", nanos: -500_000_000 } }],
    ["an enum by name", { tolerations: [{ operator: "EQUAL" }] }, { tolerations: [{ operator: "EQUAL" }] }],
    ["an enum by number", { tolerations: [{ operator: 2 }] }, { tolerations: [{ operator: "EQUAL" }] }],
    [
      "a wrapped number",
      { tolerations: [{ toleration_seconds: 60 }] },
      { tolerations: [{ toleration_seconds: { value: "60" } }] },
    ],
    ["a float as text", { resource_requests: { cpu: "0.5" } }, { resource_requests: { cpu: 0.5 } }],
    [
      "a map, whose keys are nobody's field names",
      { transform: { env: { foo_bar: "x" } } },
      { transform: { env: { foo_bar: "x" } } },
    ],
    ["null, which drops the field", { salt: null, transform: { user: null } }, { transform: {} }],
    ["a false that was said", { autoscaling: false }, { autoscaling: false }],
    [
      "a time",
      { input: { cron: { start: "2026-01-31T13:00:00.25+01:00" } } },
      { input: { cron: { start: { seconds: "1769860800", nanos: 250_000_000 } } } },
    ],
    [
      "a member of a oneof, which is named",
      { egress: { object_storage: { url: "s3://b" } } },
      { egress: { object_storage: { url: "s3://b" }, target: "object_storage" } },
    ],
  ])("reads %s", (_what, json, request) => {
    expect(parse(json)).toEqual(request);
  });

  test.each([
    [{ foo: 1 }, 'unknown field "foo" in the spec'],
    [{ transform: { foo: 1 } }, 'unknown field "foo" in transform'],
    [{ input: { cross: [{ pfs: {} }, { pfs: { globb: "/" } }] } }, 'unknown field "globb" in input.cross[1].pfs'],
    [{ transform: { cmd: "sh" } }, 'transform.cmd must be a list, not "sh"'],
    [{ transform: { cmd: ["sh", 1] } }, "transform.cmd[1] must be text, not 1"],
    [{ transform: { env: { A: 1 } } }, "transform.env.A must be text, not 1"],
    [{ transform: { debug: "yes" } }, 'transform.debug must be true or false, not "yes"'],
    [{ datumTries: 1.5 }, "datumTries must be a whole number, not 1.5"],
    [{ datum_tries: "9223372036854775808" }, 'datum_tries must be a whole number, not "9223372036854775808"'],
    [{ parallelism_spec: { constant: -1 } }, "parallelism_spec.constant must be a whole number, 0 or more, not -1"],
    [{ service: { internal_port: 2 ** 31 } }, "service.internal_port must be a whole number, not 2147483648"],
    [{ job_timeout: "5m" }, 'job_timeout must be a time in seconds such as "300s", not "5m"'],
    [{ input: [] }, "input must be an object, not []"],
    [{ datum_tries: 1, datumTries: 1 }, "datumTries is given twice, as datum_tries and as datumTries"],
    [{ egress: { object_storage: {}, sql_database: {} } }, "egress can have only one of object_storage and sql_database"],
    [
      { tolerations: [{ effect: "NO" }] },
      "tolerations[0].effect must be one of ALL_EFFECTS, NO_SCHEDULE, PREFER_NO_SCHEDULE, NO_EXECUTE, not ",
    ],
    ["text", 'the spec must be an object, not "text"'],
  ])("refuses %j", (json, message) => {
    expect(() => parse(json)).toThrow(
      expect.objectContaining({ code: "USAGE", message: expect.stringContaining(message) as string }),
    );
  });

  test("says what is not JSON, and what fields there are", () => {
    expect(() => parseSpec("{")).toThrow(/^the spec is not JSON: /);
    expect(() => parse({ spout: { port: 1 } })).toThrow(expect.objectContaining({ hint: "Known there: service." }));
  });

  test("gives a spec or a StemmaError, whatever the JSON", () => {
    const names = fc.constantFrom(
      "transform",
      "cmd",
      "input",
      "pfs",
      "cross",
      "datum_timeout",
      "datumTries",
      "tolerations",
      "__proto__",
      "x",
    );
    const { value } = fc.letrec((tie) => ({
      value: fc.oneof({ maxDepth: 4 }, fc.jsonValue({ maxDepth: 1 }), fc.array(tie("value")), fc.dictionary(names, tie("value"))),
    }));
    fc.assert(
      fc.property(value, (json) => {
        expect(["spec", "USAGE"]).toContain(outcome(json));
      }),
    );
  });
});

function outcome(json: unknown): unknown {
  try {
    parse(json);
    return "spec";
  } catch (error) {
    return error instanceof StemmaError ? error.code : error;
  }
}

describe("formatSpec", () => {
  test("writes lowerCamel names, 64-bit numbers as text and short times", () => {
    const request = parse({
      pipeline: { name: "p" },
      datum_tries: 3,
      datum_timeout: "1.500s",
      tolerations: [{ toleration_seconds: 5 }],
    });
    expect(formatSpec(request)).toBe(
      '{"pipeline":{"name":"p"},"datumTimeout":"1.500s","datumTries":"3","tolerations":[{"tolerationSeconds":"5"}]}',
    );
  });

  test("is the inverse of parseSpec, for any spec", () => {
    const types = loadTypes();
    fc.assert(
      fc.property(anyMessage(types.lookupType("pps_v2.CreatePipelineRequest"), 4), (spec) => {
        expect(parseSpec(formatSpec(spec))).toEqual(spec);
      }),
    );
  });
});

const effective = (user: unknown, ...defaults: string[]) => effectiveSpec(JSON.stringify(user), () => defaults);

describe("effectiveSpec", () => {
  const USER = { pipeline: { name: "p" }, transform: { cmd: ["true"] } };

  test("fills in what Pachyderm itself would, and puts the names in order", () => {
    const { json, request } = effective(USER);
    expect(json).toBe(
      '{"datumTries":"3","outputBranch":"master","pipeline":{"name":"p"},"reprocessSpec":"until_success",' +
        '"transform":{"cmd":["true"],"image":"ubuntu:20.04"}}',
    );
    expect(request.datum_tries).toBe("3");
  });

  test("lets the user's word stand over the project's, and that over the cluster's, in either style of names", () => {
    const cluster =
      '{"create_pipeline_request": {"datum_tries": 5, "resource_requests": {"cpu": 1, "memory": "1G"}, "salt": "c"}}';
    const project = '{"createPipelineRequest": {"datumTries": 7, "resourceRequests": {"memory": "2G"}}}';
    expect(effective({ ...USER, salt: "u" }, cluster, project).request).toMatchObject({
      datum_tries: "7",
      resource_requests: { cpu: 1, memory: "2G" },
      salt: "u",
      output_branch: "master",
    });
  });

  test("asks for the defaults of the spec's project", () => {
    const asked: string[] = [];
    const defaultsOf = (project: string) => [`{"createPipelineRequest":{"salt":"${asked.push(project)}"}}`];
    effectiveSpec(JSON.stringify(USER), defaultsOf);
    effectiveSpec(JSON.stringify({ pipeline: { name: "p", project: { name: "q" } } }), defaultsOf);
    expect(asked).toEqual(["default", "q"]);
  });

  test("takes a default away where the user, or a project, says null", () => {
    const { request } = effective(
      { ...USER, datum_tries: null, transform: { cmd: ["true"], image: null } },
      '{"createPipelineRequest":{"salt":"s","outputBranch":null}}',
      '{"create_pipeline_request":{"salt":null}}',
    );
    for (const field of ["datum_tries", "salt", "output_branch"]) expect(request).not.toHaveProperty(field);
    expect(request.transform).toEqual({ cmd: ["true"] });
    expect(effective(USER, '{"createPipelineRequest":null}').request).toEqual(USER);
  });

  test.each([
    [{ datum_set_spec: { per_workers: 1 } }, "{}", 'unknown field "per_workers" in datum_set_spec'],
    [{}, '{"foo": 1}', 'unknown field "foo"'],
    [{}, "", "the defaults is not JSON"],
    [{ reprocess_spec: "never" }, "{}", 'ReprocessSpec must be one of "until_success" or "every_job"'],
    [{}, '{"createPipelineRequest":{"podPatch":"{"}}', "malformed PodPatch"],
  ])("refuses %j over %j", (user, defaults, text) => {
    expect(() => effective(user, defaults)).toThrow(text);
  });

  test("is its own effective spec", () => {
    const { json } = effective(USER);
    expect(effectiveSpec(json, () => []).json).toBe(json);
  });
});

describe("mergePatch", () => {
  test.each([
    [{ a: "b" }, { a: "c" }, { a: "c" }],
    [{ a: "b" }, { b: "c" }, { a: "b", b: "c" }],
    [{ a: "b", b: "c" }, { a: null }, { b: "c" }],
    [{ a: ["b"] }, { a: "c" }, { a: "c" }],
    [{ a: { b: "c" } }, { a: { b: "d", c: null } }, { a: { b: "d" } }],
    [{ a: [{ b: "c" }] }, { a: [1] }, { a: [1] }],
    [
      ["a", "b"],
      ["c", "d"],
      ["c", "d"],
    ],
    [{ a: "foo" }, null, null],
    [{ e: null }, { a: 1 }, { e: null, a: 1 }],
    [[1, 2], { a: "b", c: null }, { a: "b" }],
    [{}, { a: { bb: { ccc: null } } }, { a: { bb: {} } }],
  ])("%j patched with %j is %j", (target, patch, result) => {
    expect(mergePatch(target, patch)).toEqual(result);
  });
});

/** Messages as proto-loader shapes them, drawn by the descriptors. */
function anyMessage(type: protobuf.Type, depth: number): fc.Arbitrary<Record<string, unknown>> {
  const fields = type.fieldsArray.filter((field) => depth > 0 || !(field.resolvedType instanceof protobuf.Type));
  const model = Object.fromEntries(fields.map((field) => [field.name, anyField(field, depth - 1)]));
  return fc.record(model, { requiredKeys: [] }).map((message) => withOneChoice(message, type));
}

function withOneChoice(message: Record<string, unknown>, type: protobuf.Type): Record<string, unknown> {
  const chosen = { ...message };
  for (const oneof of type.oneofsArray) {
    const [first, ...others] = oneof.oneof.filter((name) => name in chosen);
    for (const other of others) delete chosen[other];
    if (first !== undefined) chosen[oneof.name] = first;
  }
  return chosen;
}

function anyField(field: protobuf.Field, depth: number): fc.Arbitrary<unknown> {
  if (field instanceof protobuf.MapField) return fc.dictionary(fc.string(), anyItem(field, depth), { noNullPrototype: true });
  return field.repeated ? fc.array(anyItem(field, depth), { maxLength: 2 }) : anyItem(field, depth);
}

function anyItem(field: protobuf.Field, depth: number): fc.Arbitrary<unknown> {
  const { resolvedType } = field;
  if (resolvedType instanceof protobuf.Enum) return fc.constantFrom(...Object.keys(resolvedType.values));
  if (resolvedType instanceof protobuf.Type) {
    return WELL_KNOWN[resolvedType.fullName] ?? anyMessage(resolvedType, depth);
  }
  const arbitrary = SCALARS[field.type];
  if (arbitrary === undefined) throw new Error(`no arbitrary for ${field.type}`);
  return arbitrary;
}

const anyInt64 = fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n).map(String);

const SCALARS: Readonly<Record<string, fc.Arbitrary<unknown>>> = {
  string: fc.string({ unit: "binary" }),
  bool: fc.boolean(),
  int32: fc.integer(),
  int64: anyInt64,
  uint64: fc.bigInt(0n, 2n ** 64n - 1n).map(String),
  float: fc.float({ noDefaultInfinity: false }).map((number) => (Object.is(number, -0) ? 0 : number)),
};

const anyNanos = fc.integer({ min: 0, max: 999_999_999 });

const WELL_KNOWN: Readonly<Record<string, fc.Arbitrary<unknown>>> = {
  ".google.protobuf.Duration": fc
    .tuple(fc.integer({ min: 0, max: 315_576_000_000 }), anyNanos, fc.constantFrom(1, -1))
    .map(([seconds, nanos, sign]) => ({
      seconds: String(BigInt(seconds) * BigInt(sign)),
      nanos: nanos === 0 ? 0 : nanos * sign,
    })),
  ".google.protobuf.Timestamp": fc
    .tuple(fc.integer({ min: -62_135_596_800, max: 253_402_300_799 }), anyNanos)
    .map(([seconds, nanos]) => ({ seconds: String(seconds), nanos })),
  ".google.protobuf.Int64Value": anyInt64.map((value) => ({ value })),
};

import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Redactor } from "../../../../src/tracker/capture/secrets/redact.ts";
import { runs } from "../../../helpers/scale.ts";
import { CORPUS_ENV, HARMLESS, SECRET } from "./redact-corpus.ts";

const redactor = new Redactor({ env: CORPUS_ENV });

describe("a text", () => {
  test.each(SECRET)("loses its secret: %s", (text, left) => {
    expect(redactor.text(text)).toBe(left);
  });

  test.each(HARMLESS)("that is harmless stays: %s", (text) => {
    expect(redactor.text(text)).toBe(text);
  });

  test("of a megabyte in one line is done, whatever it is made of", () => {
    const pieces = ["a", "a=", "://a:", 'token: "\\', "eyJ0123456789.", "Bearer ", "-----BEGIN "];
    for (const piece of pieces) expect(redactor.text(piece.repeat(2 ** 20 / piece.length)).length).toBeGreaterThan(0);
  });
});

/** Texts that have much in common with secrets, and their parts in any order. */
const texts = fc
  .array(
    fc.oneof(
      fc.constantFrom(...SECRET.map(([text]) => text), ...HARMLESS, ...Object.values(CORPUS_ENV)),
      fc.constantFrom(
        "password",
        "token",
        "Authorization",
        "Cookie",
        "Bearer ",
        "curl ",
        "-u a:b",
        "--password ",
        "://",
        "@",
        "***",
      ),
      fc.constantFrom("=", ":", ": ", '"', "'", "\\", '\\"', "\n", "\r\n", " ", ";", ",", "&", "/", "-", "+", "{", "}"),
      fc.string({ maxLength: 12 }),
    ),
    { maxLength: 12 },
  )
  .map((parts) => parts.join(""));

describe("laws", () => {
  test("what is redacted stays as it is when redacted again", () => {
    fc.assert(
      fc.property(texts, (text) => {
        const once = redactor.text(text);
        expect(redactor.text(once)).toBe(once);
      }),
      runs(500),
    );
  });

  test("so it is with secrets that hold the mask's own sign", () => {
    const env = fc.record({
      TOKEN: fc.string({ minLength: 6, unit: fc.constantFrom("*", "a", "b") }),
      OTHER_SECRET: fc.string(),
    });
    fc.assert(
      fc.property(env, fc.string({ unit: fc.constantFrom("*", "a", "b", "=", " ") }), (env, text) => {
        const redactor = new Redactor({ env });
        const once = redactor.text(`${text}${env.TOKEN}${text}`);
        expect(redactor.text(once)).toBe(once);
      }),
      runs(200),
    );
  });

  test("a text keeps its number of lines", () => {
    fc.assert(
      fc.property(texts, (text) => {
        expect(redactor.text(text).split("\n").length).toBe(text.split("\n").length);
      }),
      runs(200),
    );
  });

  test("a secret of the environment is never left", () => {
    fc.assert(
      fc.property(texts, fc.stringMatching(/^[A-Za-z0-9_-]{8,20}$/), texts, (before, secret, after) => {
        const redactor = new Redactor({ env: { MY_SECRET: secret } });
        fc.pre(!/^\d{1,7}$/.test(secret));
        expect(redactor.text(`${before} ${secret} ${after}`)).not.toContain(secret);
      }),
      runs(200),
    );
  });
});

describe("names", () => {
  test.each([
    "password",
    "PGPASSWORD",
    "db-passwd",
    "keystorePassword",
    "MYSQL_PWD",
    "passphrase",
    "secret",
    "client_secret",
    "SECRETS",
    "token",
    "HF_TOKEN",
    "accessToken",
    "apiKey",
    "X-API-KEY",
    "OPENAI_API_KEY",
    "aws_access_key_id",
    "AWSAccessKeyId",
    "private_key",
    "credential",
    "credentials",
    "REDISCLI_AUTH",
    "session_key",
    "cookie",
    "connection_string",
    "ConnectionString",
    "SENTRY_DSN",
    "sas",
    "signature",
    "fs.s3a.secret.key",
    "-Dspark.ssl.keyPassword",
    "GITHUB_PAT",
    "TOKEN_PROD",
    "password2",
  ])("%s is one of a secret", (name) => {
    expect(redactor.isSecretName(name)).toBe(true);
  });

  test.each([
    "max_tokens",
    "tokenizer",
    "num_tokens",
    "author",
    "authors",
    "n_auth_events",
    "secretary",
    "password_length",
    "keyboard",
    "token_count",
    "pad_token",
    "key",
    "primaryKey",
    "PWD",
    "OLDPWD",
    "SSH_AUTH_SOCK",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "authentication",
    "design",
    "dsname",
    "path",
    "pattern",
    "assignature",
    "monkey",
    "constructor",
    "__proto__",
    "",
  ])("%s is not", (name) => {
    expect(redactor.isSecretName(name)).toBe(false);
  });

  test("can be added, with a star for anything", () => {
    const redactor = new Redactor({ env: { LICENCE_NO: "licence-1234" }, names: ["licence*", "*_pin_*x", "exact"] });
    const names = ["LICENCE", "my_licence", "a_pin_x", "a_pin_bx", "pin_x", "Exact", "exactly"];
    expect(names.filter((name) => redactor.isSecretName(name))).toEqual(["LICENCE", "a_pin_x", "a_pin_bx", "Exact"]);
    expect(redactor.text("licence_a=5 and licence-1234")).toBe("licence_a=*** and ***");
  });
});

describe("a command", () => {
  test("loses what stands after, or in, an option that is secret", () => {
    const words = [
      "x",
      "--password",
      "a b",
      "--password=c=d",
      "-Dkey.password=e",
      "--conf",
      "spark.hadoop.fs.s3a.secret.key=f",
      "API_KEY=g h",
    ];
    expect(redactor.argv([...words, "--conf=spark.token=i", "-token", "j"])).toEqual(
      [
        "x",
        "--password",
        "***",
        "--password=***",
        "-Dkey.password=***",
        "--conf",
        "spark.hadoop.fs.s3a.secret.key=***",
        "API_KEY=***",
      ].concat(["--conf=spark.token=***", "-token", "***"]),
    );
  });

  test("loses the password that curl gets, and keeps the user of docker", () => {
    expect(redactor.argv(["/bin/curl", "-u", "me:pw", "-H", "X-Api-Key: abc"])).toEqual([
      "/bin/curl",
      "-u",
      "me:***",
      "-H",
      "X-Api-Key: ***",
    ]);
    const docker = ["docker", "run", "-u", "1000:1000", "--token", "--rm", "--max-tokens", "5", "--password-file", "/x"];
    expect(redactor.argv(docker)).toEqual(docker);
  });

  test("loses all of a value, with its blanks and commas", () => {
    expect(redactor.argv(["spark-submit", "-c", "spark.x.password=a, b"])).toEqual([
      "spark-submit",
      "-c",
      "spark.x.password=***",
    ]);
  });

  test("loses what is secret in a script of the shell", () => {
    expect(redactor.argv(["sh", "-c", "TOKEN=abc ./run --password 'x y'"])).toEqual([
      "sh",
      "-c",
      "TOKEN=*** ./run --password '***'",
    ]);
  });
});

test("pairs lose values by their names, and what is secret in the others", () => {
  const pairs = { password: "x", url: "http://u:p@h", tokens: "512", use_auth: "true", note: "tracking-pass", cookie: "" };
  const left = { password: "***", url: "http://u:***@h", tokens: "512", use_auth: "true", note: "***", cookie: "" };
  expect(redactor.pairs(pairs)).toEqual(left);
  expect(redactor.pairs(left)).toEqual(left);
});

test("an address loses its password and its secret parameters", () => {
  expect(redactor.url("https://u:p%40@h:5000/a?x=1&access_token=b")).toBe("https://u:***@h:5000/a?x=1&access_token=***");
});

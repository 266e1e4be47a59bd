import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { readAccess } from "../../src/cli/engine-access.ts";
import { type Certificate, makeCertificate } from "../helpers/certificate.ts";
import { stemma } from "./terminal.ts";

const TOKEN = "a-token-of-the-test";

let folder: string;
let certificate: Certificate;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "stemma-engine-access-"));
  certificate = makeCertificate(folder);
});
afterAll(() => rmSync(folder, { recursive: true }));

function file(name: string, content: string, mode = 0o600): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  chmodSync(path, mode);
  return path;
}

const usage = (message: string): object =>
  expect.objectContaining({ code: "USAGE", message: expect.stringContaining(message) as string }) as object;

describe("the files that protect an engine", () => {
  test("are read: the token without the end of its line", () => {
    const { certFile: tlsCert, keyFile: tlsKey, cert, key } = certificate;
    expect(readAccess({})).toEqual({ token: undefined, tls: undefined });
    expect(readAccess({ tokenFile: file("token", `${TOKEN}\n`), tlsCert, tlsKey })).toEqual({ token: TOKEN, tls: { cert, key } });
  });

  test.each([0o640, 0o604, 0o644, 0o620])("of which the token is nobody else's: not with the mode %o", (mode) => {
    const tokenFile = file("shared", TOKEN, mode);
    expect(() => readAccess({ tokenFile })).toThrow(usage(`other users may read the token in ${tokenFile}`));
  });

  test.each(["", " \n", "two words", "tökén", "two\nlines"])("do not hold the token %j", (token) => {
    expect(() => readAccess({ tokenFile: file("bad", token) })).toThrow(usage("must hold a token"));
  });

  test("are there", () => {
    expect(() => readAccess({ tokenFile: join(folder, "nope") })).toThrow(usage("cannot read"));
    expect(() => readAccess({ tokenFile: folder })).toThrow(usage("cannot read"));
  });

  test("hold a certificate with its own key", () => {
    const { certFile: tlsCert, keyFile: tlsKey } = certificate;
    const other = makeCertificate(mkdtempSync(join(folder, "other-")));
    expect(() => readAccess({ tlsCert })).toThrow(usage("--tls-cert and --tls-key only go together"));
    expect(() => readAccess({ tlsKey })).toThrow(usage("--tls-cert and --tls-key only go together"));
    expect(() => readAccess({ tlsCert, tlsKey: other.keyFile })).toThrow(usage("are no certificate and its key"));
    expect(() => readAccess({ tlsCert: tlsKey, tlsKey })).toThrow(usage("are no certificate and its key"));
  });

  test("do not show the token in what is said of them", async () => {
    const tokenFile = file("two", "secret-one secret-two");
    const result = await stemma(["engine", "--home", join(folder, "home"), "--token-file", tokenFile], { cwd: folder, env: {} });
    expect(result).toMatchObject({ code: 2, out: "" });
    expect(result.err).not.toContain("secret-one");
    expect(result.err.trim().split("\n")).toHaveLength(1);
  });
});

function startEngineProcess() {
  const options = ["--listen", "127.0.0.1:0", "--home", join(folder, "engine"), "--token-file", file("token", TOKEN)];
  const tls = ["--tls-cert", certificate.certFile, "--tls-key", certificate.keyFile];
  return spawn(process.execPath, ["bin/stemma.js", "engine", ...options, ...tls], { stdio: ["ignore", "ignore", "pipe"] });
}

describe("stemma, with an engine that is protected", () => {
  let engine: ReturnType<typeof startEngineProcess>;
  let address: string;
  const logged: string[] = [];
  beforeAll(async () => {
    engine = startEngineProcess();
    const listening = Promise.withResolvers<string>();
    createInterface({ input: engine.stderr }).on("line", (line) => {
      logged.push(line);
      const found = /^listening on (\S+);/.exec(line)?.[1];
      if (found !== undefined) listening.resolve(found);
    });
    engine.once("exit", () => listening.reject(new Error(`the engine ended: ${logged.join(" | ")}`)));
    address = await listening.promise;
  });
  afterAll(async () => {
    engine.kill("SIGTERM");
    await once(engine, "exit");
  });

  function ls(env: Readonly<Record<string, string>>, at = `grpcs://${address}`) {
    return execa(process.execPath, ["bin/stemma.js", "ls", "-o", "json", "--pachd", at], { env, reject: false });
  }

  test("gets in with PACH_TOKEN and the authority in NODE_EXTRA_CA_CERTS", async () => {
    const { exitCode, stdout, stderr } = await ls({ PACH_TOKEN: TOKEN, NODE_EXTRA_CA_CERTS: certificate.certFile });
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
    expect(JSON.parse(stdout)).toEqual({ repos: [] });
  });

  test("gets in with pachctl's own configuration", async () => {
    const context = {
      pachd_address: `grpcs://${address}`,
      session_token: TOKEN,
      server_cas: certificate.cert.toString("base64"),
    };
    const PACH_CONFIG = file("config.json", JSON.stringify({ v2: { active_context: "here", contexts: { here: context } } }));
    const env = { PACH_CONFIG, STEMMA_HOME: join(folder, "none") };
    const { exitCode, stderr } = await execa(process.execPath, ["bin/stemma.js", "ls"], { env, reject: false });
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
  });

  test.each([
    ["a wrong token", { PACH_TOKEN: "wrong" }, "PACH_TOKEN"],
    ["no token", {}, "PACH_TOKEN"],
  ])("says in one line what to do with %s", async (_what, env, hint) => {
    const { exitCode, stderr } = await ls({ ...env, NODE_EXTRA_CA_CERTS: certificate.certFile });
    expect(exitCode).toBe(4);
    expect(stderr.split("\n")).toHaveLength(1);
    expect(stderr).toContain(hint);
  });

  test("says in one line what to do about a certificate that it does not trust, and about TLS that it was not told of", async () => {
    const untrusted = await ls({ PACH_TOKEN: TOKEN });
    expect([untrusted.exitCode, untrusted.stderr.split("\n").length]).toEqual([4, 1]);
    expect(untrusted.stderr).toContain("NODE_EXTRA_CA_CERTS");
    const plain = await ls({ PACH_TOKEN: TOKEN }, address);
    expect([plain.exitCode, plain.stderr.split("\n").length]).toEqual([4, 1]);
    expect(plain.stderr).toContain("grpcs://");
  });

  test("never has the token in a list of processes or in the engine's log", () => {
    expect(readFileSync(`/proc/${engine.pid}/cmdline`, "utf8")).toContain("--token-file");
    expect(readFileSync(`/proc/${engine.pid}/cmdline`, "utf8")).not.toContain(TOKEN);
    expect(readFileSync(`/proc/${engine.pid}/environ`, "utf8")).not.toContain(TOKEN);
    expect(logged.join("\n")).not.toContain(TOKEN);
  });
});

import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { type ClientHttp2Session, connect } from "node:http2";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { Client, type ClientOptions, Metadata, type ServiceDefinition, credentials, status } from "@grpc/grpc-js";
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Access, OPEN_ACCESS, parseListenAddress } from "../../src/engine/access.ts";
import { type RunningEngine, startEngine } from "../../src/engine/server.ts";
import { PachydermClient } from "../../src/pachyderm/client.ts";
import { loadProtocol } from "../../src/pachyderm/protocol.ts";
import { type Certificate, makeCertificate } from "../helpers/certificate.ts";
import { branch, commitFiles, pipeline, put, readText, repo, shellSpec } from "../helpers/engine.ts";

const TOKEN = "5ecret-0f-the-engine";
const protocol = loadProtocol();

let folder: string;
let certificate: Certificate;
const logged: string[] = [];
const engines: RunningEngine[] = [];
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "stemma-access-"));
  certificate = makeCertificate(folder);
});
afterAll(async () => {
  for (const engine of engines) await engine.close();
  rmSync(folder, { recursive: true });
});

async function start(access: Access, listen = "127.0.0.1:0"): Promise<RunningEngine> {
  const home = join(folder, `engine-${engines.length}`);
  const env = { PATH: process.env["PATH"] };
  const engine = await startEngine({ home, listen, access, workdir: process.cwd(), env, log: (line) => logged.push(line) });
  engines.push(engine);
  return engine;
}

const tls = (): NonNullable<Access["tls"]> => certificate;

const raw = (bytes: Buffer): Buffer => bytes;

/** What comes of a call of a method with an empty request, however it streams: an answer, or else its status. */
async function statusOf(client: Client, path: string, headers: Readonly<Record<string, string>> = {}): Promise<string> {
  const metadata = new Metadata();
  for (const [name, value] of Object.entries(headers)) metadata.set(name, value);
  const call = client.makeBidiStreamRequest(path, raw, raw, metadata, { deadline: Date.now() + 10_000 });
  const ended = new Promise<string>((resolve) => {
    call.on("status", ({ code, details }) => resolve(`${status[code]} ${details}`));
    call.on("error", () => undefined);
    call.on("data", () => {
      resolve("answered");
      call.cancel();
    });
  });
  call.write(Buffer.alloc(0));
  call.end();
  return ended;
}

function connectTo(address: string, options: { token?: string; ca?: Buffer } = {}): PachydermClient {
  return new PachydermClient({ address, ...options });
}

describe("where an engine listens", () => {
  test("other machines cannot reach it without a token and TLS", async () => {
    await expect(start({ token: TOKEN, tls: undefined }, "0.0.0.0:0")).rejects.toMatchObject({ code: "USAGE" });
  });

  test("may be the loopback's IPv6 address, also for jobs", async () => {
    const { address } = await start(OPEN_ACCESS, "[::1]:0");
    using client = connectTo(address);
    await client.createRepo(repo("in"));
    await client.createPipeline(shellSpec("p", "in", 'echo "$PACHD_PEER_SERVICE_HOST" > /pfs/out/host'));
    await commitFiles(client, "in", { "/a": "1" });
    await client.inspectCommit({ repo: repo("p"), at: "master" }, "FINISHED");
    expect(await readText(client, "p", "master", "/host")).toBe("127.0.0.1\n");
  });
});

describe("an engine with a token", () => {
  let address: string;
  beforeAll(async () => {
    ({ address } = await start({ token: TOKEN, tls: undefined }));
  });

  const OPEN = new Set([
    "/admin_v2.API/InspectCluster",
    "/auth_v2.API/Activate",
    "/auth_v2.API/Authenticate",
    "/auth_v2.API/Authorize",
    "/auth_v2.API/GetOIDCLogin",
    "/auth_v2.API/WhoAmI",
    "/enterprise_v2.API/GetState",
    "/grpc.health.v1.Health/Check",
    "/grpc.health.v1.Health/Watch",
    "/versionpb_v2.API/GetVersion",
  ]);

  test("answers nobody without it, on any service, but for what one may ask before logging in", async () => {
    const client = new Client(address, credentials.createInsecure());
    const services = [
      protocol.admin_v2.API,
      protocol.auth_v2.API,
      protocol.enterprise_v2.API,
      protocol.grpc.health.v1.Health,
      protocol.identity_v2.API,
      protocol.metadata.API,
      protocol.pfs_v2.API,
      protocol.pps_v2.API,
      protocol.transaction_v2.API,
      protocol.versionpb_v2.API,
    ];
    const paths = services.flatMap(({ service }) => Object.values(service as ServiceDefinition).map(({ path }) => path));
    const answers = await Promise.all(paths.map(async (path) => [path, await statusOf(client, path)] as const));
    const refused = answers.filter(([, answer]) => answer === "UNAUTHENTICATED no authentication token (try logging in)");
    expect(refused.map(([path]) => path)).toEqual(paths.filter((path) => !OPEN.has(path)));
    client.close();
  });

  test("tells a wrong token from none, and takes the right one", async () => {
    const client = new Client(address, credentials.createInsecure());
    const path = protocol.transaction_v2.API.service.ListTransaction.path;
    expect(await statusOf(client, path, { "authn-token": "wrong" })).toBe(
      "UNAUTHENTICATED provided auth token is corrupted or has expired (try logging in again)",
    );
    expect(await statusOf(client, path, { "authn-token": TOKEN })).toBe("answered");
    client.close();
  });

  test("stores nothing of a put without it", async () => {
    using client = connectTo(address, { token: TOKEN });
    await client.createRepo(repo("r"));
    using stranger = connectTo(address);
    await expect(stranger.modifyBranch(branch("r"), [put("/a", "1")])).rejects.toMatchObject({ code: "UNREACHABLE" });
    expect(await Array.fromAsync(client.listCommits(repo("r")))).toEqual([]);
  });
});

describe("an engine with a token and TLS", () => {
  let address: string;
  let client: PachydermClient;
  beforeAll(async () => {
    ({ address } = await start({ token: TOKEN, tls: tls() }));
    client = connectTo(`grpcs://${address}`, { token: TOKEN, ca: certificate.cert });
  });
  afterAll(() => client.close());

  test("serves our client, by address and by name", async () => {
    await client.createRepo(repo("files"));
    await commitFiles(client, "files", { "/a": "1" });
    using byName = connectTo(`https://${address.replace("127.0.0.1", "localhost")}`, { token: TOKEN, ca: certificate.cert });
    expect(await readText(byName, "files", "master", "/a")).toBe("1");
  });

  test.each([
    ["without the token", {}, "lets nobody in without its token (no authentication token (try logging in)).", "Set PACH_TOKEN"],
    [
      "with a wrong one",
      { token: "wrong" },
      "(provided auth token is corrupted or has expired (try logging in again)).",
      "PACH_TOKEN",
    ],
  ])("says %s what is missing", async (_how, options, message, hint) => {
    using stranger = connectTo(`grpcs://${address}`, { ca: certificate.cert, ...options });
    await expect(stranger.inspectRepo(repo("r"))).rejects.toMatchObject({
      code: "UNREACHABLE",
      message: expect.stringContaining(message) as string,
      hint: expect.stringContaining(hint) as string,
    });
  });

  test("is not spoken to by a client that does not trust its certificate", async () => {
    using stranger = connectTo(`grpcs://${address}`, { token: TOKEN });
    await expect(stranger.version()).rejects.toMatchObject({
      code: "UNREACHABLE",
      message: `Pachyderm at grpcs://${address} shows a certificate that is not trusted here (self-signed certificate).`,
      hint: expect.stringContaining("NODE_EXTRA_CA_CERTS") as string,
    });
  });

  test("is not spoken to by a client that expects another name", async () => {
    const other = makeCertificate(mkdtempSync(join(folder, "other-")), "DNS:pachd.example");
    const engine = await start({ token: undefined, tls: other });
    using stranger = connectTo(`grpcs://${engine.address}`, { ca: other.cert });
    await expect(stranger.version()).rejects.toMatchObject({
      code: "UNREACHABLE",
      message: expect.stringContaining("shows a certificate of another name") as string,
    });
  });

  test("hangs up on a client that speaks no TLS, which is told what to try", async () => {
    using plain = connectTo(address, { token: TOKEN });
    await expect(plain.version()).rejects.toMatchObject({
      code: "UNREACHABLE",
      hint: "If it speaks TLS, write its address as grpcs://HOST:PORT.",
    });
  });

  test("and one without TLS tells its client so", async () => {
    const engine = await start(OPEN_ACCESS);
    using secure = connectTo(`grpcs://${engine.address}`);
    await expect(secure.version()).rejects.toMatchObject({
      code: "UNREACHABLE",
      message: `Pachyderm at grpcs://${engine.address} does not speak TLS.`,
    });
  });

  test("serves the unchanged pachyderm-sdk, with its transactions", async () => {
    const { host, port } = parseListenAddress(address);
    const python = join(process.cwd(), ".venv", "bin", "python");
    const { stdout } = await execa(python, [join("test", "engine", "sdk_access.py"), host, String(port), certificate.certFile], {
      env: { PACH_PYTHON_AUTH_TOKEN: TOKEN },
    });
    expect(JSON.parse(stdout)).toEqual({
      version: "2.12",
      warnings: [],
      oneId: true,
      inspected: true,
      givenUp: [false, false],
      wrong: "UNAUTHENTICATED provided auth token is corrupted or has expired (try logging in again)",
      none: "UNAUTHENTICATED no authentication token (try logging in)",
    });
  });

  test("lets its jobs in, by an address of their own, and keeps the token out of their logs", async () => {
    await client.createRepo(repo("in"));
    const script = [
      "env | grep PACH_TOKEN",
      "PACHD_ADDRESS=$PACHD_PEER_SERVICE_HOST:$PACHD_PEER_SERVICE_PORT node bin/stemma.js ls -o json > /pfs/out/repos",
    ].join("\n");
    await client.createPipeline(shellSpec("p", "in", script));
    await commitFiles(client, "in", { "/a": "1" });
    const job = await client.inspectCommit({ repo: repo("p"), at: "master" }, "FINISHED");
    expect(job.error).toBe("");
    expect(await readText(client, "p", "master", "/repos")).toContain('"in"');
    const lines = await Array.fromAsync(client.logs({ pipeline: pipeline("p") }), ({ message }) => message);
    expect(lines).toContain("PACH_TOKEN=***");
    expect(lines.join("\n")).not.toContain(TOKEN);
  });

  test("has not logged the token", () => {
    expect(logged.join("\n")).toContain(`listening on ${address}; `);
    expect(logged.join("\n")).not.toContain(TOKEN);
  });
});

describe("what connections may do", () => {
  let address: string;
  beforeAll(async () => {
    ({ address } = await start(OPEN_ACCESS));
  });

  function modify(options: ClientOptions, content: Buffer): Promise<unknown> {
    const client = new Client(address, credentials.createInsecure(), options);
    const { path, requestSerialize, responseDeserialize } = protocol.pfs_v2.API.service.ModifyFile;
    const wire = { name: "r", type: "user", project: { name: "default" } };
    return new Promise((resolve, reject) => {
      const call = client.makeClientStreamRequest(path, requestSerialize, responseDeserialize, (error, reply) =>
        error === null ? resolve(reply) : reject(error),
      );
      call.write({ set_commit: { repo: wire, branch: { repo: wire, name: "master" } } });
      call.write({ add_file: { path: "/file", raw: { value: content } } });
      call.end();
    }).finally(() => client.close());
  }

  test("is to send messages compressed by gzip", async () => {
    using client = connectTo(address);
    await client.createRepo(repo("r"));
    await modify({ "grpc.default_compression_algorithm": 2 }, Buffer.from("x".repeat(100_000)));
    expect(await readText(client, "r", "master", "/file")).toBe("x".repeat(100_000));
  });

  test("is to send messages of up to 20 MiB, and not more", async () => {
    const unlimited = { "grpc.max_send_message_length": -1 };
    await modify(unlimited, Buffer.alloc(20 * 1024 * 1024 - 100));
    await expect(modify(unlimited, Buffer.alloc(20 * 1024 * 1024))).rejects.toMatchObject({ code: status.RESOURCE_EXHAUSTED });
  });

  test("is to ping as often as they like", async () => {
    const session: ClientHttp2Session = connect(`http://${address}`);
    await once(session, "connect");
    let isTold = false;
    session.on("goaway", () => (isTold = true));
    const ping = promisify(session.ping.bind(session) as (done: (error: Error | null) => void) => boolean);
    for (let pings = 0; pings < 20; pings += 1) await ping();
    expect(isTold || session.closed).toBe(false);
    session.close();
  });
});

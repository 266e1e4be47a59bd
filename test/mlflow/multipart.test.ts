import { createHash } from "node:crypto";
import { once } from "node:events";
import { createReadStream } from "node:fs";
import { mkdtemp, rm, truncate, writeFile } from "node:fs/promises";
import { type IncomingMessage, type Server, type ServerResponse, createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { json } from "node:stream/consumers";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { MlflowClient } from "../../src/mlflow/client.ts";
import type { Run } from "../../src/mlflow/types.ts";

const PART = 8 * 1024 * 1024;
const SIZE = 4 * PART + 1;

/** What the stand-in does otherwise than a good server. */
interface Faults {
  readonly offers?: boolean;
  readonly create?: number;
  readonly part?: (number: number, tries: number) => number;
  readonly partPort?: number;
}

/**
 * A stand-in for MLflow's artifact proxy with a bucket behind it: it says what a real one was recorded to say, and keeps of
 * what it gets only the digests.
 */
class BucketStandIn {
  readonly calls: string[] = [];
  readonly parts = new Map<number, string>();
  readonly credentials = new Set<string | undefined>();
  whole: string | undefined;
  completed: unknown;
  readonly #faults: Faults;
  readonly #server: Server;
  #partCount = 0;
  #underWay = 0;
  mostAtATime = 0;

  constructor(faults: Faults) {
    this.#faults = faults;
    this.#server = createServer((request, response) => void this.#answer(request, response));
  }

  async open(): Promise<this> {
    await once(this.#server.listen(0, "127.0.0.1"), "listening");
    return this;
  }

  close(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname, searchParams } = new URL(request.url ?? "", "http://h");
    const [, step] = /\/mpu\/(\w+)\//.exec(pathname) ?? [];
    if (pathname.endsWith("/server-info")) reply(response, 200, { multipart_uploads_enabled: this.#faults.offers ?? true });
    else if (pathname === "/bucket") await this.#takePart(request, response, Number(searchParams.get("partNumber")));
    else if (step !== undefined) await this.#takeStep(step, pathname, request, response);
    else {
      this.calls.push(`PUT ${pathname}`);
      this.whole = await digestOf(request);
      response.end();
    }
  }

  async #takeStep(step: string, pathname: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = (await json(request)) as Record<string, unknown>;
    this.calls.push(`${step} ${pathname.split(`/${step}`)[1] ?? ""} ${String(body["path"])}`);
    if (step === "create") this.#partCount = Number(body["num_parts"]);
    if (step === "complete") this.completed = body["parts"];
    if (step === "create") reply(response, this.#faults.create ?? 200, { upload_id: "u", credentials: this.#credentials() });
    else reply(response, 200, {});
  }

  #credentials(): unknown {
    const port = this.#faults.partPort ?? this.port;
    return Array.from({ length: this.#partCount }, (_, index) => ({
      part_number: index + 1,
      url: `http://127.0.0.1:${port}/bucket?partNumber=${index + 1}&X-Amz-Signature=s`,
      headers: {},
    }));
  }

  async #takePart(request: IncomingMessage, response: ServerResponse, number: number): Promise<void> {
    this.mostAtATime = Math.max(this.mostAtATime, ++this.#underWay);
    const tries = this.calls.filter((call) => call === `part ${number}`).length + 1;
    this.calls.push(`part ${number}`);
    this.credentials.add(request.headers.authorization);
    const digest = await digestOf(request);
    this.#underWay--;
    const status = this.#faults.part?.(number, tries) ?? 200;
    if (status === 200) this.parts.set(number, digest);
    response.writeHead(status, { etag: `"${digest}"` }).end();
  }
}

function reply(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status).end(JSON.stringify(body));
}

async function digestOf(stream: AsyncIterable<Uint8Array>): Promise<string> {
  const hash = createHash("sha256");
  for await (const piece of stream) hash.update(piece);
  return hash.digest("hex");
}

const RUN: Run = {
  id: "0123456789abcdef0123456789abcdef",
  experimentId: "1",
  name: "",
  status: "RUNNING",
  startTime: new Date(0),
  endTime: undefined,
  artifactUri: "mlflow-artifacts:/1/r/artifacts",
  deleted: false,
  tags: {},
  params: {},
  metrics: {},
  datasets: [],
  outputs: [],
  modelInputs: [],
};

describe("a large file", () => {
  let folder = "";
  let file = "";
  let standIn: BucketStandIn;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "stemma-test-"));
    file = join(folder, "large");
    await writeFile(file, "begin");
    await truncate(file, SIZE);
  });
  afterAll(() => rm(folder, { recursive: true }));
  afterEach(() => standIn.close());

  async function put(faults: Faults): Promise<number> {
    standIn = await new BucketStandIn(faults).open();
    const client = new MlflowClient({ uri: `http://user:secret@127.0.0.1:${standIn.port}`, multipartBytes: SIZE });
    let sent = 0;
    await client.putArtifact(RUN, "a b/large.bin", { file, onBytes: (count) => (sent += count) });
    return sent;
  }

  const kinds = (): string[] => [...new Set(standIn.calls.map((call) => call.replace(/ .*/, "")))];

  test("goes to the bucket in parts, four at a time, without our credentials", async () => {
    expect(await put({})).toBe(SIZE);
    expect(standIn.calls.at(0)).toBe("create /1/r/artifacts/a%20b large.bin");
    expect(standIn.calls.at(-1)).toBe("complete /1/r/artifacts/a%20b large.bin");
    expect(standIn.parts.size).toBe(5);
    expect(standIn.mostAtATime).toBe(4);
    expect(standIn.completed).toMatchObject(
      [1, 2, 3, 4, 5].map((number) => ({ part_number: number, etag: `"${standIn.parts.get(number)}"` })),
    );
    expect([...standIn.credentials]).toEqual([undefined]);
    const zeros = createHash("sha256").update(Buffer.alloc(PART)).digest("hex");
    expect([2, 4].map((number) => standIn.parts.get(number))).toEqual([zeros, zeros]);
    expect(standIn.parts.get(5)).toBe(
      createHash("sha256")
        .update(Buffer.alloc(SIZE % PART))
        .digest("hex"),
    );
  });

  test("a part that the bucket fails at is sent again", async () => {
    await put({ part: (number, tries) => (number === 3 && tries === 1 ? 503 : 200) });
    expect(standIn.calls.filter((call) => call === "part 3")).toHaveLength(2);
    expect(kinds()).toEqual(["create", "part", "complete"]);
  });

  test.each<[string, Faults, string[]]>([
    ["the server does not offer parts", { offers: false }, ["PUT"]],
    ["the bucket behind the server does not", { create: 501 }, ["create", "PUT"]],
    ["the bucket cannot be reached from here", { partPort: 1 }, ["create", "abort", "PUT"]],
    ["the bucket refuses a part", { part: (number) => (number === 2 ? 403 : 200) }, ["create", "part", "abort", "PUT"]],
  ])("goes in one piece when %s", async (_, faults, expected) => {
    await put(faults);
    expect(kinds()).toEqual(expected);
    expect(standIn.whole).toBe(await digestOf(createReadStream(file)));
  });
});

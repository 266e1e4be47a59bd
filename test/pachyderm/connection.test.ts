import { once } from "node:events";
import { type ServerReadableStream, type ServerWritableStream, Server, ServerCredentials, status } from "@grpc/grpc-js";
import { afterEach, describe, expect, test } from "vitest";
import { toStemmaError } from "../../src/pachyderm/call-errors.ts";
import { PachydermClient } from "../../src/pachyderm/client.ts";
import { pfs, pps, version } from "../../src/pachyderm/services.ts";
import type { BranchName, CommitQuery } from "../../src/pachyderm/types.ts";

const REPO = { project: "default", name: "images", type: "user" } as const;
const MASTER: BranchName = { repo: REPO, name: "master" };
const HEAD: CommitQuery = { repo: REPO, at: "master" };

const cleanups: (() => void)[] = [];
afterEach(() => {
  for (const cleanup of cleanups.splice(0).toReversed()) cleanup();
});

/** A server of the real protocol with only these methods; the others are UNIMPLEMENTED. */
async function serve(
  methods: Record<string, unknown>,
  options: { token?: string; deadlineMs?: number } = {},
): Promise<PachydermClient> {
  const server = new Server();
  for (const service of [pfs, pps, version]) {
    const own = Object.entries(methods).filter(([name]) => name in service);
    server.addService(service, Object.fromEntries(own) as never);
  }
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    );
  });
  cleanups.push(() => server.forceShutdown());
  const client = new PachydermClient({ address: `127.0.0.1:${port}`, ...options });
  cleanups.push(() => client.close());
  return client;
}

async function collect<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const collected: Item[] = [];
  for await (const item of items) collected.push(item);
  return collected;
}

async function* broken(): AsyncGenerator<Uint8Array> {
  yield Buffer.from("half");
  throw new Error("the disk is gone");
}

type Callback = (error: { code: status; details: string } | null, reply?: object) => void;

describe("calls", () => {
  test("carry the token, and nothing when there is none", async () => {
    const seen: unknown[] = [];
    const methods = {
      GetVersion: (call: { metadata: { get: (key: string) => unknown[] } }, reply: Callback) => {
        seen.push(...call.metadata.get("authn-token"), "end");
        reply(null, { major: 2, minor: 12, additional: "-rc.3" });
      },
    };
    expect(await (await serve(methods)).version()).toBe("2.12.0-rc.3");
    expect(await (await serve(methods, { token: "secret" })).version()).toBe("2.12.0-rc.3");
    expect(seen).toEqual(["end", "secret", "end"]);
  });

  test.each(["two words", "line\n", "tökén", ""])("cannot carry %j as a token, and do not show it", (token) => {
    const refused = expect.objectContaining({ code: "USAGE", message: expect.not.stringContaining(token || "\n") as string });
    expect(() => new PachydermClient({ address: "localhost:1", token })).toThrow(refused as Error);
  });

  test("end at their deadline, except those that wait for something", async () => {
    const waiting: (() => void)[] = [];
    const client = await serve(
      { InspectCommit: (_call: unknown, reply: Callback) => waiting.push(() => reply(null, { commit: { id: "done" } })) },
      { deadlineMs: 50 },
    );
    const waited = client.inspectCommit(HEAD, "FINISHED");
    await expect(client.inspectCommit(HEAD)).rejects.toMatchObject({ code: "UNREACHABLE", message: /gave no answer in time/ });
    await expect.poll(() => waiting.length).toBeGreaterThan(0);
    for (const answer of waiting) answer();
    expect((await waited).commit.id).toBe("done");
  });

  test("say which address can't be reached, and what to do", async () => {
    const client = await serve({});
    cleanups.splice(0, 1).forEach((shutDown) => shutDown());
    const error = { code: "UNREACHABLE", message: expect.stringContaining(client.address) as string, hint: /stemma up/ };
    await expect(client.version()).rejects.toMatchObject(error);
    await expect(collect(client.listRepos())).rejects.toMatchObject(error);
    await expect(client.modifyBranch(MASTER, [])).rejects.toMatchObject(error);
  });

  test("keep the server's text, under a code of ours", async () => {
    const client = await serve({
      InspectRepo: (_call: unknown, reply: Callback) =>
        reply({ code: status.NOT_FOUND, details: "repo default/images not found" }),
    });
    await expect(client.inspectRepo(REPO)).rejects.toMatchObject({ code: "NOT_FOUND", message: "repo default/images not found" });
    await expect(client.version()).rejects.toMatchObject({ code: "UNSUPPORTED" });
  });

  test("reject the deletion of a repo that is not there", async () => {
    const client = await serve({ DeleteRepo: (_call: unknown, reply: Callback) => reply(null, {}) });
    await expect(client.deleteRepo(REPO)).rejects.toMatchObject({ code: "NOT_FOUND", message: "repo default/images not found" });
  });
});

test.each([
  [status.NOT_FOUND, "x", "NOT_FOUND"],
  [status.ALREADY_EXISTS, "x", "ALREADY_EXISTS"],
  [status.INVALID_ARGUMENT, "x", "USAGE"],
  [status.UNAVAILABLE, "No connection established", "UNREACHABLE"],
  [status.UNAVAILABLE, "commit default/r@x not finished", "FAILED"],
  [status.UNAUTHENTICATED, "no authentication token (try logging in)", "UNREACHABLE"],
  [status.DEADLINE_EXCEEDED, "x", "UNREACHABLE"],
  [status.UNIMPLEMENTED, "x", "UNSUPPORTED"],
  [status.UNKNOWN, "x", "FAILED"],
  [status.PERMISSION_DENIED, "x", "FAILED"],
])("gRPC's %i with %j is %s", (code, details, expected) => {
  const error = Object.assign(new Error(details), { code, details, metadata: undefined });
  expect(toStemmaError(error as never, "h:1").code).toBe(expected);
});

describe("streams", () => {
  test("are cancelled when the reader leaves, at a message or while it waits for one", async () => {
    const calls: ServerWritableStream<unknown, unknown>[] = [];
    const GetLogs = (call: ServerWritableStream<unknown, unknown>): void => {
      calls.push(call);
      call.write({ message: "one" });
    };
    const client = await serve({ GetLogs });
    for await (const line of client.logs({ follow: true })) {
      expect(line.message).toBe("one");
      break;
    }
    const [first] = calls;
    if (first?.cancelled === false) await once(first, "cancelled");

    const lines = client.logs({ follow: true })[Symbol.asyncIterator]();
    expect(await lines.next()).toMatchObject({ value: { message: "one" } });
    const never = lines.next();
    await lines.return?.();
    await expect(never).rejects.toMatchObject({ code: "FAILED" });
    expect(await lines.next()).toEqual({ done: true, value: undefined });
    expect(calls).toHaveLength(2);
  });

  test("hand over what came before an error", async () => {
    const client = await serve({
      WalkFile: (call: ServerWritableStream<unknown, unknown>) => {
        call.write({ file: { path: "/a" } });
        call.emit("error", { code: status.NOT_FOUND, details: "does not contain item" });
      },
    });
    const files = client.walkFiles(HEAD, "/")[Symbol.asyncIterator]();
    expect(await files.next()).toMatchObject({ value: { path: "/a" } });
    await expect(files.next()).rejects.toMatchObject({ code: "NOT_FOUND" });
  });

  test("can be read twice: each reading is a call", async () => {
    const client = await serve({
      ListProject: (call: ServerWritableStream<unknown, unknown>) => {
        call.write({ project: { name: "default" } });
        call.end();
      },
    });
    const projects = client.listProjects();
    expect([await collect(projects), await collect(projects)]).toEqual([["default"], ["default"]]);
  });

  test("of a commit set leave out the commits of other sets", async () => {
    const client = await serve({
      InspectCommitSet: (call: ServerWritableStream<unknown, unknown>) => {
        for (const id of ["older", "asked", "asked"]) call.write({ commit: { id } });
        call.end();
      },
    });
    expect((await collect(client.inspectCommitSet("asked"))).map((info) => info.commit.id)).toEqual(["asked", "asked"]);
  });
});

describe("puts", () => {
  test("go no faster than the server reads", async () => {
    const called = Promise.withResolvers<() => void>();
    const client = await serve({
      ModifyFile: (call: ServerReadableStream<unknown, unknown>, reply: Callback) => {
        called.resolve(() => void call.on("data", () => undefined).on("end", () => reply(null, {})));
      },
    });
    let made = 0;
    async function* content(): AsyncGenerator<Uint8Array> {
      for (; made < 64; made++) yield Buffer.alloc(1 << 20);
    }
    const put = client.modifyBranch(MASTER, [{ kind: "put", path: "/big", content: content() }]);
    const read = await called.promise;
    // The server answers this after it has received, and not read, whatever the put could send by now.
    await expect(client.version()).rejects.toMatchObject({ code: "UNSUPPORTED" });
    expect(made).toBeLessThan(16);
    read();
    await put;
    expect(made).toBe(64);
  });

  test("stop making content when the server refuses", async () => {
    const client = await serve({
      ModifyFile: (_call: unknown, reply: Callback) =>
        reply({ code: status.NOT_FOUND, details: "repo default/images not found" }),
    });
    let isClosed = false;
    async function* endless(): AsyncGenerator<Uint8Array> {
      try {
        for (;;) yield Buffer.alloc(1 << 20);
      } finally {
        isClosed = true;
      }
    }
    const put = client.modifyBranch(MASTER, [{ kind: "put", path: "/big", content: endless() }]);
    await expect(put).rejects.toMatchObject({ code: "NOT_FOUND" });
    await expect.poll(() => isClosed).toBe(true);
  });

  test("that break off end in a message that no server accepts, and reject with what broke them", async () => {
    const messages: string[] = [];
    const client = await serve({
      ModifyFile: async (call: ServerReadableStream<object, unknown>, reply: Callback) => {
        for await (const message of call) messages.push(...Object.keys(message as object).filter((key) => key !== "body"));
        reply({ code: status.UNKNOWN, details: "cannot set commit" });
      },
    });
    await expect(client.modifyBranch(MASTER, [{ kind: "put", path: "/a", content: broken() }])).rejects.toThrow(
      "the disk is gone",
    );
    expect(messages).toEqual(["set_commit", "delete_file", "add_file", "set_commit"]);
  });
});

import { Client, Metadata, type ServiceError, credentials, status } from "@grpc/grpc-js";
import type { MethodDefinition } from "@grpc/proto-loader";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { loadProtocol } from "../../src/pachyderm/protocol.ts";
import { type TestEngine, branch, repo, shellSpec, startTestEngine } from "../helpers/engine.ts";

const protocol = loadProtocol();
const pfs = protocol.pfs_v2.API.service;
const pps = protocol.pps_v2.API.service;
const transactions = protocol.transaction_v2.API.service;

let running: TestEngine;
beforeAll(async () => {
  running = await startTestEngine();
});
afterAll(() => running.close());

/** Calls the engine as it is now, in the transactions of these ids. */
function call<Request, Reply>(
  method: MethodDefinition<Request, object, object, Reply>,
  request: Request,
  ...ids: string[]
): Promise<Reply> {
  const client = new Client(running.engine.address, credentials.createInsecure());
  const metadata = new Metadata();
  for (const id of ids) metadata.add("pach-transaction", id);
  return new Promise<Reply>((resolve, reject) => {
    const { path, requestSerialize, responseDeserialize } = method;
    client.makeUnaryRequest(path, requestSerialize, responseDeserialize, request, metadata, (error, reply) =>
      error === null ? resolve(reply as Reply) : reject(error),
    );
  }).finally(() => client.close());
}

async function start(): Promise<string> {
  return (await call(transactions.StartTransaction, {})).id ?? "";
}

const wire = (name: string) => ({ name, type: "user", project: { name: "default" } });
const master = (name: string) => ({ repo: wire(name), name: "master" });

function refusal(code: status, details: string): Partial<ServiceError> {
  return { code, details };
}

describe("a transaction that is under way", () => {
  test("survives a restart, and is then finished as if nothing had been", async () => {
    const id = await start();
    await call(pfs.CreateRepo, { repo: wire("r1"), description: "of a transaction" }, id);
    await call(pfs.StartCommit, { branch: master("r1") }, id);
    const before = await call(transactions.InspectTransaction, { transaction: { id } });
    running = await running.restart();
    expect(await call(transactions.InspectTransaction, { transaction: { id } })).toEqual(before);
    await expect(running.client.inspectRepo(repo("r1"))).rejects.toMatchObject({ code: "NOT_FOUND" });

    await call(pfs.FinishCommit, { commit: { repo: wire("r1"), branch: master("r1") } }, id);
    const finished = await call(transactions.FinishTransaction, { transaction: { id } });
    expect(finished.requests).toHaveLength(3);
    expect(finished).toMatchObject({ responses: [{}, { commit: { id } }, {}], version: "3" });
    expect(await running.client.inspectRepo(repo("r1"))).toMatchObject({ description: "of a transaction" });
    expect(await running.client.inspectCommit({ repo: repo("r1"), at: "master" })).toMatchObject({ commit: { id } });
  });

  test("leaves no trace of what was tried out for it", async () => {
    await running.client.createRepo(repo("in2"));
    await running.client.createPipeline(shellSpec("p2", "in2", "true"));
    const jobs = await Array.fromAsync(running.client.listJobs());
    const id = await start();
    await call(pfs.StartCommit, { branch: master("in2") }, id);
    await call(pfs.FinishCommit, { commit: { repo: wire("in2"), branch: master("in2") } }, id);
    await call(transactions.DeleteTransaction, { transaction: { id } });
    expect(await Array.fromAsync(running.client.listJobs())).toEqual(jobs);
    expect((await Array.fromAsync(running.client.listCommits(repo("in2")))).map(({ commit }) => commit.id)).not.toContain(id);
  });

  test("cannot be finished or deleted twice, nor be added to after that", async () => {
    const [finished, deleted] = [await start(), await start()];
    await call(transactions.FinishTransaction, { transaction: { id: finished } });
    await call(transactions.DeleteTransaction, { transaction: { id: deleted } });
    for (const id of [finished, deleted]) {
      const gone = refusal(status.NOT_FOUND, `transactions ${id} not found`);
      await expect(call(transactions.FinishTransaction, { transaction: { id } })).rejects.toMatchObject(gone);
      await expect(call(transactions.DeleteTransaction, { transaction: { id } })).rejects.toMatchObject(gone);
      await expect(call(pfs.CreateRepo, { repo: wire("r3") }, id)).rejects.toMatchObject(gone);
    }
  });

  test("is refused where a commit that it starts meets an open one of somebody else, and can be finished after that one", async () => {
    await running.client.createRepo(repo("r4"));
    const id = await start();
    await call(pfs.StartCommit, { branch: master("r4") }, id);
    const other = await running.client.startCommit(branch("r4"));
    const finish = () => call(transactions.FinishTransaction, { transaction: { id } });
    await expect(finish()).rejects.toMatchObject({
      code: status.UNKNOWN,
      details: expect.stringMatching(/^error running request 1 of 1: .*has not been finished$/) as string,
    });
    await running.client.finishCommit(other);
    await finish();
    expect(await running.client.inspectCommit({ repo: repo("r4"), at: "master" })).toMatchObject({
      commit: { id },
      parent: other.id,
    });
  });

  test("is deleted with all others by DeleteAll", async () => {
    const ids = [await start(), await start()];
    const listed = async (): Promise<(string | undefined)[]> =>
      ((await call(transactions.ListTransaction, {})).transaction_info ?? []).map(({ transaction }) => transaction?.id);
    expect(await listed()).toEqual(ids.toReversed());
    await call(transactions.DeleteAll, {});
    expect(await listed()).toEqual([]);
  });
});

describe("the header pach-transaction", () => {
  test("means nothing when it is empty, as the Python SDK sends it after a transaction", async () => {
    await call(pfs.CreateRepo, { repo: wire("r6") }, "");
    expect(await running.client.inspectRepo(repo("r6"))).toBeDefined();
  });

  test("makes a typed CreatePipeline a part of the transaction, with the spec as it stands", async () => {
    await running.client.createRepo(repo("in7"));
    const id = await start();
    const pipeline = { name: "p7", project: { name: "default" } };
    const input = { pfs: { repo: "in7", glob: "/*" } };
    await call(pps.CreatePipeline, { pipeline, transform: { cmd: ["true"] }, input, description: "typed" }, id);
    const { requests } = await call(transactions.InspectTransaction, { transaction: { id } });
    expect(JSON.parse(requests?.[0]?.create_pipeline_v2?.effective_json ?? "")).toMatchObject({ datumTries: "3" });
    await call(transactions.FinishTransaction, { transaction: { id } });
    expect(await call(pps.InspectPipeline, { pipeline, details: true })).toMatchObject({
      spec_commit: { id },
      details: { description: "typed" },
    });
  });
});

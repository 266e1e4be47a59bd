import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { TransactionInfo__Output as TransactionInfo } from "../../src/pachyderm/generated/transaction_v2/TransactionInfo.ts";
import { Pachd, type RepoName, commitOf, expectFault, pfs, pps, transactions, uniqueName } from "./pachd.ts";

let pachd: Pachd;
beforeAll(async () => {
  pachd = await Pachd.connect();
});
afterAll(() => pachd.close());

/** A transaction under way: its id, and the headers of the calls that belong to it. */
interface Started {
  readonly id: string;
  readonly headers: { readonly "pach-transaction": string };
}

async function start(): Promise<Started> {
  const { id = "" } = await pachd.call(transactions.StartTransaction, {});
  return { id, headers: { "pach-transaction": id } };
}

function inspect({ id }: Started): Promise<TransactionInfo> {
  return pachd.call(transactions.InspectTransaction, { transaction: { id } });
}

function finish({ id }: Started): Promise<TransactionInfo> {
  return pachd.call(transactions.FinishTransaction, { transaction: { id } });
}

function newName(): RepoName {
  return { name: uniqueName("tx"), type: "user", project: { name: pachd.project } };
}

function master(repo: RepoName) {
  return { repo, name: "master" };
}

async function commitIds(repo: RepoName): Promise<(string | undefined)[]> {
  return (await pachd.collect(pfs.ListCommit, { repo })).map(({ commit }) => commit?.id);
}

describe("a transaction", () => {
  test("begins with an id of 32 hexadecimal digits, without requests", async () => {
    const started = await start();
    expect(started.id).toMatch(/^[0-9a-f]{32}$/);
    const info = await inspect(started);
    expect(info).toMatchObject({ transaction: { id: started.id }, started: {} });
    expect([info.requests ?? [], info.responses ?? []]).toEqual([[], []]);
  });

  test("is listed until it is finished or deleted", async () => {
    const [finished, deleted] = [await start(), await start()];
    const listed = async (): Promise<(string | undefined)[]> => {
      const { transaction_info: infos = [] } = await pachd.call(transactions.ListTransaction, {});
      return infos.map((info) => info.transaction?.id).filter((id) => id === finished.id || id === deleted.id);
    };
    expect(new Set(await listed())).toEqual(new Set([finished.id, deleted.id]));
    await finish(finished);
    await pachd.call(transactions.DeleteTransaction, { transaction: { id: deleted.id } });
    expect(await listed()).toEqual([]);
  });

  test("of an unknown id is NOT_FOUND", async () => {
    await expectFault(inspect({ id: "00000000000040008000000000000000", headers: { "pach-transaction": "" } }), "NOT_FOUND");
  });

  test("without requests can be finished", async () => {
    const started = await start();
    expect(await finish(started)).toMatchObject({ transaction: { id: started.id } });
  });

  test("is gone once it is finished", async () => {
    const started = await start();
    await finish(started);
    await expectFault(inspect(started), "NOT_FOUND");
  });
});

describe("a request of a transaction", () => {
  test("has no effect before the transaction is finished", async () => {
    const [started, repo] = [await start(), newName()];
    await pachd.call(pfs.CreateRepo, { repo }, started.headers);
    await expectFault(pachd.call(pfs.InspectRepo, { repo }), "NOT_FOUND");
    await finish(started);
    expect(await pachd.call(pfs.InspectRepo, { repo })).toMatchObject({ repo });
  });

  test("finds what those before it have made", async () => {
    const [started, repo] = [await start(), newName()];
    await pachd.call(pfs.CreateRepo, { repo }, started.headers);
    await pachd.call(pfs.CreateBranch, { branch: master(repo) }, started.headers);
    const { requests, responses, version } = await inspect(started);
    expect(requests).toMatchObject([{ create_repo: { repo } }, { create_branch: { branch: master(repo) } }]);
    expect(responses).toEqual([{}, {}]);
    expect(version).toBe("2");
    expect(await finish(started)).toMatchObject({ requests, responses });
    expect(await pachd.call(pfs.InspectBranch, { branch: master(repo) })).toMatchObject({ head: { id: started.id } });
  });

  test("that is refused says which one it is, and is not kept", async () => {
    const [started, repo, existing] = [await start(), newName(), await pachd.newRepo()];
    await pachd.call(pfs.CreateRepo, { repo }, started.headers);
    await expectFault(
      pachd.call(pfs.CreateRepo, { repo: existing }, started.headers),
      "ALREADY_EXISTS",
      `error running request 2 of 2: repo ${pachd.project}/${existing.name} already exists`,
    );
    expect((await inspect(started)).requests).toHaveLength(1);
    await finish(started);
    expect(await pachd.call(pfs.InspectRepo, { repo })).toMatchObject({ repo });
  });

  test("is forgotten with a transaction that is deleted", async () => {
    const [started, repo] = [await start(), newName()];
    await pachd.call(pfs.CreateRepo, { repo }, started.headers);
    await pachd.call(transactions.DeleteTransaction, { transaction: { id: started.id } });
    await expectFault(pachd.call(pfs.InspectRepo, { repo }), "NOT_FOUND");
    await expectFault(pachd.call(pfs.CreateRepo, { repo }, started.headers), "NOT_FOUND");
  });

  test("can delete a repo", async () => {
    const [started, repo] = [await start(), await pachd.newRepo()];
    await pachd.call(pfs.DeleteRepo, { repo }, started.headers);
    expect(await pachd.call(pfs.InspectRepo, { repo })).toMatchObject({ repo });
    await finish(started);
    await expectFault(pachd.call(pfs.InspectRepo, { repo }), "NOT_FOUND");
  });

  test("can delete a branch", async () => {
    const [started, repo] = [await start(), await pachd.newRepo()];
    await pachd.call(pfs.CreateBranch, { branch: master(repo) });
    await pachd.call(pfs.DeleteBranch, { branch: master(repo) }, started.headers);
    expect(await pachd.call(pfs.InspectBranch, { branch: master(repo) })).toMatchObject({ branch: master(repo) });
    await finish(started);
    await expectFault(pachd.call(pfs.InspectBranch, { branch: master(repo) }), "NOT_FOUND");
  });

  test("can squash a commit set", async () => {
    const [started, repo] = [await start(), await pachd.newRepo()];
    const first = await pachd.put(repo, { "/a": "1" });
    const second = await pachd.put(repo, { "/b": "2" });
    await pachd.call(pfs.SquashCommitSet, { commit_set: { id: first } }, started.headers);
    expect(await commitIds(repo)).toEqual([second, first]);
    await finish(started);
    expect(await commitIds(repo)).toEqual([second]);
    expect(await pachd.read(repo, "/a")).toBe("1");
  });

  test("can create a pipeline", async () => {
    const [started, input, name] = [await start(), await pachd.newRepo(), uniqueName("tx")];
    const pipeline = { name, project: { name: pachd.project } };
    const spec = {
      pipeline,
      transform: { cmd: ["sh"], stdin: ["cp /pfs/*/* /pfs/out/"] },
      input: { pfs: { project: pachd.project, repo: input.name, glob: "/*" } },
    };
    const create_pipeline_request_json = JSON.stringify(spec);
    await pachd.call(pps.CreatePipelineV2, { create_pipeline_request_json }, started.headers);
    await expectFault(pachd.call(pps.InspectPipeline, { pipeline }), "NOT_FOUND");
    expect((await inspect(started)).requests).toMatchObject([{ create_pipeline_v2: { create_pipeline_request: { pipeline } } }]);
    await finish(started);
    expect(await pachd.call(pps.InspectPipeline, { pipeline })).toMatchObject({ pipeline, spec_commit: { id: started.id } });
  });
});

describe("a commit started in a transaction", () => {
  test("has the transaction's id, and is not there before the end", async () => {
    const [started, repo] = [await start(), await pachd.newRepo()];
    expect(await pachd.call(pfs.StartCommit, { branch: master(repo) }, started.headers)).toMatchObject({ id: started.id });
    await expectFault(pachd.call(pfs.InspectCommit, { commit: commitOf(repo, started.id) }), "NOT_FOUND");
    await finish(started);
    expect(await pachd.call(pfs.InspectCommit, { commit: commitOf(repo) })).toMatchObject({
      commit: { id: started.id },
      origin: { kind: "USER" },
    });
  });

  test("is what the transaction's response of it holds, the only kind that holds something", async () => {
    const [started, repo] = [await start(), await pachd.newRepo()];
    await pachd.call(pfs.StartCommit, { branch: master(repo) }, started.headers);
    await pachd.call(pfs.FinishCommit, { commit: commitOf(repo) }, started.headers);
    expect((await inspect(started)).responses).toMatchObject([{ commit: { id: started.id, repo } }, {}]);
    const { responses } = await finish(started);
    expect(responses).toMatchObject([{ commit: { id: started.id, repo } }, {}]);
    expect(responses?.[1]?.commit).toBeUndefined();
  });

  test("can be finished in it", async () => {
    const [started, repo] = [await start(), await pachd.newRepo()];
    await pachd.call(pfs.StartCommit, { branch: master(repo) }, started.headers);
    await pachd.call(pfs.FinishCommit, { commit: commitOf(repo), description: "empty" }, started.headers);
    await finish(started);
    const info = await pachd.call(pfs.InspectCommit, { commit: commitOf(repo, started.id), wait: "FINISHED" });
    expect(info).toMatchObject({ description: "empty", finished: {} });
  });

  test("shares its id with those of other repos", async () => {
    const [started, one, two] = [await start(), await pachd.newRepo(), await pachd.newRepo()];
    await pachd.call(pfs.StartCommit, { branch: master(one) }, started.headers);
    await pachd.call(pfs.StartCommit, { branch: master(two) }, started.headers);
    await finish(started);
    expect([await commitIds(one), await commitIds(two)]).toEqual([[started.id], [started.id]]);
    const set = await pachd.collect(pfs.InspectCommitSet, { commit_set: { id: started.id } });
    expect(new Set(set.map(({ commit }) => commit?.repo?.name))).toEqual(new Set([one.name, two.name]));
  });

  //  one   two
  //    \   /
  //    below
  test("makes one commit downstream, however many of its inputs the transaction changes", async () => {
    const [one, two, below] = [await pachd.newRepo(), await pachd.newRepo(), await pachd.newRepo()];
    await pachd.call(pfs.CreateBranch, { branch: master(below), provenance: [master(one), master(two)] });
    await pachd.call(pfs.FinishCommit, { commit: commitOf(below) });
    const before = await commitIds(below);
    const started = await start();
    await pachd.call(pfs.StartCommit, { branch: master(one) }, started.headers);
    await pachd.call(pfs.StartCommit, { branch: master(two) }, started.headers);
    await finish(started);
    expect(await commitIds(below)).toEqual([started.id, ...before]);
    const { direct_provenance } = await pachd.call(pfs.InspectCommit, { commit: commitOf(below) });
    expect(direct_provenance?.map(({ id }) => id)).toEqual([started.id, started.id]);
  });

  test("is the only one of its repo: a second is an inconsistent dependency", async () => {
    const [started, repo] = [await start(), await pachd.newRepo()];
    await pachd.call(pfs.StartCommit, { branch: master(repo) }, started.headers);
    await pachd.call(pfs.FinishCommit, { commit: commitOf(repo) }, started.headers);
    await expect(pachd.call(pfs.StartCommit, { branch: master(repo) }, started.headers)).rejects.toMatchObject({
      details: expect.stringMatching(/^error running request 3 of 3: [^]*inconsistent dependencies: cannot create commit from/),
    });
  });

  test("can be the head of another branch", async () => {
    const [started, repo] = [await start(), await pachd.newRepo()];
    await pachd.call(pfs.StartCommit, { branch: master(repo) }, started.headers);
    const other = { repo, name: "other" };
    await pachd.call(pfs.CreateBranch, { branch: other, head: { repo, branch: master(repo) } }, started.headers);
    await finish(started);
    expect(await pachd.call(pfs.InspectBranch, { branch: other })).toMatchObject({ head: { id: started.id } });
  });
});

describe("finishing a transaction", () => {
  test("does nothing of it where one of its requests does not go any more", async () => {
    const [started, other, repo] = [await start(), newName(), newName()];
    await pachd.call(pfs.CreateRepo, { repo: other }, started.headers);
    await pachd.call(pfs.CreateRepo, { repo }, started.headers);
    await pachd.call(pfs.CreateRepo, { repo });
    await expectFault(finish(started), "ALREADY_EXISTS", "error running request 2 of 2: ");
    await expectFault(pachd.call(pfs.InspectRepo, { repo: other }), "NOT_FOUND");
    expect((await inspect(started)).requests).toHaveLength(2);
  });

  test("starts its commit after one that was made in the meantime", async () => {
    const [started, repo] = [await start(), await pachd.newRepo()];
    await pachd.call(pfs.StartCommit, { branch: master(repo) }, started.headers);
    const meanwhile = await pachd.put(repo, { "/a": "1" });
    await finish(started);
    const { parent_commit } = await pachd.call(pfs.InspectCommit, { commit: commitOf(repo, started.id) });
    expect(parent_commit).toMatchObject({ id: meanwhile });
  });
});

describe("what ignores the transaction of its call", () => {
  test("is a call that only reads", async () => {
    const [started, repo] = [await start(), await pachd.newRepo()];
    expect(await pachd.call(pfs.InspectRepo, { repo }, started.headers)).toMatchObject({ repo });
  });

  test("is a change of files, which happens at once", async () => {
    const [started, repo] = [await start(), await pachd.newRepo()];
    const set_commit = { repo, branch: master(repo) };
    const add_file = { path: "/a", raw: { value: Buffer.from("1") } };
    await pachd.send(pfs.ModifyFile, [{ set_commit }, { add_file }], started.headers);
    expect(await pachd.read(repo, "/a")).toBe("1");
    expect((await inspect(started)).requests ?? []).toEqual([]);
  });
});

describe("a batch", () => {
  test("makes all its changes with one id, and answers as a transaction does", async () => {
    const repo = newName();
    const requests = [{ create_repo: { repo } }, { start_commit: { branch: master(repo) } }];
    const info = await pachd.call(transactions.BatchTransaction, { requests });
    const id = info.transaction?.id ?? "";
    expect(info).toMatchObject({ requests, responses: [{}, { commit: { id, repo } }], started: {} });
    expect(await commitIds(repo)).toEqual([id]);
    await expectFault(pachd.call(transactions.InspectTransaction, { transaction: { id } }), "NOT_FOUND");
  });

  test("makes none of its changes where one is refused", async () => {
    const [repo, existing] = [newName(), await pachd.newRepo()];
    const requests = [{ create_repo: { repo } }, { create_repo: { repo: existing } }];
    await expectFault(
      pachd.call(transactions.BatchTransaction, { requests }),
      "ALREADY_EXISTS",
      `error running request 2 of 2: repo ${pachd.project}/${existing.name} already exists`,
    );
    await expectFault(pachd.call(pfs.InspectRepo, { repo }), "NOT_FOUND");
  });

  test("may be empty", async () => {
    expect((await pachd.call(transactions.BatchTransaction, {})).responses ?? []).toEqual([]);
  });

  test("has to say what to do in each request", async () => {
    await expectFault(
      pachd.call(transactions.BatchTransaction, { requests: [{}] }),
      "UNKNOWN",
      "error running request 1 of 1: unrecognized transaction request type",
    );
  });

  test("stops jobs", async () => {
    const input = await pachd.newRepo();
    const pipeline = { name: uniqueName("tx"), project: { name: pachd.project } };
    const spec = {
      pipeline,
      transform: { cmd: ["sh"], stdin: ["sleep 600"] },
      input: { pfs: { project: pachd.project, repo: input.name, glob: "/*" } },
    };
    await pachd.call(pps.CreatePipelineV2, { create_pipeline_request_json: JSON.stringify(spec) });
    const id = await pachd.put(input, { "/a": "1" });
    const job = { pipeline, id };
    await pachd.call(transactions.BatchTransaction, { requests: [{ stop_job: { job, reason: "enough" } }] });
    expect(await pachd.call(pps.InspectJob, { job, wait: true })).toMatchObject({ state: "JOB_KILLED" });
  });
});

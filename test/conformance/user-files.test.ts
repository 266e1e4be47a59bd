import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Pachd, type RepoName, commitOf, pfs } from "./pachd.ts";
import { COPY, counts } from "./pipeline-calls.ts";
import { type Run, Runs } from "./runs.ts";

let pachd: Pachd;
let runs: Runs;
beforeAll(async () => {
  pachd = await Pachd.connect();
  runs = new Runs(pachd);
});
afterAll(() => pachd.close());

describe("what a command writes to /pfs/out", () => {
  let done: Run;
  let output: RepoName;
  beforeAll(async () => {
    const scripts = {
      "/plain": "echo deep > /pfs/out/file; mkdir -p /pfs/out/dir/sub; echo sub > /pfs/out/dir/sub/file",
      "/empty": ": > /pfs/out/nothing; mkdir /pfs/out/hollow",
      "/link": "ln -s $in /pfs/out/absolute; cd /pfs/out && ln -s ../in/link relative",
      "/outside": "echo outside > /tmp/$PACH_DATUM_ID; ln -s /tmp/$PACH_DATUM_ID /pfs/out/outside",
    };
    done = await runs.run(scripts, "", { transform: { cmd: ["sh", "-c", "set -e; . $in"] } });
    output = runs.repo(done.pipeline);
  });

  test("becomes the output commit's files, at the paths below /pfs/out", async () => {
    expect(done.job).toMatchObject({ state: "JOB_SUCCESS" });
    expect(await pachd.read(output, "/file")).toBe("deep\n");
    expect(await pachd.read(output, "/dir/sub/file")).toBe("sub\n");
  });

  test("may be empty", async () => {
    const info = await pachd.call(pfs.InspectFile, { file: { commit: commitOf(output), path: "/nothing" } });
    expect(info).toMatchObject({ file_type: "FILE" });
    expect(Number(info.size_bytes ?? 0)).toBe(0);
  });

  test("is without empty folders", async () => {
    const infos = await pachd.collect(pfs.GlobFile, { commit: commitOf(output), pattern: "/*" });
    expect(infos.map(({ file }) => file?.path)).not.toContain("/hollow/");
  });

  test.each(["/absolute", "/relative"])("stands for the file where it is a link to an input (%s)", async (path) => {
    expect(await pachd.read(output, path)).toContain("ln -s $in");
  });

  test("stands for the file where it is a link to one outside of /pfs", async () => {
    expect(await pachd.read(output, "/outside")).toBe("outside\n");
  });

  test("is tagged with the datum's id", async () => {
    const rows = await runs.datums(done.job);
    const plain = rows.find(({ data }) => data?.[0]?.file?.path === "/plain")?.datum?.id;
    const info = await pachd.call(pfs.InspectFile, { file: { commit: commitOf(output), path: "/file" } });
    expect(info.file?.datum).toBe(plain);
  });

  test("is counted, as what was read is", async () => {
    const { job } = await runs.run({ "/a": "12345" }, "cat /pfs/in/a /pfs/in/a > /pfs/out/twice");
    expect(job.stats).toMatchObject({ download_bytes: "5", upload_bytes: "10" });
  });
});

describe("what a command reads", () => {
  test("is the whole directory where that matches", async () => {
    const { pipeline } = await runs.run({ "/d/1": "1", "/d/2": "2" }, "cat /pfs/in/d/* > /pfs/out/all");
    expect(await pachd.read(runs.repo(pipeline), "/all")).toBe("12");
  });

  test("is its own datum's files only", async () => {
    const { pipeline } = await runs.run({ "/a": "1", "/b": "2" }, "ls /pfs/in > /pfs/out/$(basename $in)");
    expect(await pachd.read(runs.repo(pipeline), "/a")).toBe("a\n");
  });

  test("is there by name, but without content, where the input has empty_files", async () => {
    const input = await pachd.newRepo("in");
    await pachd.put(input, { "/a": "12345" });
    const leaf = { project: input.project.name, repo: input.name, name: "in", glob: "/*", empty_files: true };
    const pipeline = await runs.new(input, "wc -c < $in > /pfs/out/size; ln -s $in /pfs/out/copy", { input: { pfs: leaf } });
    expect(await runs.newest(pipeline)).toMatchObject({ state: "JOB_SUCCESS" });
    expect((await pachd.read(runs.repo(pipeline), "/size")).trim()).toBe("0");
    // The link is followed by the server, which has the content.
    expect(await pachd.read(runs.repo(pipeline), "/copy")).toBe("12345");
  });

  test("is a named pipe where the input is lazy, and need not be read at all", async () => {
    const input = await pachd.newRepo("in");
    await pachd.put(input, { "/d/read": "12345", "/d/left": "67890" });
    const leaf = { project: input.project.name, repo: input.name, name: "in", glob: "/*", lazy: true };
    const pipeline = await runs.new(input, "test -p /pfs/in/d/read && cat /pfs/in/d/read > /pfs/out/read", {
      input: { pfs: leaf },
    });
    expect(await runs.newest(pipeline)).toMatchObject({ state: "JOB_SUCCESS" });
    expect(await pachd.read(runs.repo(pipeline), "/read")).toBe("12345");
  });
});

describe("the standard input of a command", () => {
  test("is the lines of stdin, each with its end", async () => {
    const { pipeline } = await runs.run({ "/a": "1" }, "", {
      transform: { cmd: ["sh", "-c", "cat > /pfs/out/stdin"], stdin: ["one", "two"] },
    });
    expect(await pachd.read(runs.repo(pipeline), "/stdin")).toBe("one\ntwo\n");
  });

  test("is empty without them", async () => {
    const { pipeline } = await runs.run({ "/a": "1" }, "", { transform: { cmd: ["sh", "-c", "cat > /pfs/out/stdin"] } });
    expect(await pachd.read(runs.repo(pipeline), "/stdin")).toBe("");
  });
});

describe("a meta repo", () => {
  let done: Run;
  let meta: RepoName;
  let ids: Record<string, string>;
  beforeAll(async () => {
    done = await runs.run({ "/keep": "k", "/vanish": "v" }, COPY);
    meta = runs.repo(done.pipeline, "meta");
    const rows = (await runs.datums(done.job)).map(({ datum, data }): [string, string] => [
      data?.[0]?.file?.path ?? "",
      datum?.id ?? "",
    ]);
    ids = Object.fromEntries(rows);
  });

  test("has for each datum what it was, its environment, its input and its output", async () => {
    const expected = Object.entries(ids).flatMap(([path, id]) => [
      `/meta/${id}/meta`,
      `/pfs/${id}/.env`,
      `/pfs/${id}/in${path}`,
      `/pfs/${id}/out${path}`,
    ]);
    expect(new Set(await runs.paths(meta, done.job.job?.id))).toEqual(new Set(expected));
  });

  test("says in JSON which job and which files a datum was made of", async () => {
    const text = await pachd.read(meta, `/meta/${ids["/keep"]}/meta`, done.job.job?.id);
    expect(JSON.parse(text)).toMatchObject({
      job: { pipeline: { name: done.pipeline.name }, id: done.job.job?.id },
      inputs: [
        { name: "in", branch: "master", fileInfo: { file: { path: "/keep", commit: { repo: { name: done.input.name } } } } },
      ],
      hash: expect.stringMatching(/^[0-9a-f]{64}$/),
    });
  });

  test.each(["in", "out"])("has the content of what a datum had in %s", async (folder) => {
    expect(await pachd.read(meta, `/pfs/${ids["/keep"]}/${folder}/keep`, done.job.job?.id)).toBe("k");
  });

  test("has its files tagged with the datum's id", async () => {
    const file = { commit: commitOf(meta, done.job.job?.id), path: `/pfs/${ids["/keep"]}/in/keep` };
    expect((await pachd.call(pfs.InspectFile, { file })).file?.datum).toBe(ids["/keep"]);
  });

  test("keeps what a later job skips, and loses what there is no more", async () => {
    const commit = { repo: done.input, branch: { repo: done.input, name: "master" } };
    await pachd.send(pfs.ModifyFile, [{ set_commit: commit }, { delete_file: { path: "/vanish" } }]);
    const next = await runs.newest(done.pipeline);
    expect(counts(next)).toEqual([1, 0, 1, 0]);
    const left = await runs.paths(meta, next.job?.id);
    expect(left).toContain(`/pfs/${ids["/keep"]}/out/keep`);
    expect(left.filter((path) => path.includes(ids["/vanish"] ?? "-"))).toEqual([]);
  });
});

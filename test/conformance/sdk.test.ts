import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Pachd } from "./pachd.ts";
import { type ScriptStep, runScript } from "./sdk/run-script.ts";

type Answers = Readonly<Record<string, unknown>>;

/** What the steps of sdk/example_data.py come to, by their titles. */
const DATA: Answers = {
  "project_exists says whether there is a project": [true, false],
  "repo_exists says whether there is a repo": [false, true],
  "branch_exists says whether there is a branch": [false, true],
  "a commit is open within its context, and finished after it": [false, true, "ClosedCommit"],
  "commit_exists and path_exists say whether there are such": [true, false, true, false],
  "put_file_from_bytes with append adds to what is there": "Hello! Bye!",
  "put_file_from_file sends a large file in pieces": 20 * 2 ** 20,
  "put_file_from_url of what cannot be read is refused": [true, false],
  "copy_file copies within a repo, and from another commit": [["/", "/copy", "/greeting"], "Hello! Bye!"],
  "delete_file deletes a folder with all in it": [
    ["/", "/copy", "/folder/", "/folder/a", "/folder/b/", "/folder/b/c", "/greeting"],
    ["/", "/copy", "/greeting"],
  ],
  "put_files puts a folder with all in it": [["/", "/in/", "/in/a.txt", "/in/deep/", "/in/deep/er/", "/in/deep/er/b.txt"], "B"],
  "list_file lists a folder's files, with their types and sizes": [
    ["/in/a.txt", "FILE", 1],
    ["/in/deep/", "DIR", 1],
  ],
  "glob_file finds what matches": [
    ["/in/a.txt", "/in/deep/"],
    ["/in/a.txt", "/in/deep/er/b.txt"],
  ],
  "pfs_file reads lines": ["name,size\n", ['"a, b",1\n', "c,2\n"], ""],
  "pfs_file reads a few bytes, and peeks": ["name", ",size", ",size", false],
  "the csv module reads a file of a repo": [
    { name: "a, b", size: "1" },
    { name: "c", size: "2" },
  ],
  "get_file reads from an offset": 'size\n"a, b",1\nc,2\n',
  "pfs_file of what is missing is a ValueError with the server's cause": "NOT_FOUND",
  "pfs_tar_file unpacks a folder": [
    ["in/a.txt", "A"],
    ["in/deep/er/b.txt", "B"],
  ],
  "diff_file tells what two commits differ in": [
    ["/", "/"],
    ["/new", ""],
    ["", "/table.csv"],
  ],
  "list_commit lists the newest first": [true, true],
  "a commit is named by branch, by id, by what came before it and by its number": ["2", "1", "1", "0", "0", "1"],
  "subscribe_commit hands over each commit, old and new": true,
  "a commit set is finished through its branches, and wait_all waits for all of it": ["first", "log", "second"],
  "pickers pick the head, an ancestor and the commit of a number": [
    ["first", "second"],
    ["first", "second"],
    ["first", "second"],
    ["first", "second"],
    [],
  ],
  "provenance is walked up from a commit, and from a branch": [
    ["first", "log"],
    ["first", "log"],
  ],
  "find_commits finds those that changed a file": true,
  "a transaction makes one commit set in two repos": [true, false],
  "a transaction that is left by an error leaves nothing": [false, false],
  "drop_commit_set takes the newest commit away": ["/", "/a"],
  "list_repo lists a project's repos, and their descriptions": {
    first: "",
    folder: "",
    images: "of things",
    left: "",
    log: "",
    right: "",
    second: "",
    table: "",
  },
  "delete_repo is refused while another comes from it, unless forced": ["UNKNOWN", false],
  "the server says its version and its cluster's id": [2, 32],
};

/** What the steps of sdk/example_pipelines.py come to; a job's counters are processed, skipped, failed and all. */
const PIPELINES: Answers = {
  "create_pipeline makes a pipeline, whose job counts": [["JOB_SUCCESS", 2, 0, 0, 2], "2"],
  "a second file makes one more datum": [["JOB_SUCCESS", 1, 2, 0, 3], "3"],
  "create_pipeline_v2 takes JSON, and answers it with the defaults": ["3", "master", ["JOB_SUCCESS", 1, 0, 0, 1], "6"],
  "create_pipeline_v2 with dry_run makes nothing": false,
  "pipeline_exists and job_exists say whether there are such": [true, true, false],
  "inspect_pipeline says what a pipeline is": [1, "counts", ["sh"], "/*"],
  "list_pipeline lists a project's pipelines, the newest first": ["sum", "count"],
  "an input's commit makes a job in each pipeline behind it": [
    ["count", "JOB_SUCCESS"],
    ["sum", "JOB_SUCCESS"],
  ],
  "list_job lists the newest first": [
    [1, 3],
    [1, 2],
    [2, 0],
  ],
  "list_datum lists a job's datums, and inspect_datum says what one read": [
    ["SKIPPED", "SKIPPED", "SKIPPED", "SUCCESS"],
    ["/four", "/one", "/three", "/two"],
  ],
  "list_datum of an input lists what it would be": ["/four", "/one", "/three", "/two"],
  "generate_datums hands them over in batches": [3, 1],
  "get_logs reads what the code has printed": ["counted four"],
  "update with reprocess makes a new version, which does all again": [
    ["JOB_SUCCESS", 4, 0, 0, 4],
    [2, 1],
  ],
  "a failing datum fails its job, and says which": [
    "JOB_FAILURE",
    [0, 0, 4, 4],
    expect.stringMatching(/^datum [0-9a-f]{64} failed$/),
  ],
  "a stopped pipeline makes no jobs until it is started": [
    [true, true],
    ["JOB_SUCCESS", 1, 4, 0, 5],
  ],
  "run_cron makes a tick, and a job": ["JOB_SUCCESS", 1, 0, 0, 1],
  "a secret is created, listed without its data, and deleted": [[true], []],
  "delete_pipeline is refused while another comes from it, and deletes its repo otherwise": [true, false],
};

describe.each([
  ["data", "example_data.py", DATA],
  ["pipelines", "example_pipelines.py", PIPELINES],
])("the unchanged pachyderm-sdk, with %s", (_, script, wanted) => {
  let pachd: Pachd;
  let steps: ScriptStep[];
  beforeAll(async () => {
    pachd = await Pachd.connect();
    steps = await runScript(script, pachd.address, pachd.project);
  }, 120_000);
  afterAll(async () => {
    await pachd.close();
  });

  test.each(Object.entries(wanted))("%s", (name, answer) => {
    expect(steps.filter((step) => step.name === name)).toEqual([{ name, answer }]);
  });

  test("is asserted whole", () => {
    expect(steps.map(({ name }) => name)).toEqual(Object.keys(wanted));
  });
});

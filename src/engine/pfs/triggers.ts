import type { Trigger__Output as WireTrigger } from "../../pachyderm/generated/pfs_v2/Trigger.ts";
import { type BranchKey, type BranchRow, findBranch } from "./branches.ts";
import { type CommitRow, commitById } from "./commits.ts";
import { nextTick } from "../cron.ts";
import type { Database } from "../store/database.ts";
import { refused, within } from "../fault.ts";
import { checkBranchName } from "./names.ts";
import { inspectRepo } from "./repos.ts";
import type { Transaction } from "../transaction.ts";

/** What moves a branch by itself to the head of another one of its repo. An empty text or 0 is a condition that is not there. */
export interface Trigger {
  /** The branch that is watched. */
  readonly branch: string;
  /** Whether all conditions have to hold (without any it always fires), or one of them (without any it never does). */
  readonly all: boolean;
  /** A schedule: it fires when a tick lies between the commit that the branch is at and the new one. */
  readonly rateLimitSpec: string;
  /** How much larger the new commit has to be, as in `100M`, which is 100,000,000 bytes. */
  readonly size: string;
  /** How many commits later the new commit has to be. */
  readonly commits: number;
  /** A schedule on which it fires; the conditions are then not looked at. */
  readonly cronSpec: string;
}

const POWERS = { "": 0, k: 1, m: 2, g: 3, t: 4, p: 5 } as const;

/** A trigger as users give it, to a branch or to an input of a pipeline. */
export function toTrigger(trigger: WireTrigger): Trigger {
  return {
    branch: trigger.branch ?? "",
    all: trigger.all ?? false,
    rateLimitSpec: trigger.rate_limit_spec ?? "",
    size: trigger.size ?? "",
    commits: Number(trigger.commits ?? 0),
    cronSpec: trigger.cron_spec ?? "",
  };
}

export function triggerOf(branch: BranchRow): Trigger | undefined {
  return branch.trigger_spec === null ? undefined : (JSON.parse(branch.trigger_spec) as Trigger);
}

/** The branches that watch this one. */
export function triggeredBranches(db: Database, source: BranchRow): BranchRow[] {
  return db.all(
    `SELECT * FROM branches WHERE repo = ? AND trigger_spec IS NOT NULL AND json_extract(trigger_spec, '$.branch') = ? ORDER BY id`,
    source.repo,
    source.name,
  );
}

/** Throws UNKNOWN where a trigger makes no sense on a branch. */
export function checkTrigger(db: Database, key: BranchKey, trigger: Trigger): void {
  if (trigger.branch === "") throw refused("triggers must specify a branch to trigger on");
  checkBranchName(trigger.branch);
  if (trigger.rateLimitSpec !== "") within("invalid trigger rate limit spec", () => nextTick(trigger.rateLimitSpec, 0));
  if (trigger.size !== "") within("invalid trigger size", () => parseSize(trigger.size));
  if (trigger.commits < 0) throw refused("can't trigger on a negative number of commits");
  if (trigger.cronSpec !== "") within("invalid trigger cron spec", () => nextTick(trigger.cronSpec, 0));
  const repo = inspectRepo(db, key.repo);
  for (let source: string | undefined = trigger.branch; source !== undefined;) {
    if (source === key.name) throw refused("triggers cannot form a loop");
    const branch = findBranch(db, repo.id, source);
    source = branch === undefined ? undefined : triggerOf(branch)?.branch;
  }
}

/** Bytes, in decimal units whether they are written `M`, `MB` or `MiB`. */
function parseSize(text: string): number {
  const [, number, unit = ""] = /^(\d+(?:\.\d+)?) ?(?:b|([kmgtp])(?:i?b)?)?$/i.exec(text) ?? [];
  if (number === undefined) throw refused(`invalid size: '${text}'`);
  return Math.floor(Number(number) * 1000 ** POWERS[unit.toLowerCase() as keyof typeof POWERS]);
}

/** Moves the branches whose triggers a commit, which has finished without error, fires; and those that watch them in turn. */
export function fireTriggers(tx: Transaction, commitId: number): void {
  const { db } = tx;
  const commit = db.get<CommitRow>("SELECT * FROM commits WHERE id = ?", commitId);
  if (commit === undefined) return;
  const watching = new Map(
    db
      .all<BranchRow>("SELECT * FROM branches WHERE repo = ? AND trigger_spec IS NOT NULL ORDER BY id", commit.repo)
      .map((branch) => [branch.name, branch]),
  );
  const heads = new Map<string, CommitRow | undefined>([[commit.branch, commit]]);
  const newHead = (name: string): CommitRow | undefined => {
    if (heads.has(name)) return heads.get(name);
    heads.set(name, undefined);
    const branch = watching.get(name);
    const trigger = branch === undefined ? undefined : triggerOf(branch);
    if (branch === undefined || trigger === undefined || trigger.cronSpec !== "") return undefined;
    const head = newHead(trigger.branch);
    if (head === undefined || head.id === branch.head || !isFired(db, trigger, commitById(db, branch.head), head))
      return undefined;
    moveTo(tx, branch, head.id);
    heads.set(name, head);
    return head;
  };
  for (const name of watching.keys()) newHead(name);
}

function moveTo(tx: Transaction, branch: BranchRow, head: number): void {
  tx.db.run("UPDATE branches SET head = ?, updated = ? WHERE id = ?", head, tx.now, branch.id);
  tx.movedBranches.add(branch.id);
}

function isFired(db: Database, trigger: Trigger, old: CommitRow, head: CommitRow): boolean {
  const conditions: boolean[] = [];
  if (trigger.size !== "") conditions.push((head.size ?? 0) - (old.size ?? 0) >= parseSize(trigger.size));
  if (trigger.rateLimitSpec !== "") {
    const tick = nextTick(trigger.rateLimitSpec, old.finishing ?? 0);
    conditions.push(tick !== undefined && tick < (head.finishing ?? 0));
  }
  if (trigger.commits !== 0) conditions.push(hasCommitsSince(db, old, head, trigger.commits));
  return trigger.all ? conditions.every(Boolean) : conditions.some(Boolean);
}

/** Whether so many commits were made since the old one. The empty one that begins a branch is none. */
function hasCommitsSince(db: Database, old: CommitRow, head: CommitRow, wanted: number): boolean {
  let at = head;
  for (let count = 0; count < wanted; count += 1) {
    if (at.parent === null) return count + Number(at.origin !== "AUTO") === wanted;
    if (at.id === old.id) return false;
    at = commitById(db, at.parent);
  }
  return true;
}

/** When the next of all triggers that have a schedule fires. */
export function nextTriggerTick(db: Database): number | undefined {
  return db.get<{ next_tick: number }>("SELECT next_tick FROM branches WHERE next_tick IS NOT NULL ORDER BY next_tick LIMIT 1")
    ?.next_tick;
}

/** Fires the triggers whose time has come: once each, however many ticks were missed while the engine was not running. */
export function fireDueTriggers(tx: Transaction, now: number): void {
  const { db } = tx;
  for (const branch of db.all<BranchRow>("SELECT * FROM branches WHERE next_tick <= ? ORDER BY id", now)) {
    const trigger = triggerOf(branch);
    const source = trigger === undefined ? undefined : findBranch(db, branch.repo, trigger.branch);
    if (trigger === undefined || source === undefined) throw new Error(`branch ${branch.id} ticks without a trigger`);
    moveTo(tx, branch, source.head);
    db.run("UPDATE branches SET next_tick = ? WHERE id = ?", nextTick(trigger.cronSpec, now) ?? null, branch.id);
  }
}

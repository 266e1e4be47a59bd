import { randomBytes } from "node:crypto";
import { StemmaError } from "../../lineage/errors.ts";
import type { PachydermClient } from "../../pachyderm/client.ts";
import { dataRepo } from "../names.ts";
import { judgeClock } from "./clock.ts";
import { type Finding, failed } from "./finding.ts";

const WHAT = "Pachyderm";
const RIGHTS = "rights";
const ANSWER_LIMIT_MS = 15_000;
/** The first that takes a spec as its user wrote it. */
const OLDEST = [2, 8] as const;
/** The first that keeps notes on commits, and tells what came of one. */
const WITH_NOTES = [2, 10] as const;
/** The newest whose API stemma was written for. */
const NEWEST = [2, 12] as const;

/** Whether a Pachyderm is there, of a version that is known, and lets us in; with `write`, also whether it lets us make something. */
export async function checkPachyderm(
  client: PachydermClient,
  { write }: { readonly write: boolean },
): Promise<readonly Finding[]> {
  try {
    const version = await withinLimit(client.version(), client.address);
    const found = judgeVersion(version, client.address);
    return [found, ...(write ? await tryRights(client) : [await tryReading(client)])];
  } catch (error) {
    return [failed(WHAT, error, "See the log of pachd.")];
  }
}

export function judgeVersion(version: string, address: string): Finding {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  const isBelow = ([a, b]: readonly [number, number]): boolean => major < a || (major === a && minor < b);
  const seen = { what: WHAT, detail: `${version} at ${address}` };
  if (isBelow(OLDEST)) return { ...seen, state: "fail", advice: `Upgrade it: stemma needs ${OLDEST.join(".")} or newer.` };
  if (isBelow(WITH_NOTES))
    return { ...seen, state: "warn", advice: `Upgrade to ${WITH_NOTES.join(".")}: before, questions downwards take longer.` };
  if (isBelow([NEWEST[0], NEWEST[1] + 1])) return { ...seen, state: "ok" };
  return { ...seen, state: "warn", advice: `Newer than ${NEWEST.join(".")}, which stemma knows: look for a newer stemma.` };
}

/** Makes a repo, which also tells the server's time, and removes it. */
async function tryRights(client: PachydermClient): Promise<readonly Finding[]> {
  const repo = dataRepo({ project: "default", name: `stemma-doctor-${randomBytes(4).toString("hex")}` });
  const before = new Date();
  try {
    await client.createRepo(repo, { description: "Made by stemma doctor to see whether it can be; can be deleted." });
  } catch (error) {
    return [failed(RIGHTS, error, "Ask an administrator for the role projectWriter of the project default.")];
  }
  const after = new Date();
  try {
    const { created } = await client.inspectRepo(repo);
    await client.deleteRepo(repo);
    const name = await client.whoAmI();
    const clock = judgeClock("clock", { server: created, before, after, stepMs: 0 });
    return [{ state: "ok", what: RIGHTS, detail: `repo ${repo.name} made, read and removed${as(name)}` }, clock];
  } catch (error) {
    return [failed(RIGHTS, error, `The repo ${repo.name} was made and cannot be removed: let an administrator do it.`)];
  }
}

async function tryReading(client: PachydermClient): Promise<Finding> {
  try {
    const repos = await Array.fromAsync(client.listRepos());
    const detail = `${repos.length} repos can be listed${as(await client.whoAmI())}; not tried whether one can be made`;
    return { state: "ok", what: RIGHTS, detail };
  } catch (error) {
    return failed(RIGHTS, error, "Ask an administrator for the role repoReader.");
  }
}

/** Nothing where the server does not ask who one is. */
function as(name: string | undefined): string {
  return name === undefined ? "" : `, as ${name}`;
}

/** gRPC by itself waits a minute for a machine that is silent. */
async function withinLimit<Result>(answer: Promise<Result>, address: string): Promise<Result> {
  const limit = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    const problem = `Pachyderm at ${address} gave no answer in ${ANSWER_LIMIT_MS / 1000} s`;
    limit.reject(new StemmaError("UNREACHABLE", problem, { hint: "Check the address and the network between." }));
  }, ANSWER_LIMIT_MS);
  try {
    return await Promise.race([answer, limit.promise]);
  } finally {
    clearTimeout(timer);
  }
}

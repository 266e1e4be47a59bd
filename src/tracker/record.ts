import { rm } from "node:fs/promises";
import { setTimeout as pause } from "node:timers/promises";
import { StemmaError } from "../lineage/errors.ts";
import type { ChildEnd } from "./capture/child.ts";
import { closeSession, judge } from "./close-session.ts";
import { RUN_TAGS } from "./delivery/run-tags.ts";
import type { RecordOptions } from "./options.ts";
import type { TrackPorts } from "./ports.ts";
import { Session } from "./session.ts";

/** Work that is under way. */
export interface Work {
  /** The process that does it, whose tree is measured. */
  readonly pid: number | undefined;
  readonly ended: Promise<ChildEnd>;
}

/** The end of work that was given up while its run was being opened: 130 as after Ctrl-C. */
const INTERRUPTED: ChildEnd = { status: "KILLED", exitCode: 130, how: "interrupted before it began" };

/** How often what is reported is taken up while the work goes on. */
const TICK_MS = 1000;

/**
 * Records a piece of work as an MLflow run, from its beginning to its end. Resolves to how it ended. Rejects before the work
 * begins when no run may be had: USAGE, or UNREACHABLE when tracking is required.
 */
export async function record(
  ports: TrackPorts,
  options: RecordOptions,
  start: (session: Session) => Work | Promise<Work>,
): Promise<ChildEnd> {
  const session = await Session.open(ports, options);
  const attempt = session.run?.tags[RUN_TAGS.attempt] ?? "1";
  const name = session.run?.name ?? session.wanted.name;
  ports.say(`run ${name}${attempt === "1" ? "" : `, attempt ${attempt}`}${linkOf(session)}`);
  const end = options.signal.aborted ? INTERRUPTED : await run(session, start);
  const final = await close(ports, options, session, end);
  ports.say(`${final.status}${final.how === "" ? "" : ` (${final.how})`}${linkOf(session)}`);
  return final;
}

/** The end of the work stays what it is, also when its record cannot be kept: then that is said, and what there is stays. */
async function close(ports: TrackPorts, options: RecordOptions, session: Session, end: ChildEnd): Promise<ChildEnd> {
  try {
    const final = await closeSession(ports, options, session, end);
    await rm(session.folders.root, { recursive: true, force: true });
    return final;
  } catch (error) {
    if (!(error instanceof StemmaError)) throw error;
    ports.say(`${error.message}; what was reported is left in ${session.folders.root}`);
    return judge(end, 1);
  } finally {
    session.courier.close();
  }
}

async function run(session: Session, start: (session: Session) => Work | Promise<Work>): Promise<ChildEnd> {
  const work = await start(session);
  session.begin(work.pid);
  return watch(session, work.ended);
}

function linkOf({ link }: Session): string {
  return link === undefined ? "" : ` ${link}`;
}

async function watch(session: Session, ended: Promise<ChildEnd>): Promise<ChildEnd> {
  for (;;) {
    const end = await Promise.race([ended, pause(TICK_MS, undefined, { ref: false })]);
    if (end !== undefined) return end;
    try {
      await session.tick();
    } catch (error) {
      await ended;
      throw error;
    }
  }
}

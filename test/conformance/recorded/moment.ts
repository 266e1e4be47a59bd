/** The states that jobs and pipelines go through, in order; datums have others. */
const LIFE = [
  ["-", "created", "starting"],
  ["restarting"],
  ["running"],
  ["success", "failure", "killed", "unrunnable", "paused"],
] as const;

/** What a job or a pipeline comes to have only as it goes on. */
const COMES_LATER = /^(finished|started|reason|data_.*|stats|workers_available|workers_started_at|PROGRESS|DL|UL)$/;

type Members = Readonly<Record<string, unknown>>;

/**
 * A recording was made at a moment that is gone: where it caught a job or a pipeline earlier in its life than we do, this takes
 * ours back to there. Nothing else is changed, and what ours has not come to yet stays as it is.
 */
export function asEarlyAs(wanted: unknown, found: unknown, isBack = false): unknown {
  if (Array.isArray(found) && Array.isArray(wanted)) return found.map((item, index) => asEarlyAs(wanted[index], item));
  if (!isObject(found) || !isObject(wanted)) return found;
  const goesBack = isBack || isEarlier(wanted["state"] ?? wanted["STATE"], found["state"] ?? found["STATE"]);
  const members = Object.entries(found).flatMap(([name, value]) => {
    if (goesBack && COMES_LATER.test(name)) return wanted[name] === undefined ? [] : [[name, wanted[name]] as const];
    if (/state/i.test(name)) return [[name, earlierOf(wanted[name], value)] as const];
    return [[name, asEarlyAs(wanted[name], value, goesBack && name === "details")] as const];
  });
  return Object.fromEntries(members);
}

/** Of a state, or of two with a stroke between ("running / success"). */
function earlierOf(wanted: unknown, found: unknown): unknown {
  if (typeof wanted !== "string" || typeof found !== "string") return found;
  const then = wanted.split(" / ");
  const now = found.split(" / ");
  return now.map((state, index) => (isEarlier(then[index], state) ? (then[index] ?? "") : state)).join(" / ");
}

function isEarlier(then: unknown, now: unknown): boolean {
  return age(then) >= 0 && age(then) < age(now);
}

function age(state: unknown): number {
  const [name = ""] = String(state)
    .replace(/^(JOB|PIPELINE)_/, "")
    .toLowerCase()
    .split(":");
  return LIFE.findIndex((states) => states.some((each) => each === name));
}

function isObject(value: unknown): value is Members {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Tags by which trackers, and `stemma reconcile`, know what a run stands for and who is at work on it. */
export const RUN_TAGS = {
  /** What the run stands for: the same for all attempts. */
  key: "stemma.key",
  /** The mark of the attempt that is at work on it. */
  session: "stemma.session",
  /** The number of the latest attempt, and what became of each. */
  attempt: "stemma.attempt",
  attempts: "stemma.attempts",
  host: "stemma.host",
  pid: "stemma.pid",
  pidStarted: "stemma.pid_started",
  heartbeat: "stemma.heartbeat",
  supersededBy: "stemma.superseded_by",
  closedBecause: "stemma.closed_because",
  incomplete: "stemma.incomplete",
  replayed: "stemma.replayed",
} as const;

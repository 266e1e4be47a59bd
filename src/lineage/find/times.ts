const TIME = /^\d{4}-\d{2}-\d{2}(?<clock>[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?<zone>Z|[+-]\d{2}:\d{2})?)?$/;

/** A day or a time, in UTC where it names no zone; undefined for other text. */
export function parseTimeText(text: string): Date | undefined {
  const groups = TIME.exec(text)?.groups;
  if (groups === undefined) return undefined;
  const { clock, zone } = groups;
  const time = new Date(clock === undefined || zone !== undefined ? text : `${text}Z`);
  return Number.isNaN(time.getTime()) ? undefined : time;
}

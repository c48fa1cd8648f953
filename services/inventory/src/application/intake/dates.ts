/** Date, and time where there is one: 2026-12-31, 2026/12/31, 20261231, 2026年12月31日, each with 23:59 or 23:59:59 behind. */
const DATE = /^(\d{4})(?:-|\/|\.|年)?(\d{1,2})(?:-|\/|\.|月)?(\d{1,2})日?(?:[ T](\d{1,2}):(\d{2})(?::(\d{2}))?)?$/;
const RFC3339 = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d+)?(?:Z|[+-]\d{2}:\d{2})$/;
const CACHE_MAX = 10_000;

/**
 * Reads expiries as people write them. A date without a time means the end of that day in `zone` (RULES, Money, price, time).
 * Answers epoch milliseconds, undefined for what is no date. Remembers dates, since a file repeats few of them.
 */
export const expiryReader = (zone: string): ((text: string) => number | undefined) => {
  const offsetAt = offsetsOf(zone);
  const known = new Map<string, number | undefined>();
  return (text) => {
    if (known.has(text)) return known.get(text);
    if (known.size >= CACHE_MAX) known.clear();
    const value = RFC3339.test(text) ? orUndefined(Date.parse(text)) : localDate(text, offsetAt);
    known.set(text, value);
    return value;
  };
};
const orUndefined = (ms: number): number | undefined => (Number.isNaN(ms) ? undefined : ms);

const localDate = (text: string, offsetAt: (utcMs: number) => number): number | undefined => {
  const match = DATE.exec(text);
  if (!match) return undefined;
  const [year, month, day, hour, minute, second] = match.slice(1).map((part) => (part === undefined ? undefined : Number(part)));
  const dayStart = Date.UTC(year!, month! - 1, day);
  const date = new Date(dayStart);
  if (date.getUTCMonth() !== month! - 1 || date.getUTCDate() !== day) return undefined; // 31 February
  if (hour === undefined) return toUtc(Date.UTC(year!, month! - 1, day + 1), offsetAt) - 1;
  return hour > 23 || minute! > 59 || (second ?? 0) > 59 ? undefined : toUtc(dayStart + ((hour * 60 + minute!) * 60 + (second ?? 0)) * 1000, offsetAt);
};
/** A local wall time (told as if it were UTC) as an instant; twice, since the offset depends on it. */
const toUtc = (wall: number, offsetAt: (utcMs: number) => number): number => wall - offsetAt(wall - offsetAt(wall));

const offsetsOf = (zone: string): ((utcMs: number) => number) => {
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone: zone, hourCycle: 'h23', year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit', second: '2-digit',
  });
  return (utcMs) => {
    const parts = new Map(format.formatToParts(utcMs).map(({ type, value }) => [type, Number(value)]));
    const get = (name: Intl.DateTimeFormatPartTypes): number => parts.get(name)!;
    return Date.UTC(get('year'), get('month') - 1, get('day'), get('hour'), get('minute'), get('second')) - Math.floor(utcMs / 1000) * 1000;
  };
};

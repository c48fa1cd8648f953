import { type Instant, instant } from '@vouchsafe/kernel';

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;
/** Offsets change on quarters of an hour only, so one look-up serves everyone within one. */
const QUARTER_MS = 15 * MINUTE_MS;
/** Offsets remembered per zone; now and yesterday are asked for most. */
const QUARTERS_MAX = 256;
/** The IANA list has some 600 names. */
const ZONES_MAX = 1_000;

/** Wall clocks of IANA zones. A zone nobody knows throws a RangeError: catalog lets none in. */
export type Zones = {
  /** Weekday 1 (Monday) to 7 and minute of the day. */
  local(at: Instant, zone: string): { readonly weekday: number; readonly minute: number };
  /** The date as `20261231`. */
  dateOf(at: Instant, zone: string): string;
  /** Last millisecond of the day in `zone` that lies `days` after the one of `at` (before, if negative). */
  endOfDay(at: Instant, zone: string, days: number): Instant;
};

/** Keeps a formatter and some offsets per zone it was asked for. */
export const createZones = (): Zones => {
  const known = new Map<string, { readonly format: Intl.DateTimeFormat; readonly offsets: Map<number, number> }>();
  const ofZone = (zone: string) => {
    const there = known.get(zone) ?? { format: formatter(zone), offsets: new Map<number, number>() };
    if (known.size < ZONES_MAX) known.set(zone, there);
    return there;
  };
  const offsetMs = (ms: number, zone: string): number => {
    const { format, offsets } = ofZone(zone);
    const quarter = Math.floor(ms / QUARTER_MS);
    const there = offsets.get(quarter);
    if (there !== undefined) return there;
    if (offsets.size >= QUARTERS_MAX) offsets.clear();
    const found = wallMs(format, quarter * QUARTER_MS) - quarter * QUARTER_MS;
    offsets.set(quarter, found);
    return found;
  };
  const dayOf = (ms: number, zone: string): number => Math.floor((ms + offsetMs(ms, zone)) / DAY_MS);
  /** First instant of local day `day` (days since 1970): guessed with one offset, mended with the one that holds there. */
  const startOf = (day: number, zone: string): number => {
    const wall = day * DAY_MS;
    const guess = wall - offsetMs(wall, zone);
    return wall - offsetMs(guess, zone);
  };
  return {
    local: (at, zone) => {
      const wall = at + offsetMs(at, zone);
      const day = Math.floor(wall / DAY_MS);
      return { weekday: ((((day + 3) % 7) + 7) % 7) + 1, minute: Math.floor((wall - day * DAY_MS) / MINUTE_MS) };
    },
    dateOf: (at, zone) => dateOf(dayOf(at, zone)),
    endOfDay: (at, zone, days) => instant(startOf(dayOf(at, zone) + days + 1, zone) - 1),
  };
};

const formatter = (timeZone: string): Intl.DateTimeFormat =>
  new Intl.DateTimeFormat('en-US', {
    timeZone, hourCycle: 'h23', year: 'numeric', month: 'numeric', day: 'numeric', hour: 'numeric', minute: 'numeric', second: 'numeric', era: 'short',
  });
/** What the wall clock shows, as if it were UTC. */
const wallMs = (format: Intl.DateTimeFormat, ms: number): number => {
  const part = Object.fromEntries(format.formatToParts(ms).map(({ type, value }) => [type, value]));
  const year = part.era === 'B' || part.era === 'BC' ? 1 - Number(part.year) : Number(part.year);
  const days = daysFromCivil(year, Number(part.month), Number(part.day));
  return days * DAY_MS + (Number(part.hour) * 60 + Number(part.minute)) * MINUTE_MS + Number(part.second) * 1_000;
};

/** Days since 1970-01-01 of a date of the Gregorian calendar (Howard Hinnant's algorithm). */
const daysFromCivil = (year: number, month: number, day: number): number => {
  const y = month <= 2 ? year - 1 : year;
  const era = Math.floor(y / 400);
  const yearOfEra = y - era * 400;
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1;
  return era * 146_097 + yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear - 719_468;
};
const dateOf = (days: number): string => {
  const z = days + 719_468;
  const era = Math.floor(z / 146_097);
  const dayOfEra = z - era * 146_097;
  const yearOfEra = Math.floor((dayOfEra - Math.floor(dayOfEra / 1_460) + Math.floor(dayOfEra / 36_524) - Math.floor(dayOfEra / 146_096)) / 365);
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const shifted = Math.floor((5 * dayOfYear + 2) / 153);
  const day = dayOfYear - Math.floor((153 * shifted + 2) / 5) + 1;
  const month = shifted < 10 ? shifted + 3 : shifted - 9;
  const year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0);
  return `${String(year).padStart(4, '0')}${String(month).padStart(2, '0')}${String(day).padStart(2, '0')}`;
};

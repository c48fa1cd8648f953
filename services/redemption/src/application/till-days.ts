import type { Instant } from '@vouchsafe/kernel';
import type { Zones } from './local-time.js';

/** The streams that hold a till's numbers of today and of the day before, in its zone. */
export type TillDays = { readonly today: string; readonly yesterday: string };
type Known = TillDays & { readonly zone: string; readonly from: Instant; readonly to: Instant };

/** Tills whose days are kept at hand. */
const TILLS_MAX = 10_000;

export const claimStreamOf = (till: string, day: string): string => `terminal-${till}_${day}`;

/** Names the streams of a till once a day, not with every voucher. */
export const tillDays = (zones: Zones): ((till: string, zone: string, at: Instant) => TillDays) => {
  const known = new Map<string, Known>();
  return (till, zone, at) => {
    const there = known.get(till);
    if (there && at >= there.from && at <= there.to && there.zone === zone) return there;
    const eve = zones.endOfDay(at, zone, -1);
    const days = {
      zone, from: (eve + 1) as Instant, to: zones.endOfDay(at, zone, 0), today: claimStreamOf(till, zones.dateOf(at, zone)), yesterday: claimStreamOf(till, zones.dateOf(eve, zone)),
    };
    if (known.size >= TILLS_MAX) known.clear();
    known.set(till, days);
    return days;
  };
};

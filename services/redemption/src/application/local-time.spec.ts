import { parseRfc3339, toRfc3339 } from '@vouchsafe/kernel';
import fc from 'fast-check';
import { instant } from '@vouchsafe/kernel';
import { createZones } from './local-time.js';

const at = (text: string) => parseRfc3339(text)!;

describe('local time', () => {
  const zones = createZones();
  const clockIn = (zone: string, text: string) => ({ ...zones.local(at(text), zone), date: zones.dateOf(at(text), zone) });
  it('ends a day where the zone ends it', () => {
    expect(toRfc3339(zones.endOfDay(at('2026-12-31T00:00:00+08:00'), 'Asia/Shanghai', 0))).toBe('2026-12-31T15:59:59.999Z');
    expect(toRfc3339(zones.endOfDay(at('2026-12-31T23:59:59.999+08:00'), 'Asia/Shanghai', 0))).toBe('2026-12-31T15:59:59.999Z');
    expect(toRfc3339(zones.endOfDay(at('2026-01-30T12:00:00+08:00'), 'Asia/Shanghai', 30))).toBe('2026-03-01T15:59:59.999Z');
  });
  it('knows short and long days of summer time', () => {
    expect(toRfc3339(zones.endOfDay(at('2026-03-29T00:30:00Z'), 'Europe/Berlin', 0))).toBe('2026-03-29T21:59:59.999Z');
    expect(toRfc3339(zones.endOfDay(at('2026-10-25T00:30:00Z'), 'Europe/Berlin', 0))).toBe('2026-10-25T22:59:59.999Z');
    expect(clockIn('Europe/Berlin', '2026-03-29T01:30:00Z')).toEqual({ weekday: 7, minute: 210, date: '20260329' });
  });
  it('tells weekday, minute and date, also before 1970', () => {
    expect(clockIn('Asia/Shanghai', '2026-03-02T01:00:00Z')).toEqual({ weekday: 1, minute: 540, date: '20260302' });
    expect(clockIn('Asia/Shanghai', '2026-03-01T16:00:00Z')).toEqual({ weekday: 1, minute: 0, date: '20260302' });
    expect(clockIn('UTC', '1969-12-31T23:00:00Z')).toEqual({ weekday: 3, minute: 1_380, date: '19691231' });
  });
  it('agrees with the calendar of the platform for all of our times', () => {
    fc.assert(fc.property(fc.integer({ min: 0, max: 4_102_444_800_000 }), fc.constantFrom('Asia/Shanghai', 'America/New_York', 'Asia/Kathmandu', 'Australia/Lord_Howe'), (ms, timeZone) => {
      const parts = new Intl.DateTimeFormat('en-CA', { timeZone, year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit', hourCycle: 'h23' }).formatToParts(ms);
      const part = (type: string): string => parts.find((candidate) => candidate.type === type)!.value;
      const { minute } = zones.local(instant(ms), timeZone);
      const date = zones.dateOf(instant(ms), timeZone);
      expect([date, minute]).toEqual([`${part('year')}${part('month')}${part('day')}`, Number(part('hour')) * 60 + Number(part('minute'))]);
      expect(zones.dateOf(zones.endOfDay(instant(ms), timeZone, 0), timeZone)).toBe(date);
      expect(zones.endOfDay(instant(ms), timeZone, -1)).toBe(zones.endOfDay(instant(zones.endOfDay(instant(ms), timeZone, -1)), timeZone, 0));
      expect(zones.local(instant(zones.endOfDay(instant(ms), timeZone, 0) + 1), timeZone).minute).toBe(0);
    }), { numRuns: 300 });
  });
});

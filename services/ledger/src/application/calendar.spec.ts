import { instant } from '@vouchsafe/kernel';
import { daysOf } from './calendar.js';

const at = (text: string) => instant(Date.parse(text));

it('takes the day of the book\'s own zone', () => {
  const shanghai = daysOf({ zone: 'Asia/Shanghai', cutOffMinute: 0 });
  expect(shanghai.dateOf(at('2026-11-30T15:59:59.999Z'))).toBe('2026-11-30');
  expect(shanghai.dateOf(at('2026-11-30T16:00:00.000Z'))).toBe('2026-12-01');
  expect(shanghai.monthOf(at('2026-11-30T16:00:00.000Z'))).toBe('2026-12');
});
it('counts what comes after the cut-off for the next day', () => {
  const early = daysOf({ zone: 'Asia/Shanghai', cutOffMinute: 22 * 60 });
  expect(early.dateOf(at('2026-11-30T13:59:59.999Z'))).toBe('2026-11-30');
  expect(early.dateOf(at('2026-11-30T14:00:00.000Z'))).toBe('2026-12-01');
  expect(early.dateOf(at('2026-11-30T16:30:00.000Z'))).toBe('2026-12-01');
});
it('follows summer time and odd offsets', () => {
  const newYork = daysOf({ zone: 'America/New_York', cutOffMinute: 0 });
  expect(newYork.dateOf(at('2026-07-01T03:59:00Z'))).toBe('2026-06-30');
  expect(newYork.dateOf(at('2026-12-01T04:59:00Z'))).toBe('2026-11-30');
  expect(daysOf({ zone: 'Asia/Kathmandu', cutOffMinute: 0 }).dateOf(at('2026-11-30T18:15:00Z'))).toBe('2026-12-01');
});

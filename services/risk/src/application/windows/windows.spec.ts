import fc from 'fast-check';
import { Counter, HORIZON_MS } from './counter.js';
import { Distinct, DISTINCT_MAX } from './distinct.js';
import { KeyTable } from './key-table.js';
import { keyOf, scopedKey } from './key.js';
import { RiskWindows } from './risk-windows.js';
import { instant } from '@vouchsafe/kernel';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const WINDOWS = [MINUTE, 10 * MINUTE, HOUR, DAY, 7 * DAY, 30 * DAY];
const never = (): boolean => false;

describe('a counter', () => {
  const few = fc.array(fc.tuple(fc.nat(40 * DAY), fc.integer({ min: 1, max: 5 }), fc.nat(1_000)), { maxLength: 32 });

  it('counts and sums a key of few events exactly, in whatever order they come', () => {
    fc.assert(fc.property(few, fc.nat(45 * DAY), fc.constantFrom(...WINDOWS), (events, now, window) => {
      const counter = new Counter(1_000, never);
      for (const [at, count, sum] of events) counter.add(0, at, count, sum);
      const within = events.filter(([at]) => at > now - window && at <= now);
      return counter.count(0, now, window) === within.reduce((n, [, count]) => n + count, 0)
        && counter.sum(0, now, window) === within.reduce((n, [, , sum]) => n + sum, 0);
    }));
  });

  /** How much too old an event may be and still be counted, at the far edge of each window. */
  const grain = (window: number): number => [[MINUTE, 2_000], [10 * MINUTE, 30_000], [HOUR, 2 * MINUTE], [DAY, HOUR], [30 * DAY, 12 * HOUR]]
    .filter(([upTo], i, all) => i === 0 || all[i - 1]![0]! < window || upTo! <= window).reduce((sum, [, one]) => sum + one!, 0);
  it('never misses an event of a busy key, and counts none that is more than a grain too old', () => {
    const busy = fc.array(fc.tuple(fc.constantFrom(100, 3_000, 40_000, 15 * MINUTE, 5 * HOUR), fc.integer({ min: 1, max: 60 })), { minLength: 1, maxLength: 30 });
    fc.assert(fc.property(busy, (bursts) => {
      const counter = new Counter(10_000, never);
      const all: number[] = [];
      let now = 0;
      for (const [gap, times] of bursts) {
        for (let i = 0; i < times; i++) {
          now += gap;
          counter.add(0, now, 1, 2);
          all.push(now);
        }
      }
      return WINDOWS.every((window) => {
        const counted = counter.count(0, now, window);
        const least = all.filter((at) => at > now - window).length;
        const most = all.filter((at) => at > now - window - grain(window)).length;
        return counted >= least && counted <= most && counter.sum(0, now, window) === 2 * counted;
      });
    }), { numRuns: 200 });
  });

  it('holds a bounded number of moments however many events come', () => {
    const counter = new Counter(1_000_000, never);
    for (let i = 0; i < 200_000; i++) counter.add(0, i * 15_000, 1, 0);
    expect(counter.nodes).toBeLessThan(250);
    expect(counter.count(0, 200_000 * 15_000, HORIZON_MS)).toBeGreaterThanOrEqual(HORIZON_MS / 15_000);
  });
});

it('counts different others of a sliding window, up to a bound', () => {
  fc.assert(fc.property(fc.array(fc.tuple(fc.nat(100), fc.nat(30 * DAY)), { maxLength: 60 }), fc.nat(30 * DAY), fc.constantFrom(...WINDOWS), (meetings, now, window) => {
    const distinct = new Distinct(10_000, never);
    for (const [other, at] of meetings) distinct.see(0, other, at);
    const last = new Map<number, number>();
    for (const [other, at] of meetings) last.set(other, Math.max(at, last.get(other) ?? 0));
    const expected = [...last.values()].filter((at) => at > now - window && at <= now).length;
    return distinct.count(0, now, window) === Math.min(expected, DISTINCT_MAX);
  }));
  const crowd = new Distinct(10_000, never);
  for (let i = 0; i < 1_000; i++) crowd.see(0, i, i);
  expect(crowd.count(0, 1_000, HOUR)).toBe(DISTINCT_MAX);
});

it('forgets the key not touched for longest, with all that hung on it', () => {
  fc.assert(fc.property(fc.array(fc.nat(20), { maxLength: 200 }), (touches) => {
    const evicted: number[] = [];
    const table = new KeyTable(5, (slot) => evicted.push(slot));
    const order: number[] = [];
    for (const key of touches) {
      const before = table.find(keyOf(`tok_${key}`));
      const slot = table.touch(keyOf(`tok_${key}`));
      if (before >= 0 && before !== slot) return false;
      const at = order.indexOf(key);
      if (at >= 0) order.splice(at, 1);
      order.push(key);
      if (order.length > 5) order.shift();
      if (table.size !== order.length || order.some((one) => table.find(keyOf(`tok_${one}`)) < 0)) return false;
    }
    return new Set(order.map((key) => table.find(keyOf(`tok_${key}`)))).size === order.length;
  }));
});

it('stays within its bounds over many parties, and goes on counting those of now', () => {
  const windows = new RiskWindows({ keysPerTable: 500, momentsPerTable: 12_000 });
  for (let i = 0; i < 20_000; i++) {
    windows.order({
      channelId: 'c', parties: { buyer: `b${i}`, device: `d${i % 700}`, ip: `i${i}` }, lines: [{ productId: `p${i % 50}`, quantity: 2 }],
      total: { minor: 100n, currency: 'CNY' }, verdict: 'allow', at: instant(i * 1_000),
    });
  }
  const now = 20_000 * 1_000;
  const { buyer, device } = windows.tables;
  expect([buyer.keys.size, device.keys.size, windows.tables.ip.keys.size]).toEqual([500, 500, 500]);
  expect(buyer.count(buyer.keys.find(scopedKey('c', keyOf('b19999'))), 'orders', now, HOUR)).toBe(1);
  expect(buyer.keys.find(scopedKey('c', keyOf('b1')))).toBe(-1);
  expect(windows.products.count(windows.products.keys.find(keyOf('p7')), 'units', now, 30 * DAY)).toBe(800);
});

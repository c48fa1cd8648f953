import fc from 'fast-check';
import { RateLimit } from './rate-limit.js';

describe('a rate limit', () => {
  it('takes a burst of two seconds, then the rate, and says how long to wait', () => {
    const limit = new RateLimit(10, 100, 0);
    expect(Array.from({ length: 20 }, () => limit.take(0))).toEqual(new Array(20).fill(0));
    expect(limit.take(0)).toBe(100);
    expect(limit.take(100)).toBe(0);
    expect(limit.rate()).toEqual({ limit: 20, remaining: 0, resetMs: 2_000 });
  });
  it('bounds calls at once', () => {
    const limit = new RateLimit(1_000, 2, 0);
    expect([limit.take(0), limit.take(0), limit.take(0)]).toEqual([0, 0, 100]);
    limit.done();
    expect(limit.take(0)).toBe(0);
  });
  it('never lets more than burst and rate through, whenever they come', () => {
    fc.assert(fc.property(fc.array(fc.nat(500), { maxLength: 200 }), (gaps) => {
      const limit = new RateLimit(5, 1_000, 0);
      let now = 0;
      let taken = 0;
      for (const gap of gaps) {
        now += gap;
        if (limit.take(now) === 0) taken++;
      }
      return taken <= 10 + Math.ceil((now / 1000) * 5);
    }));
  });
});

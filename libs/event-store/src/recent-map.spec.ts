import * as fc from 'fast-check';
import { RecentMap } from './recent-map.js';

describe('a memory of what was used lately', () => {
  it('holds what was used among the last half of its keys, and never more than it may', () => {
    const step = fc.record({ what: fc.constantFrom('get', 'set', 'delete'), key: fc.integer({ min: 0, max: 12 }).map(String) });
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 9 }), fc.array(step, { maxLength: 200 }), (max, steps) => {
        const [map, values, used] = [new RecentMap<number>(max), new Map<string, number>(), [] as string[]];
        steps.forEach(({ what, key }, i) => {
          const lately = used.filter((other, at) => used.indexOf(other) === at).slice(0, Math.floor(max / 2));
          if (what === 'get') {
            const value = map.get(key);
            if (lately.includes(key)) expect(value).toBe(values.get(key));
            else expect([undefined, values.get(key)]).toContain(value);
            if (value !== undefined) used.unshift(key);
          } else if (what === 'set') {
            map.set(key, i);
            values.set(key, i);
            used.unshift(key);
          } else {
            map.delete(key);
            values.delete(key);
            expect(map.get(key)).toBeUndefined();
          }
          expect(map.size).toBeLessThanOrEqual(max);
        });
      }),
    );
  });
});

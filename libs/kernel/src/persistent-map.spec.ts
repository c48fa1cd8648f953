import fc from 'fast-check';
import { PersistentMap } from './persistent-map.js';

type Step = { readonly from: number; readonly key: number; readonly value: number | undefined; readonly read: number };
const step: fc.Arbitrary<Step> = fc.record({
  from: fc.nat(), key: fc.nat(30), value: fc.option(fc.nat(3), { nil: undefined }), read: fc.nat(),
});
const KEYS = Array.from({ length: 31 }, (_, k) => k);
const contentOf = (map: PersistentMap<number, number>): unknown => new Map(map);

describe('a persistent map', () => {
  it('keeps every version as it was, whichever of them the next is made from and whichever is read', () => {
    fc.assert(
      fc.property(fc.array(step, { minLength: 40, maxLength: 100 }), (steps) => {
        const versions = [{ map: PersistentMap.empty<number, number>(), plain: new Map<number, number>() }];
        for (const { from, key, value, read } of steps) {
          const { map, plain } = versions[from % versions.length]!;
          const next = new Map(plain);
          if (value === undefined) next.delete(key);
          else next.set(key, value);
          versions.push({ map: value === undefined ? map.delete(key) : map.set(key, value), plain: next });
          const one = versions[read % versions.length]!;
          expect(KEYS.map((k) => one.map.get(k))).toEqual(KEYS.map((k) => one.plain.get(k)));
          expect(KEYS.filter((k) => one.map.has(k))).toHaveLength(one.plain.size);
          expect(one.map.size).toBe(one.plain.size);
        }
        for (const { map, plain } of versions) {
          expect(contentOf(map)).toEqual(plain);
          expect(map.values().toSorted()).toEqual([...plain.values()].toSorted());
        }
      }),
    );
  });

  it('is the same map where nothing changed', () => {
    const map = PersistentMap.of([['a', 1]]);
    expect(map.set('a', 1)).toBe(map);
    expect(map.delete('b')).toBe(map);
  });

  it('may be changed while it is gone through', () => {
    const map = PersistentMap.of([['a', 1], ['b', 2]]);
    let left = map;
    for (const [key] of map) left = left.delete(key);
    expect([left.size, map.size]).toEqual([0, 2]);
  });

  it('is equal to another of the same content, whatever came before', () => {
    expect(PersistentMap.empty<string, number>().set('a', 1).set('b', 2).delete('a')).toEqual(PersistentMap.of([['b', 2]]));
    expect(PersistentMap.of([['b', 3]])).not.toEqual(PersistentMap.of([['b', 2]]));
  });
});

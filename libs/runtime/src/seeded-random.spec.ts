import fc from 'fast-check';
import { seededRandom } from './seeded-random.js';

it('gives the same sequence for the same seed, on every machine and for ever', () => {
  const random = seededRandom(42);
  expect([random.bytes(6).toString('hex'), random.fraction(), random.fraction()]).toEqual(['ac1c1ea9e936', 0.11170196393504739, 0.8149394164793193]);
  fc.assert(fc.property(fc.integer(), (seed) => {
    const [a, b] = [seededRandom(seed), seededRandom(seed)];
    expect(a.bytes(33)).toEqual(b.bytes(33));
    expect(a.fraction()).toBe(b.fraction());
  }));
});

it('is another sequence for another seed, spread evenly', () => {
  expect(seededRandom(1).bytes(16)).not.toEqual(seededRandom(2).bytes(16));
  const random = seededRandom(7);
  const tenths = new Array<number>(10).fill(0);
  for (let i = 0; i < 100_000; i++) tenths[Math.floor(random.fraction() * 10)]!++;
  for (const count of tenths) expect(Math.abs(count - 10_000)).toBeLessThan(500);
});

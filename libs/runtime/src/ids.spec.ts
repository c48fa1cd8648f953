import { createHash } from 'node:crypto';
import * as fc from 'fast-check';
import type { Instant } from '@vouchsafe/kernel';
import { createIds, eventIdOf, uuidv5 } from './ids.js';
import { seededRandom } from './seeded-random.js';
import { systemClock } from './clock.js';

/** RFC 9562 §5.5 in so many words. */
const byTheBook = (name: string): string => {
  const bytes = createHash('sha1').update(Buffer.from('6f3c1f6e8a0b4c55b7d94d2f0c9a7e11', 'hex')).update(name, 'utf8').digest().subarray(0, 16);
  bytes[6] = (bytes[6]! & 0x0f) | 0x50;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
};

describe('ids', () => {
  it('are named by RFC 9562, whatever the name', () => {
    fc.assert(fc.property(fc.string({ unit: 'grapheme', maxLength: 2_000 }), (name) => expect(uuidv5(name)).toBe(byTheBook(name))));
    for (const length of [0, 1, 1023, 1024, 1025, 5000]) expect(uuidv5('礼'.repeat(length))).toBe(byTheBook('礼'.repeat(length)));
  });

  it('of events never change', () => {
    expect(eventIdOf('ord_1/reserve1', 0)).toBe('9ef82cca-f25a-52e4-af4e-1bdee68c11d8');
    const commandId = fc.oneof(fc.string({ unit: 'grapheme', maxLength: 50 }), fc.integer({ min: 1000, max: 1030 }).map((length) => '礼'.repeat(length)));
    fc.assert(fc.property(commandId, fc.nat(), (id, index) => expect(eventIdOf(id, index)).toBe(byTheBook(`event/${id}/${index}`))));
  });

  it('are minted as ever: the time, then chance, in digits that sort', () => {
    const ids = createIds({ ...systemClock(), now: () => 1_760_000_000_123 as Instant }, seededRandom(7));
    expect([ids.mint('batch'), ids.mint('batch')]).toEqual(['bat_01k742sg3v40hdrezfn4gr6tft', 'bat_01k742sg3v2kx84ay0t1b33pha']);
  });

  it('minted at random are of version 4', () => {
    expect(createIds(systemClock(), seededRandom(1)).uuid()).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  });
});

import fc from 'fast-check';
import { activated } from '../testing/samples.js';
import { bucketsWith, grantRanges, type GrantBucket } from './grant-ranges.js';

it('finds exactly the grants that hold a unit, whatever their sizes', () => {
  const range = fc.record({ from: fc.nat(600), size: fc.oneof(fc.constant(1), fc.integer({ min: 2, max: 20 }), fc.integer({ min: 1, max: 256 })) });
  fc.assert(fc.property(fc.array(fc.array(range, { minLength: 1, maxLength: 3 }), { maxLength: 12 }), fc.nat(900), (grants, index) => {
    const buckets = new Map<string, GrantBucket | undefined>();
    grants.forEach((ranges, n) => {
      const event = activated({ ranges: ranges.map(({ from, size }) => ({ batchId: 'bat_1', from, to: from + size })) });
      const meta = { stream: `grant-${n}`, revision: 0, occurredAt: 0, recordedAt: 0, correlation: '', principal: '', id: '' };
      const ids = grantRanges.idsOf(event, meta);
      expect(ids.length).toBeLessThanOrEqual(2 * ranges.length);
      for (const id of ids) buckets.set(id, grantRanges.apply(buckets.get(id), event, meta, id));
    });
    const found = bucketsWith({ batchId: 'bat_1', index }).flatMap((id) => buckets.get(id)?.ranges ?? []).filter(({ from, to }) => index >= from && index < to);
    const wanted = grants.flatMap((ranges, n) => (ranges.some(({ from, size }) => index >= from && index < from + size) ? [`grant-${n}`] : []));
    expect([...new Set(found.map(({ stream }) => stream))].sort()).toEqual(wanted.sort());
  }));
});

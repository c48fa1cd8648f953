import fc from 'fast-check';
import type { Entry } from '../domain/entry.js';
import { fingerprintOf } from '../domain/fingerprint.js';
import { aDelivery, DAY, NOON, theEntry } from '../testing/builders.js';
import { ledgerCodec } from './codecs.js';
import { entryShape } from './entry-shape.js';
import { GOLDEN } from './golden.js';

it.each(GOLDEN)('reads and writes $type as it lies in logs', ({ type, data, event }) => {
  expect(ledgerCodec.decode(type, data)).toEqual(event);
  expect(ledgerCodec.encode(event)).toEqual({ type, data });
});
it('has a sample of every version', () => expect(GOLDEN.map(({ type }) => type).sort()).toEqual([...ledgerCodec.types].sort()));

it('keeps the fingerprint of a fact for ever', () => expect(fingerprintOf(aDelivery())).toBe(7037851031885665));

it('brings any entry back as it was', () => {
  const text = fc.string({ unit: fc.constantFrom('^', '/', 'a', 'ord_1', '_'), maxLength: 6 });
  const maybe = fc.option(text, { nil: undefined });
  const dims = fc.record({ businessLine: maybe, productId: maybe, supplierId: maybe, batchId: maybe }).map((all) => Object.fromEntries(Object.entries(all).filter(([, v]) => v !== undefined)));
  const posting = fc.record({ account: text, minor: fc.bigInt({ min: -(10n ** 30n), max: 10n ** 30n }), currency: fc.constantFrom('CNY', 'USD'), dims });
  const entry = fc.record({ factId: text, orderId: maybe, lineId: maybe, postings: fc.array(posting, { maxLength: 6 }) }).map(
    ({ orderId, lineId, ...rest }): Entry => ({
      kind: 'Adjusted', bookId: 'bok_main', occurredAt: NOON, businessDate: DAY, ...(orderId !== undefined && { orderId }), ...(lineId !== undefined && { lineId }), ...rest,
    }),
  );
  fc.assert(fc.property(entry, (one) => expect(entryShape.read(JSON.parse(JSON.stringify(entryShape.write(one))), 'entry')).toEqual(one)));
});

it('writes a one-unit delivery in half a kilobyte', () => {
  expect(JSON.stringify(entryShape.write(theEntry())).length).toBeLessThan(512);
});

import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { EventCodec, Json } from '@vouchsafe/codec';
import type { RecordedEvent } from '@vouchsafe/event-store';
import type { BatchEvent, BatchPlan } from '../domain/batch.js';
import type { BuyerLimitEvent } from '../domain/buyer-limit.js';
import { BATCH, claim, later, PRODUCT, T0, terms, units } from '../domain/stock.samples.js';
import type { StockEvent } from '../domain/stock-types.js';
import { batchCodec, buyerLimitCodec, stockCodec } from './codecs.js';
import { toIntegration } from './integration.js';

const money = (minor: bigint) => ({ minor, currency: 'CNY' });
const who = { ...claim(1), buyerToken: 'tok_a' };
const ranges = [units(0, 2, { validUntil: later(1e9) }), units(5, 6)];
const plan: BatchPlan = {
  batchId: BATCH, importId: 'imp_a', productId: PRODUCT, terms, fromPrepayment: true, uses: 2, validUntil: later(5), zone: 'Asia/Shanghai', lowStockAt: 5,
  source: { type: 'file', format: { encoding: 'GB18030', delimiter: ',', header: true, columns: ['number', 'code', 'expiry', 'ignore'] } },
};
const vault = { rows: 3, hash: 'ab' };
/** One of each, with every field. */
const stock: readonly StockEvent[] = [
  { type: 'StockReceived', batchId: BATCH, productId: PRODUCT, terms, segments: ranges, quantity: 3, lowStockAt: 5, at: T0 },
  { type: 'VouchersReserved', claim: who, quantity: 3, ranges, heldUntil: later(2), notAfter: later(1), at: T0 },
  { type: 'VouchersReserved', claim: { ...claim(1), reservationId: 'rsv_1.1' }, quantity: 1, ranges: [units(5, 6)], heldUntil: later(2), notAfter: later(1), at: T0 },
  { type: 'ReservationCommitted', claim: who, quantity: 3, ranges, at: T0 },
  { type: 'ReservationReleased', claim: who, quantity: 3, ranges, was: 'committed', reason: 'CANCELLED', notAfter: later(1), at: T0 },
  { type: 'ReleaseRemembered', reservationId: 'rsv_9', notAfter: later(1), at: T0 },
  { type: 'ReservationsExpired', expired: [{ claim: who, quantity: 3 }], quantity: 3, at: T0 },
  { type: 'UnitsReturned', refundId: 'rfd_1', claim: who, quantity: 3, ranges, at: T0 },
  { type: 'BatchRecalled', batchId: BATCH, reason: 'bad', at: T0 },
  { type: 'UnitsLost', factId: `lost_${BATCH}_0`, batchId: BATCH, productId: PRODUCT, terms, quantity: 3, cost: money(10n), inputTax: money(1n), reason: 'voided', note: 'torn', ranges, at: T0 },
  { type: 'PoolHeld', epoch: 2, at: T0 },
  { type: 'PoolHoldReleased', epoch: 2, at: T0 },
  { type: 'StockAvailable', productId: PRODUCT, free: 3 },
  { type: 'StockExhausted', productId: PRODUCT, free: 0 },
  { type: 'StockLow', productId: PRODUCT, free: 2 },
];
const limits: readonly BuyerLimitEvent[] = [
  { type: 'BuyerQuantityTaken', reservationId: 'rsv_1', productId: PRODUCT, quantity: 2, notAfter: later(1), at: T0 },
  { type: 'BuyerQuantityGivenBack', reservationId: 'rsv_1', giveBackId: 'rfd_1', quantity: 1, at: T0 },
];
const batches: readonly BatchEvent[] = [
  { type: 'BatchStarted', plan, at: T0 },
  { type: 'ContentFinished', bytes: 30, at: T0 },
  { type: 'BatchSealed', vault, refused: 1, segments: ranges, at: T0 },
  { type: 'ImportCompleted', plan: { ...plan, source: { type: 'mint', plan: { quantity: 3, pattern: '****', alphabet: 'AB', randomBits: 80 } } }, vault, quantity: 6, cost: money(2_000n), inputTax: money(260n), segments: ranges, at: T0 },
  { type: 'ImportAborted', batchId: BATCH, reason: 'wrong file', at: T0 },
  { type: 'BatchErased', batchId: BATCH, reason: 'end', at: T0 },
  { type: 'ImportSettled', batchId: BATCH, at: T0 },
];
const each = <E extends { readonly type: string }>(codec: EventCodec<E>, events: readonly E[]) =>
  events.map((event) => ({ event: event, written: codec.encode(event), read: (type: string, data: unknown): unknown => codec.decode(type, data), isPublished: codec.isPublished }));
const all = [...each(stockCodec, stock), ...each(buyerLimitCodec, limits), ...each(batchCodec, batches)];
const written = all.map((one) => one.written);
const recorded = ({ type, data }: { type: string; data: Json }): RecordedEvent => ({ type, data }) as RecordedEvent;
const samples = JSON.parse(readFileSync(path.join(__dirname, 'samples.json'), 'utf8')) as { type: string; data: unknown }[];

it.each(all.map((one) => [one.event.type, one] as const))('%s is read back as it was written', (_, { event, written: { type, data }, read }) => {
  expect(read(type, JSON.parse(JSON.stringify(data)))).toEqual(event);
});
/** Never edited, never deleted: what was once written must be read for ever. */
it('reads every golden sample, and writes the newest as they stand there', () => {
  expect(samples).toEqual(JSON.parse(JSON.stringify(written)));
});
it('gives every published event, and no other, an integration event', () => {
  for (const { written: event, isPublished } of all) expect(toIntegration(recorded(event)) !== undefined).toBe(isPublished(event.type));
  const lost = written.find(({ type }) => type === 'inventory.UnitsLost.v1')!;
  expect(toIntegration(recorded(lost))).toEqual({
    type: 'inventory.StockLost.v1',
    data: {
      factId: `lost_${BATCH}_0`, batchId: BATCH, productId: PRODUCT, supplierId: 'sup_leaf', bookId: 'book_main', businessLine: 'tea', terms: 'purchased', presentation: 'principal',
      quantity: 3, cost: { minor: '10', currency: 'CNY' }, inputTax: { minor: '1', currency: 'CNY' }, returnable: 0, reason: 'voided',
    },
  });
});

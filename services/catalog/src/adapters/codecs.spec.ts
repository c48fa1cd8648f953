import { readFileSync } from 'node:fs';
import path from 'node:path';
import { instant } from '@vouchsafe/kernel';
import { aChannel, aListing, aPriceList, aProduct, aSupplier, tier } from '../testing/catalogue.js';
import { bookCodec, channelCodec, listingCodec, priceListCodec, productCodec, productGroupCodec, quoteCodec, storeCodec, supplierCodec } from './codecs.js';

const samples = JSON.parse(readFileSync(path.join(__dirname, 'samples.json'), 'utf8')) as { type: string; data: unknown }[];
const at = instant(1_772_413_200_000);
const name = { zh: '名', en: 'name' };
const whole = <S>(spec: S) => ({ id: 'x_1', version: 1, spec, asked: { id: 'r', print: 'p' }, at });
const topUp = {
  provider: 'sandbox', providerSku: 'phone-10', costMicros: 9_750_000n, inputTaxRateBp: 900, guardMs: 600_000, giveUpMs: 1,
  accountFields: [{ name: 'phone', label: name, pattern: '1[0-9]{10}', required: true }],
};
const usage = { ...aProduct().usage, validFrom: at, validUntil: at, validDays: 3, fromMinute: 1, toMinute: 2 };
/** One of each, with every field. */
const events = [
  [bookCodec, { type: 'BookCreated', ...whole({ name, zone: 'UTC', cutOffMinute: 60 }) }],
  [productGroupCodec, { type: 'ProductGroupCreated', ...whole({ name, description: name }) }],
  [supplierCodec, { type: 'SupplierCreated', ...whole(aSupplier({ presentation: 'agent', bookId: 'bok_b' })) }],
  [productCodec, { type: 'ProductCreated', ...whole(aProduct({ description: name, instructions: name, pictureUrls: ['u'], groupId: 'pgr_a', presentation: 'agent', supplierId: 'sup_a', bookId: 'bok_b', usage, topUp, owedMicros: 1n, labels: { a: 'b' } })) }],
  [channelCodec, { type: 'ChannelCreated', ...whole(aChannel({ parentId: 'chn_p', settlement: 'consumer_pay', currency: 'CNY', bookId: 'bok_b', paymentProvider: 'sandbox', paymentWindowMs: 900_000 })) }],
  [priceListCodec, { type: 'PriceListCreated', ...whole(aPriceList('chn_a', { prd_a: '9.123456' }, { from: at, until: at, floor: '8', tiers: [tier(10, '9', 'gold')] })) }],
  [listingCodec, { type: 'ListingCreated', ...whole(aListing('chn_a', 'prd_a', { from: at, until: at, quota: 5, buyerLimit: 1, minRemainingValidityMs: 1 })) }],
  [storeCodec, { type: 'StoreCreated', ...whole({ name, zone: 'UTC', address: name, bookId: 'bok_b', merchantId: 'mer_a', commissionBp: 500, commissionTaxRateBp: 600 }) }],
  [storeCodec, { type: 'TerminalCreated', ...whole({ storeId: 'sto_a', name, scenes: ['counter'], suspended: false }) }],
  [quoteCodec, { type: 'PriceQuoted', quoteId: 'quo_1', channelId: 'chn_a', expiresAt: at, terms: { any: ['json'] }, at }],
] as const;

it.each(events)('reads back what it wrote', (codec, event) => {
  const { type, data } = (codec.encode as (event: unknown) => { type: string; data: unknown })(event);
  expect(codec.decode(type, JSON.parse(JSON.stringify(data)))).toEqual(event);
});

/** Never edited, never deleted: what was once written must be read for ever. */
it('reads every golden sample of its events, and writes the newest as they stand there', () => {
  const written = events.map(([codec, event]) => (codec.encode as (event: unknown) => unknown)(event));
  expect(samples).toEqual(JSON.parse(JSON.stringify(written)));
  for (const { type, data } of samples) expect(events.some(([codec]) => codec.decode(type, data) !== undefined)).toBe(true);
});

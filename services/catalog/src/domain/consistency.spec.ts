import { instant } from '@vouchsafe/kernel';
import { aChannel, aListing, aPriceList, aProduct, aSupplier, catalogueOf, tier } from '../testing/catalogue.js';
import { problemsOf } from './consistency.js';
import type { Kind, Specs } from './kinds.js';

const name = { zh: '名', en: 'name' };
const terms = catalogueOf({
  Book: { bok_b: { name, zone: 'UTC', cutOffMinute: 0 } },
  Supplier: { sup_a: aSupplier(), sup_b: aSupplier({ bookId: 'bok_b' }) },
  Channel: {
    chn_1: aChannel({ settlement: 'prepaid' }), chn_2: aChannel({ parentId: 'chn_1' }), chn_3: aChannel({ parentId: 'chn_2' }), chn_4: aChannel({ parentId: 'chn_3' }),
    chn_5: aChannel({ parentId: 'chn_4' }), chn_usd: aChannel({ settlement: 'credit', currency: 'USD' }),
  },
  Product: { prd_a: aProduct({ supplierId: 'sup_a' }), prd_b: aProduct({ supplierId: 'sup_b' }) },
  PriceList: { plt_1: aPriceList('chn_1', { prd_a: '9' }, { floor: '8', until: instant(1_000) }) },
  Listing: { lst_a: aListing('chn_1', 'prd_a', { from: instant(0), until: instant(100) }) },
  Store: { sto_a: { name, zone: 'UTC', commissionBp: 0, commissionTaxRateBp: 0 }, sto_b: { name, zone: 'UTC', commissionBp: 0, commissionTaxRateBp: 0 } },
  Terminal: { trm_a: { storeId: 'sto_a', name, scenes: [], suspended: false } },
});
const found = <K extends Kind>(kind: K, spec: Specs[K], id = 'new'): readonly string[] => problemsOf(terms, kind, id, spec).map(({ field, code }) => `${field} ${code}`);

it('finds nothing wrong with what fits', () => {
  expect([
    ...found('Product', aProduct({ supplierId: 'sup_a' })), ...found('Channel', aChannel({ parentId: 'chn_1' })), ...found('Listing', aListing('chn_2', 'prd_a')),
    ...found('PriceList', aPriceList('chn_2', { prd_a: '8' })), ...found('Listing', aListing('chn_1', 'prd_a', { from: instant(100) })),
  ]).toEqual([]);
});

it.each([
  ['a product of a supplier that is not there', found('Product', aProduct({ supplierId: 'sup_gone' })), ['supplierId REFERENCE_UNKNOWN']],
  ['a top-up without terms and supplier', found('Product', aProduct({ kind: 'top_up' })), ['supplierId FIELD_REQUIRED', 'topUp FIELD_REQUIRED']],
  ['a code that is used in parts', found('Product', aProduct({ usage: { ...aProduct().usage, usage: 'times', times: 3 } })), ['usage/kind FIELD_NOT_ALLOWED']],
  ['a balance of nothing', found('Product', aProduct({ kind: 'own_voucher', faceMinor: 0n, usage: { ...aProduct().usage, usage: 'balance' } })), ['faceValue FIELD_REQUIRED']],
  ['a product in other books than its supplier’s', found('Product', aProduct({ supplierId: 'sup_a', bookId: 'bok_b' })), ['supplierId BOOK_DIFFERS']],
  ['a voucher for a store that is not there', found('Product', aProduct({ usage: { ...aProduct().usage, storeIds: ['sto_gone'] } })), ['usage/storeIds/0 REFERENCE_UNKNOWN']],
  ['a channel below one that is not there', found('Channel', aChannel({ parentId: 'chn_gone' })), ['parentId REFERENCE_UNKNOWN']],
  ['a channel below itself', found('Channel', aChannel({ parentId: 'chn_1' }), 'chn_1'), ['parentId REFERENCE_UNKNOWN']],
  ['a channel on a sixth level', found('Channel', aChannel({ parentId: 'chn_5' })), ['parentId TREE_TOO_DEEP']],
  ['a channel in another money than its parent', found('Channel', aChannel({ parentId: 'chn_1', currency: 'USD' })), ['currency CURRENCY_DIFFERS']],
  ['a root where nobody settles', found('Channel', aChannel()), ['settlement ROOT_MUST_SETTLE']],
  ['payment by the consumer without a provider', found('Channel', aChannel({ settlement: 'consumer_pay' })), ['paymentProvider FIELD_REQUIRED']],
  ['a price list in another money than its channel', found('PriceList', aPriceList('chn_usd', { prd_a: '9' })), ['currency CURRENCY_DIFFERS']],
  ['a price under its own floor', found('PriceList', aPriceList('chn_2', { prd_a: '7' }, { floor: '7.5' })), ['entries/0/unitPrice PRICE_BELOW_FLOOR']],
  ['a tier under the floor of the channel above', found('PriceList', aPriceList('chn_2', { prd_a: '9' }, { tiers: [tier(10, '7.99')] })), ['entries/0/tiers/0/unitPrice PRICE_BELOW_FLOOR']],
  ['a price under a floor whose time is over', found('PriceList', aPriceList('chn_2', { prd_a: '1' }, { from: instant(1_000) })), []],
  ['a listing of other books', found('Listing', aListing('chn_1', 'prd_b')), ['productId BOOK_DIFFERS']],
  ['two listings open at once', found('Listing', aListing('chn_1', 'prd_a', { from: instant(99) })), ['openFrom LISTING_OVERLAPS']],
  ['a listing that takes at least more than at most', found('Listing', aListing('chn_2', 'prd_a', { minQuantity: 3, maxQuantity: 2 })), ['minQuantity FIELD_NOT_ALLOWED']],
  ['a till that stands in another store', found('Terminal', { storeId: 'sto_b', name, scenes: [], suspended: false }, 'trm_a'), ['storeId FIELD_IMMUTABLE']],
  ['a till of no store', found('Terminal', { storeId: 'sto_gone', name, scenes: [], suspended: false }), ['storeId REFERENCE_UNKNOWN']],
])('refuses %s', (_, problems, expected) => expect(problems).toEqual(expected));

it('refuses a product that is twice in one list', () => {
  const [entry] = aPriceList('chn_1', { prd_a: '9' }).entries;
  expect(found('PriceList', { ...aPriceList('chn_1', {}), entries: [entry!, entry!] })).toEqual(['entries/1/productId PRODUCT_TWICE']);
});

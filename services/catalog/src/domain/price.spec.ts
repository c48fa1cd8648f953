import fc from 'fast-check';
import { type Instant, instant, lineAmount } from '@vouchsafe/kernel';
import { aChannel, aListing, aPriceList, aProduct, aSupplier, catalogueOf, micros, put, tier } from '../testing/catalogue.js';
import { type PriceAsk, type PricedLine, priceLines, type PriceRejection } from './price.js';
import { presentationOf, type Terms } from './terms.js';

const DAY = (n: number): Instant => instant(Date.UTC(2026, 0, n));
const ask = (quantity: number, more: Partial<PriceAsk> = {}): PriceAsk => ({ channelId: 'chn_shop', lines: [{ lineId: 'l1', productId: 'prd_a', quantity }], at: DAY(10), ...more });
const priced = (terms: Terms, question: PriceAsk): PricedLine => {
  const answer = priceLines(terms, question);
  if (!answer.ok) throw new Error(answer.code);
  return answer.lines[0]!;
};
const refused = (terms: Terms, question: PriceAsk): PriceRejection | undefined => {
  const answer = priceLines(terms, question);
  return answer.ok ? undefined : answer.code;
};
/** One product on one shop. */
const shop = () =>
  catalogueOf({
    Channel: { chn_shop: aChannel({ settlement: 'prepaid' }) }, Product: { prd_a: aProduct() }, Listing: { lst_a: aListing('chn_shop', 'prd_a') },
    PriceList: { plt_a: aPriceList('chn_shop', { prd_a: '9.90' }, { tiers: [tier(10, '9.5'), tier(100, '9.123456'), tier(1, '9.4', 'gold'), tier(100, '8', 'gold')] }) },
  });

describe('a unit price', () => {
  it.each([
    [1, undefined, '9.9', 990n],
    [9, undefined, '9.9', 8910n],
    [10, undefined, '9.5', 9500n],
    [99, undefined, '9.5', 94050n],
    // 100 × 9.123456 = 912.3456: the line is rounded, not the unit.
    [100, undefined, '9.123456', 91235n],
    [1, 'gold', '9.4', 940n],
    [50, 'gold', '9.4', 47000n],
    [100, 'gold', '8', 80000n],
    [100, 'silver', '9.123456', 91235n],
  ])('of %i units for member tier %s is %s', (quantity, memberTier, price, gross) => {
    const line = priced(shop(), ask(quantity, { ...(memberTier !== undefined && { memberTier }) }));
    expect([line.source.unitMicros, line.gross]).toEqual([micros(price), { minor: gross, currency: 'CNY' }]);
  });

  it('comes from the list of higher priority, then of the later start, within its window', () => {
    const terms = shop();
    put(terms, 'PriceList', {
      plt_sale: aPriceList('chn_shop', { prd_a: '5' }, { from: DAY(5), until: DAY(8) }), plt_new: aPriceList('chn_shop', { prd_a: '9' }, { from: DAY(9) }),
      plt_vip: aPriceList('chn_shop', { prd_a: '7' }, { from: DAY(20), priority: 1 }),
    });
    const at = (day: number): string => priced(terms, ask(1, { at: DAY(day) })).source.priceListId;
    expect([at(1), at(5), at(7), at(8), at(9), at(20)]).toEqual(['plt_a', 'plt_sale', 'plt_sale', 'plt_a', 'plt_new', 'plt_vip']);
  });

  it('is the nearest ancestor’s where a channel has none of its own', () => {
    const terms = shop();
    put(terms, 'Channel', { chn_sub: aChannel({ parentId: 'chn_shop' }) });
    put(terms, 'Listing', { lst_sub: aListing('chn_sub', 'prd_a') });
    expect(priced(terms, ask(1, { channelId: 'chn_sub' })).source).toMatchObject({ channelId: 'chn_shop', unitMicros: micros('9.9') });
  });

  it('is the same for the same question, and never higher for more units or for a member', () => {
    const price = fc.bigInt({ min: 0n, max: 10_000_000_000n });
    const anyTier = fc.record({ minQuantity: fc.integer({ min: 1, max: 200 }), unitMicros: price }, { requiredKeys: ['minQuantity', 'unitMicros'] });
    const anyMemberTier = fc.record({ minQuantity: fc.integer({ min: 1, max: 200 }), unitMicros: price, memberTier: fc.constantFrom('gold', 'silver') });
    fc.assert(fc.property(price, fc.array(fc.oneof(anyTier, anyMemberTier), { maxLength: 6 }), fc.integer({ min: 1, max: 300 }), fc.integer({ min: 1, max: 300 }), (base, tiers, a, b) => {
      const terms = shop();
      put(terms, 'PriceList', { plt_a: { ...aPriceList('chn_shop', {}), entries: [{ productId: 'prd_a', unitMicros: base, tiers }] } });
      const unit = (quantity: number, memberTier?: string): bigint => priced(terms, ask(quantity, { ...(memberTier && { memberTier }) })).source.unitMicros;
      const [few, many] = [Math.min(a, b), Math.max(a, b)];
      return unit(many) <= unit(few) && unit(few, 'gold') <= unit(few) && unit(few) === unit(few) && unit(few) <= base;
    }));
  });

  it('times its quantity, rounded once, is the line; lines add up to the total', () => {
    fc.assert(fc.property(fc.array(fc.tuple(fc.bigInt({ min: 0n, max: 99_999_999_999n }), fc.integer({ min: 1, max: 10_000 })), { minLength: 1, maxLength: 8 }), (wanted) => {
      const ids = wanted.map((_, i) => `prd_${i}`);
      const terms = catalogueOf({
        Channel: { chn_shop: aChannel({ settlement: 'credit' }) }, Product: Object.fromEntries(ids.map((id) => [id, aProduct()])),
        Listing: Object.fromEntries(ids.map((id) => [`lst_${id}`, aListing('chn_shop', id)])),
        PriceList: { plt: { ...aPriceList('chn_shop', {}), entries: wanted.map(([unitMicros], i) => ({ productId: ids[i]!, unitMicros, tiers: [] })) } },
      });
      const answer = priceLines(terms, ask(1, { lines: wanted.map(([, quantity], i) => ({ lineId: `${i}`, productId: ids[i]!, quantity })) }));
      if (!answer.ok) return false;
      const expected = wanted.map(([unitMicros, quantity]) => lineAmount(unitMicros, quantity, 'CNY').minor);
      return answer.lines.every(({ gross }, i) => gross.minor === expected[i]) && answer.total.minor === expected.reduce((a, b) => a + b, 0n);
    }));
  });
});

describe('an order is not priced', () => {
  const cases: readonly { code: PriceRejection; what: string; change: (terms: ReturnType<typeof shop>) => void; more?: Partial<PriceAsk> }[] = [
    { code: 'CHANNEL_UNKNOWN', what: 'on a channel that is not there', change: () => {}, more: { channelId: 'chn_gone' } },
    { code: 'CHANNEL_SUSPENDED', what: 'on a suspended channel', change: (t) => put(t, 'Channel', { chn_shop: aChannel({ settlement: 'prepaid', suspended: true }) }) },
    { code: 'CHANNEL_DOES_NOT_SETTLE', what: 'where nobody settles', change: (t) => put(t, 'Channel', { chn_shop: aChannel() }) },
    { code: 'NOT_LISTED', what: 'of a product that is not there', change: () => {}, more: { lines: [{ lineId: 'x', productId: 'prd_gone', quantity: 1 }] } },
    { code: 'NOT_LISTED', what: 'of a product listed elsewhere only', change: (t) => put(t, 'Product', { prd_b: aProduct() }), more: { lines: [{ lineId: 'x', productId: 'prd_b', quantity: 1 }] } },
    { code: 'NOT_LISTED', what: 'of a withdrawn product', change: (t) => put(t, 'Product', { prd_a: aProduct({ withdrawn: true }) }) },
    { code: 'LISTING_NOT_OPEN', what: 'before its listing opens', change: (t) => put(t, 'Listing', { lst_a: aListing('chn_shop', 'prd_a', { from: DAY(11) }) }) },
    { code: 'LISTING_NOT_OPEN', what: 'at the instant it closes', change: (t) => put(t, 'Listing', { lst_a: aListing('chn_shop', 'prd_a', { until: DAY(10) }) }) },
    { code: 'QUANTITY_NOT_ALLOWED', what: 'of none', change: () => {}, more: { lines: [{ lineId: 'x', productId: 'prd_a', quantity: 0 }] } },
    { code: 'QUANTITY_NOT_ALLOWED', what: 'of a negative quantity', change: () => {}, more: { lines: [{ lineId: 'x', productId: 'prd_a', quantity: -3 }] } },
    { code: 'QUANTITY_NOT_ALLOWED', what: 'of more than a line takes', change: () => {}, more: { lines: [{ lineId: 'x', productId: 'prd_a', quantity: 10_001 }] } },
    { code: 'QUANTITY_NOT_ALLOWED', what: 'of less than the listing asks for', change: (t) => put(t, 'Listing', { lst_a: aListing('chn_shop', 'prd_a', { minQuantity: 2 }) }) },
    { code: 'NO_PRICE', what: 'without a price at that time', change: (t) => put(t, 'PriceList', { plt_a: aPriceList('chn_shop', { prd_a: '1' }, { until: DAY(9) }) }) },
    { code: 'MIXED_BOOKS', what: 'of a product of other books', change: (t) => {
      put(t, 'Book', { bok_b: { name: { zh: 'b', en: 'b' }, zone: 'UTC', cutOffMinute: 0 } });
      put(t, 'Product', { prd_a: aProduct({ bookId: 'bok_b' }) });
    } },
    { code: 'OVERFLOW', what: 'beyond what money can hold', change: (t) => put(t, 'PriceList', { plt_a: aPriceList('chn_shop', { prd_a: '99999999999999' }) }), more: { lines: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10].map((n) => ({ lineId: `${n}`, productId: 'prd_a', quantity: 10_000 })) } },
  ];
  it.each(cases)('$code: $what', ({ code, change, more }) => {
    const terms = shop();
    change(terms);
    expect(refused(terms, ask(1, more))).toBe(code);
  });
});

describe('the price chain', () => {
  /** Our app over a distributor, a sub-distributor and its clerk, who sells at retail for 2 %. */
  const tree = (more: { floor?: string; floorBp?: number; subSettles?: boolean } = {}) =>
    catalogueOf({
      Channel: {
        chn_own: aChannel({ settlement: 'prepaid', role: 'agent' }), chn_dist: aChannel({ parentId: 'chn_own', settlement: 'credit' }),
        chn_sub: aChannel({ parentId: 'chn_dist', floorBp: more.floorBp ?? 0, ...(more.subSettles && { settlement: 'prepaid' }) }),
        chn_clerk: aChannel({ parentId: 'chn_sub', role: 'agent', commissionBp: 200 }),
      },
      Product: { prd_a: aProduct() }, Listing: { lst_s: aListing('chn_sub', 'prd_a'), lst_c: aListing('chn_clerk', 'prd_a') },
      PriceList: {
        plt_own: aPriceList('chn_own', { prd_a: '20' }), plt_dist: aPriceList('chn_dist', { prd_a: '9' }, { ...(more.floor && { floor: more.floor }) }),
        plt_sub: aPriceList('chn_sub', { prd_a: '9.5' }), plt_clerk: aPriceList('chn_clerk', { prd_a: '12' }),
      },
    });
  const levels = (terms: Terms, question: PriceAsk) => priced(terms, question).chain.map(({ channelId, unitMicros, margin }) => [channelId, unitMicros, margin.minor]);

  it('names every level’s price; a reseller earns what the next one pays more than it does', () => {
    expect(levels(tree(), ask(10, { channelId: 'chn_sub' }))).toEqual([['chn_own', micros('20'), 0n], ['chn_dist', micros('9'), 500n], ['chn_sub', micros('9.5'), 0n]]);
  });
  it('settles on the nearest channel at or above the seller that settles', () => {
    const settling = (terms: Terms) => priceLines(terms, ask(1, { channelId: 'chn_sub' }));
    expect(settling(tree())).toMatchObject({ channel: { settling: { channelId: 'chn_dist', mode: 'credit' } } });
    expect(settling(tree({ subSettles: true }))).toMatchObject({ channel: { settling: { channelId: 'chn_sub', mode: 'prepaid' } } });
  });
  it('gives an agent its share of the line, at the cost of the reseller above', () => {
    // 120.00 retail: the clerk 2.40, the sub-distributor 120.00 − 2.40 − 95.00, the distributor 95.00 − 90.00.
    expect(levels(tree(), ask(10, { channelId: 'chn_clerk' }))).toEqual([
      ['chn_own', micros('20'), 0n], ['chn_dist', micros('9'), 500n], ['chn_sub', micros('9.5'), 2260n], ['chn_clerk', micros('12'), 240n],
    ]);
  });
  it('is refused under a floor above the seller, whichever level sets it', () => {
    expect(refused(tree({ floor: '9.500001' }), ask(1, { channelId: 'chn_sub' }))).toBe('BELOW_FLOOR');
    expect(refused(tree({ floor: '9.5' }), ask(1, { channelId: 'chn_sub' }))).toBeUndefined();
    expect(refused(tree({ floorBp: 11_000 }), ask(1, { channelId: 'chn_sub' }))).toBe('BELOW_FLOOR');
    expect(refused(tree({ floorBp: 10_500 }), ask(1, { channelId: 'chn_sub' }))).toBeUndefined();
  });
  it('never pays out more in margins than the line brings in, nor less than nothing', () => {
    const price = fc.integer({ min: 0, max: 3_000 }).map((n) => `${n / 100}`);
    const bp = fc.integer({ min: 0, max: 5_000 });
    fc.assert(fc.property(fc.tuple(price, price, price, price), fc.tuple(bp, bp), fc.integer({ min: 1, max: 500 }), fc.constantFrom('chn_sub', 'chn_clerk'), (prices, [a, b], quantity, channelId) => {
      const terms = tree();
      ['own', 'dist', 'sub', 'clerk'].forEach((one, i) => put(terms, 'PriceList', { [`plt_${one}`]: aPriceList(`chn_${one}`, { prd_a: prices[i]! }) }));
      put(terms, 'Channel', { chn_own: aChannel({ settlement: 'prepaid', role: 'agent', commissionBp: a }), chn_clerk: aChannel({ parentId: 'chn_sub', role: 'agent', commissionBp: b }) });
      const { chain, gross } = priced(terms, ask(quantity, { channelId }));
      const paid = chain.reduce((sum, { margin }) => sum + margin.minor, 0n);
      return chain.every(({ margin }) => margin.minor >= 0n) && paid <= gross.minor;
    }));
  });
});

describe('presentation', () => {
  it.each([['purchased', undefined, undefined, 'principal'], ['postpaid', undefined, undefined, 'agent'], ['consignment', 'principal', undefined, 'principal'], ['purchased', undefined, 'agent', 'agent']] as const)(
    'of a product of a %s supplier (its word %s, the product’s %s) is %s', (terms, supplierSays, productSays, shown) => {
      const catalogue = catalogueOf({ Supplier: { sup_a: aSupplier({ terms, ...(supplierSays && { presentation: supplierSays }) }) } });
      const spec = aProduct({ supplierId: 'sup_a', ...(productSays && { presentation: productSays }) });
      expect(presentationOf(spec, catalogue.supplier('sup_a')!.spec)).toBe(shown);
    });
});


import { type Money, money } from '@vouchsafe/kernel';
import fc from 'fast-check';
import { aDelivery, amountsOf, aPart, cny, DAY, NOON, theDims } from '../testing/builders.js';
import { captionOf } from './chart.js';
import { imbalance } from './entry.js';
import type { Delivery, Fact, ReturnedStock } from './fact.js';
import { flawOf } from './flaw.js';
import { entryFor } from './posting.js';

const PREPAID = 'liabilities:channel:prepaid:chn_shop';
const RECEIVABLE = 'assets:receivable:channel:chn_shop';
const INVENTORY = 'assets:inventory:codes:prd_flow';
const prepaid = { mode: 'prepaid', channelId: 'chn_shop' } as const;
const credit = { mode: 'credit', channelId: 'chn_shop' } as const;
type Own = typeof prepaid | typeof credit;

const entry = (fact: Fact, own?: Own) => entryFor(fact, { factId: 'f', occurredAt: NOON, businessDate: DAY, ...(own && { own }) });
type Amounts = Readonly<Record<string, number>>;
type Row = readonly [row: string, fact: Fact, own: Own | undefined, amounts: Amounts];

const dims = { ...theDims, supplierId: 'sup_a' };
const agent = { presentation: 'agent', parts: [aPart({ terms: 'consignment', cost: cny(0), inputTax: cny(0), owed: cny(904) })] } as const;
const own = { kind: 'own_voucher', parts: [], taxRateBp: 600, gross: cny(10_600) } as const;
const topUp = { kind: 'top_up', parts: [aPart({ batchId: undefined, terms: 'postpaid' })] } as const;
const delivered = (delivery: Partial<Delivery> = {}): Fact => ({ type: 'Delivered', ...aDelivery(delivery) });
const refunded = (delivery: Partial<Delivery> = {}, rest: { disclosed?: boolean; issuerAccepts?: boolean } = {}): Fact =>
  ({ type: 'RefundDelivered', refundId: 'rfd_1', disclosed: false, issuerAccepts: true, ...rest, delivered: aDelivery(delivery) });
const batch = { type: 'BatchCompleted', dims, terms: 'purchased', presentation: 'principal', cost: cny(800), inputTax: cny(104), fromPrepayment: false } as const;
const lost = { type: 'StockLost', dims, terms: 'purchased', presentation: 'principal', cost: cny(800), inputTax: cny(104), returnable: false } as const;
const use = { type: 'Redeemed', dims, ownClass: 'taxed', gross: cny(10_600), tax: cny(600) } as const;
const lapse = { type: 'Breakage', dims, ownClass: 'taxed', gross: cny(10_600), tax: cny(600) } as const;
const lostChargeback = {
  type: 'ChargebackLost', dims, chargebackId: 'cbk_1', provider: 'alipay', amount: cny(20_000), unusedOwn: cny(0), unusedOwnTax: cny(0), undelivered: cny(0), returned: [],
} as const;

/** Undisclosed units of a charged-back order, on sale again. */
const backInStock = (over: Partial<ReturnedStock> = {}, part: Partial<Delivery['parts'][number]> = {}): readonly ReturnedStock[] =>
  [{ productId: theDims.productId!, presentation: 'principal', stockPaid: false, parts: [aPart(part)], ...over }];

/** ACCOUNTS.md, row by row. Debits above zero, credits below. */
const ROWS: readonly Row[] = [
  ['deposit', { type: 'Deposited', dims, bank: 'icbc', amount: cny(5000) }, prepaid, { 'assets:bank:icbc': 5000, [PREPAID]: -5000 }],
  ['withdrawal', { type: 'Withdrawn', dims, bank: 'icbc', amount: cny(5000) }, prepaid, { [PREPAID]: 5000, 'assets:bank:icbc': -5000 }],
  ['deposit by a payer unknown', { type: 'ReceiptUnidentified', dims, bank: 'icbc', amount: cny(5000) }, undefined, { 'assets:bank:icbc': 5000, 'liabilities:receipts:unidentified': -5000 }],
  ['… then transferred', { type: 'ReceiptIdentified', dims, amount: cny(5000) }, prepaid, { 'liabilities:receipts:unidentified': 5000, [PREPAID]: -5000 }],
  ['batch complete, purchased (principal)', batch, undefined, { [INVENTORY]: 800, 'assets:tax:input': 104, 'liabilities:supplier:payable:sup_a': -904 }],
  ['… out of an advance', { ...batch, fromPrepayment: true }, undefined, { [INVENTORY]: 800, 'assets:tax:input': 104, 'assets:supplier:prepaid:sup_a': -904 }],
  ['… on consignment: memo only', { ...batch, terms: 'consignment' }, undefined, {}],
  ['batch complete, paid under an agency contract', { ...batch, presentation: 'agent', cost: cny(904), inputTax: cny(0) }, undefined, { [INVENTORY]: 904, 'liabilities:supplier:payable:sup_a': -904 }],
  ['batch complete, agency, paid only when sold: memo only', { ...batch, presentation: 'agent', terms: 'postpaid' }, undefined, {}],
  ['delivery, principal, prepaid', delivered(), prepaid, { [PREPAID]: 1130, 'income:sales': -1000, 'liabilities:tax:output': -130, 'expenses:cost:codes': 800, [INVENTORY]: -800 }],
  ['delivery, principal, credit', delivered({ settlement: 'credit' }), credit, { [RECEIVABLE]: 1130, 'income:sales': -1000, 'liabilities:tax:output': -130, 'expenses:cost:codes': 800, [INVENTORY]: -800 }],
  ['delivery, principal, consumer_pay', delivered({ settlement: 'consumer_pay' }), undefined, { 'liabilities:contract:undelivered': 1130, 'income:sales': -1000, 'liabilities:tax:output': -130, 'expenses:cost:codes': 800, [INVENTORY]: -800 }],
  ['delivery, principal, of consigned codes: bought by being sold', delivered({ parts: [aPart({ terms: 'consignment' })] }), prepaid,
    { [PREPAID]: 1130, 'income:sales': -1000, 'liabilities:tax:output': -130, 'expenses:cost:codes': 800, 'assets:tax:input': 104, 'liabilities:supplier:payable:sup_a': -904 }],
  ['delivery, agent, consignment', delivered(agent), prepaid, { [PREPAID]: 1130, 'liabilities:supplier:agency:sup_a': -904, 'income:agency': -200, 'liabilities:tax:output': -26 }],
  ['delivery, agent, stock already paid', delivered({ ...agent, stockPaid: true }), prepaid, { [PREPAID]: 1130, [INVENTORY]: -904, 'income:agency': -200, 'liabilities:tax:output': -26 }],
  ['consumer payment notice, with the provider\'s fee', { type: 'ConsumerPaid', dims, paymentId: 'pay_1', provider: 'alipay', received: cny(20_000), fee: cny(113), feeTax: cny(7) }, undefined,
    { 'assets:clearing:psp:alipay': 20_000 - 120, 'liabilities:contract:undelivered': -20_000, 'expenses:fee:psp': 113, 'assets:tax:input': 7 }],
  ['provider pays out', { type: 'ProviderPaidOut', dims, provider: 'alipay', bank: 'icbc', amount: cny(19_880) }, undefined, { 'assets:bank:icbc': 19_880, 'assets:clearing:psp:alipay': -19_880 }],
  ['credit settled, short-paid and written off', { type: 'CreditSettled', dims, bank: 'icbc', received: cny(900), writtenOff: cny(100) }, credit, { 'assets:bank:icbc': 900, 'expenses:loss:baddebt': 100, [RECEIVABLE]: -1000 }],
  ['own voucher delivered, prepaid_untaxed', delivered({ ...own, ownClass: 'prepaid_untaxed' }), prepaid, { [PREPAID]: 10_600, 'liabilities:contract:own': -10_600 }],
  ['own voucher delivered, otherwise', delivered({ ...own, ownClass: 'taxed' }), prepaid, { [PREPAID]: 10_600, 'liabilities:contract:own': -10_000, 'liabilities:tax:pending': -600 }],
  ['redemption', use, undefined, { 'liabilities:contract:own': 10_000, 'liabilities:tax:pending': 600, 'income:sales': -10_000, 'liabilities:tax:output': -600 }],
  ['redemption, untaxed class', { ...use, ownClass: 'prepaid_untaxed' }, undefined, { 'liabilities:contract:own': 10_600, 'income:sales': -10_000, 'liabilities:tax:output': -600 }],
  ['redemption at a partner\'s store', { ...use, partnerMerchantId: 'mch_1', partnerCommission: cny(530), partnerCommissionTax: cny(30) }, undefined,
    { 'liabilities:contract:own': 10_000, 'liabilities:tax:pending': 600, 'liabilities:merchant:mch_1': -10_070, 'income:agency': -500, 'liabilities:tax:output': -30 }],
  ['redemption at a partner\'s store, untaxed', { ...use, ownClass: 'prepaid_untaxed', partnerMerchantId: 'mch_1', partnerCommission: cny(530), partnerCommissionTax: cny(30) }, undefined,
    { 'liabilities:contract:own': 10_600, 'liabilities:merchant:mch_1': -10_070, 'income:agency': -500, 'liabilities:tax:output': -30 }],
  ['breakage', lapse, undefined, { 'liabilities:contract:own': 10_000, 'liabilities:tax:pending': 600, 'income:breakage': -10_000, 'liabilities:tax:output': -600 }],
  ['breakage, untaxed class', { ...lapse, ownClass: 'prepaid_untaxed' }, undefined, { 'liabilities:contract:own': 10_600, 'income:breakage': -10_000, 'liabilities:tax:output': -600 }],
  ['stock expired or recalled', lost, undefined, { 'expenses:loss:stock': 800, [INVENTORY]: -800 }],
  ['stock recalled, returnable', { ...lost, returnable: true }, undefined, { 'liabilities:supplier:payable:sup_a': 904, [INVENTORY]: -800, 'assets:tax:input': -104 }],
  ['stock lost that was never ours: memo only', { ...lost, terms: 'consignment' }, undefined, {}],
  ['refund, not delivered, consumer_pay', { type: 'RefundUndelivered', dims, refundId: 'rfd_1', settlement: 'consumer_pay', amount: cny(1130) }, undefined, { 'liabilities:contract:undelivered': 1130, 'liabilities:refund': -1130 }],
  ['refund, not delivered, prepaid: release only', { type: 'RefundUndelivered', dims, refundId: 'rfd_1', settlement: 'prepaid', amount: cny(1130) }, prepaid, {}],
  ['refund, delivered, not disclosed', refunded(), prepaid, { 'income:sales': 1000, 'liabilities:tax:output': 130, 'expenses:cost:codes': -800, [INVENTORY]: 800, [PREPAID]: -1130 }],
  ['refund, delivered, not disclosed, consumer_pay', refunded({ settlement: 'consumer_pay' }), undefined, { 'income:sales': 1000, 'liabilities:tax:output': 130, 'expenses:cost:codes': -800, [INVENTORY]: 800, 'liabilities:refund': -1130 }],
  ['refund after disclosure', refunded({}, { disclosed: true }), prepaid, { 'income:sales': 1000, 'liabilities:tax:output': 130, 'expenses:cost:codes': -800, 'expenses:loss:goodwill': 800, [PREPAID]: -1130 }],
  ['refund, agent', refunded(agent), prepaid, { 'liabilities:supplier:agency:sup_a': 904, 'income:agency': 200, 'liabilities:tax:output': 26, [PREPAID]: -1130 }],
  ['refund, agent, stock paid ahead', refunded({ ...agent, stockPaid: true }), prepaid, { [INVENTORY]: 904, 'income:agency': 200, 'liabilities:tax:output': 26, [PREPAID]: -1130 }],
  ['refund, agent, issuer refuses', refunded(agent, { issuerAccepts: false }), prepaid, { 'expenses:loss:goodwill': 904, 'income:agency': 200, 'liabilities:tax:output': 26, [PREPAID]: -1130 }],
  ['refund, agent, disclosed', refunded({ ...agent, stockPaid: true }, { disclosed: true }), prepaid, { 'expenses:loss:goodwill': 904, 'income:agency': 200, 'liabilities:tax:output': 26, [PREPAID]: -1130 }],
  ['refund, own voucher, unused', refunded({ ...own, ownClass: 'taxed' }), prepaid, { 'liabilities:contract:own': 10_000, 'liabilities:tax:pending': 600, [PREPAID]: -10_600 }],
  ['refund, own voucher, unused, untaxed', refunded({ ...own, ownClass: 'prepaid_untaxed' }), prepaid, { 'liabilities:contract:own': 10_600, [PREPAID]: -10_600 }],
  ['refund, top-up the supplier takes back', refunded(topUp), prepaid,
    { 'income:sales': 1000, 'liabilities:tax:output': 130, 'expenses:cost:topup': -800, 'liabilities:supplier:payable:sup_a': 904, 'assets:tax:input': -104, [PREPAID]: -1130 }],
  ['refund, top-up nobody takes back', refunded(topUp, { issuerAccepts: false }), prepaid, { 'income:sales': 1000, 'liabilities:tax:output': 130, 'expenses:cost:topup': -800, 'expenses:loss:goodwill': 800, [PREPAID]: -1130 }],
  ['provider confirms a refund', { type: 'RefundConfirmed', dims, refundId: 'rfd_1', provider: 'alipay', amount: cny(1130) }, undefined, { 'liabilities:refund': 1130, 'assets:clearing:psp:alipay': -1130 }],
  ['charge-back notice', { type: 'ChargebackOpened', dims, chargebackId: 'cbk_1', provider: 'alipay', amount: cny(20_000), fee: cny(1500) }, undefined, { 'assets:dispute:psp:alipay': 20_000, 'expenses:fee:psp': 1500, 'assets:clearing:psp:alipay': -21_500 }],
  ['… lost, own vouchers unused and voided', { ...lostChargeback, unusedOwn: cny(10_600), unusedOwnTax: cny(600), ownClass: 'taxed' }, undefined,
    { 'assets:dispute:psp:alipay': -20_000, 'liabilities:contract:own': 10_000, 'liabilities:tax:pending': 600, 'expenses:loss:chargeback': 9_400 }],
  ['… lost, codes undisclosed, part never delivered', { ...lostChargeback, undelivered: cny(3000), returned: backInStock() }, undefined,
    { 'assets:dispute:psp:alipay': -20_000, 'liabilities:contract:undelivered': 3000, 'expenses:loss:chargeback': 17_000, [INVENTORY]: 800, 'expenses:cost:codes': -800 }],
  ['… lost, codes of several products undisclosed', { ...lostChargeback, dims: { bookId: 'bok_main', orderId: 'ord_1' }, returned: [...backInStock(), ...backInStock({ productId: 'prd_other' })] }, undefined,
    { 'assets:dispute:psp:alipay': -20_000, 'expenses:loss:chargeback': 20_000, [INVENTORY]: 800, 'assets:inventory:codes:prd_other': 800, 'expenses:cost:codes': -1600 }],
  ['… lost, consigned codes undisclosed: owed no more', { ...lostChargeback, returned: backInStock({}, { terms: 'consignment' }) }, undefined,
    { 'assets:dispute:psp:alipay': -20_000, 'expenses:loss:chargeback': 20_000, 'liabilities:supplier:payable:sup_a': 904, 'assets:tax:input': -104, 'expenses:cost:codes': -800 }],
  ['… lost, an agent\'s codes undisclosed: the issuer is owed no more', { ...lostChargeback, returned: backInStock({ presentation: 'agent' }, { owed: cny(904) }) }, undefined,
    { 'assets:dispute:psp:alipay': -20_000, 'expenses:loss:chargeback': 19_096, 'liabilities:supplier:agency:sup_a': 904 }],
  ['… lost, an agent\'s codes paid ahead, undisclosed', { ...lostChargeback, returned: backInStock({ presentation: 'agent', stockPaid: true }, { owed: cny(904) }) }, undefined,
    { 'assets:dispute:psp:alipay': -20_000, 'expenses:loss:chargeback': 19_096, [INVENTORY]: 904 }],
  ['… won', { type: 'ChargebackWon', dims, chargebackId: 'cbk_1', provider: 'alipay', amount: cny(20_000) }, undefined, { 'assets:clearing:psp:alipay': 20_000, 'assets:dispute:psp:alipay': -20_000 }],
  ['top-up success, principal', delivered(topUp), prepaid, { [PREPAID]: 1130, 'income:sales': -1000, 'liabilities:tax:output': -130, 'expenses:cost:topup': 800, 'assets:tax:input': 104, 'liabilities:supplier:payable:sup_a': -904 }],
  ['top-up success, principal, out of an advance', delivered({ kind: 'top_up', parts: [aPart({ terms: 'postpaid', fromPrepayment: true })] }), prepaid,
    { [PREPAID]: 1130, 'income:sales': -1000, 'liabilities:tax:output': -130, 'expenses:cost:topup': 800, 'assets:tax:input': 104, 'assets:supplier:prepaid:sup_a': -904 }],
  ['top-up success, agent', delivered({ ...agent, kind: 'top_up' }), prepaid, { [PREPAID]: 1130, 'liabilities:supplier:agency:sup_a': -904, 'income:agency': -200, 'liabilities:tax:output': -26 }],
  ['commission accrued', delivered({ ...own, ownClass: 'prepaid_untaxed', commissions: [{ channelId: 'chn_up', amount: cny(50) }] }), prepaid,
    { [PREPAID]: 10_600, 'liabilities:contract:own': -10_600, 'expenses:commission': 50, 'liabilities:commission:chn_up': -50 }],
  ['commission paid out', { type: 'CommissionPaid', dims, channelId: 'chn_up', bank: 'icbc', amount: cny(50) }, undefined, { 'liabilities:commission:chn_up': 50, 'assets:bank:icbc': -50 }],
  ['commission refunded', refunded({ ...own, ownClass: 'prepaid_untaxed', commissions: [{ channelId: 'chn_up', amount: cny(50) }] }), prepaid,
    { 'liabilities:contract:own': 10_600, [PREPAID]: -10_600, 'liabilities:commission:chn_up': 50, 'expenses:commission': -50 }],
];

const summed = (fact: Fact, whose: Own | undefined): Amounts => {
  const sums: Record<string, number> = {};
  for (const [account, minor] of amountsOf(entry(fact, whose))) sums[account] = (sums[account] ?? 0) + Number(minor);
  return sums;
};

describe('ACCOUNTS.md', () => {
  it.each(ROWS)('%s', (_row, fact, whose, amounts) => {
    const owner = whose && { ...whose, bookId: 'bok_main', currency: 'CNY' };
    expect(flawOf(fact, owner)).toBeUndefined();
    expect(summed(fact, whose)).toEqual(amounts);
    const made = entry(fact, whose);
    expect(imbalance(made.postings)).toEqual(new Map());
    for (const { account } of made.postings) expect(captionOf(account)).toBeDefined();
  });

  it('takes an entry back by its mirror, naming it', () => {
    const original = entry(use).postings;
    const mirror = entryFor({ type: 'RedemptionReversed', dims, originalFactId: 'use_1' }, { factId: 'f', occurredAt: NOON, businessDate: DAY, original });
    expect(mirror.mirrors).toBe('use_1');
    expect(amountsOf(mirror)).toEqual(amountsOf({ postings: original }).map(([account, minor]) => [account, -minor]));
  });
  it('gives every posting its business line, product, supplier and batch', () => {
    const [pay, sales, tax, cost, inventory] = entry(delivered(), prepaid).postings;
    for (const posting of [pay, sales, tax]) expect(posting!.dims).toEqual({ businessLine: 'telecom', productId: 'prd_flow' });
    for (const posting of [cost, inventory]) expect(posting!.dims).toEqual({ businessLine: 'telecom', productId: 'prd_flow', supplierId: 'sup_a', batchId: 'bat_1' });
  });
  it('keeps currencies apart: cost in one, price in another', () => {
    const usd = (minor: bigint): Money => money(minor, 'USD');
    const made = entry(delivered({ parts: [aPart({ cost: usd(100n), inputTax: usd(0n), owed: usd(0n) })] }), prepaid);
    expect(imbalance(made.postings)).toEqual(new Map());
    expect(made.postings.filter(({ currency }) => currency === 'USD').map(({ minor }) => minor)).toEqual([100n, -100n]);
  });
  it('takes the tax it is told, so that shares of a line add up to the line', () => {
    const whole = summed(delivered({ gross: cny(1000), parts: [] }), prepaid);
    const shares = [summed(delivered({ gross: cny(333), tax: cny(38), parts: [] }), prepaid), summed(delivered({ gross: cny(667), tax: cny(77), parts: [] }), prepaid)];
    expect(shares[0]!['liabilities:tax:output']! + shares[1]!['liabilities:tax:output']!).toBe(whole['liabilities:tax:output']);
  });
  it('books an agency sale below what the issuer is owed as a negative margin', () => {
    const made = summed(delivered({ ...agent, gross: cny(791) }), prepaid);
    expect(made).toEqual({ [PREPAID]: 791, 'liabilities:supplier:agency:sup_a': -904, 'income:agency': 100, 'liabilities:tax:output': 13 });
  });
});

describe('facts that cannot be booked', () => {
  const owner = { mode: 'prepaid', channelId: 'chn_shop', bookId: 'bok_main', currency: 'CNY' } as const;
  it.each<readonly [string, Fact, typeof owner | undefined]>([
    ['an amount below zero', { ...batch, cost: cny(-1) }, undefined],
    ['two currencies in one sum', { ...batch, inputTax: money(1n, 'USD') }, undefined],
    ['an account that is not named', delivered(), undefined],
    ['an account in another currency', delivered({ gross: money(1n, 'USD'), parts: [] }), owner],
    ['an account where the consumer pays', delivered({ settlement: 'consumer_pay' }), owner],
    ['another book', delivered({ dims: { ...theDims, bookId: 'bok_two' } }), owner],
    ['an id that would break a path', delivered({ dims: { ...theDims, productId: 'a:b' } }), owner],
    ['stock of no product', { ...batch, dims: { bookId: 'bok_main' } }, undefined],
    ['more tax than there is', { ...use, tax: cny(10_601) }, undefined],
    ['a charge-back of which more is voided than was paid', { ...lostChargeback, unusedOwn: cny(20_001) }, undefined],
    ['stock back of a product whose id would break a path', { ...lostChargeback, returned: backInStock({ productId: 'a:b' }) }, undefined],
    ['stock back that cost less than nothing', { ...lostChargeback, returned: backInStock({}, { cost: cny(-1) }) }, undefined],
    ['an adjustment that does not balance', { type: 'Adjusted', dims, reason: 'x', postings: [{ account: 'income:sales', minor: 1n, currency: 'CNY', dims: {} }, { account: 'assets:bank:icbc', minor: 1n, currency: 'CNY', dims: {} }] }, undefined],
    ['an account outside the chart', { type: 'Adjusted', dims, reason: 'x', postings: [{ account: 'income:mine', minor: 1n, currency: 'CNY', dims: {} }, { account: 'assets:bank:icbc', minor: -1n, currency: 'CNY', dims: {} }] }, undefined],
  ])('%s', (_why, fact, whose) => expect(flawOf(fact, whose)).toEqual(expect.any(String)));
});

describe('any delivery and its refund', () => {
  const minor = fc.bigInt({ min: 0n, max: 10n ** 12n }).map(cny);
  const anyPart = fc.record({
    batchId: fc.constantFrom('bat_1', 'bat_2', undefined), supplierId: fc.constantFrom('sup_a', 'sup_b'), terms: fc.constantFrom('purchased' as const, 'consignment' as const, 'postpaid' as const),
    quantity: fc.integer({ min: 1, max: 10_000 }), cost: minor, inputTax: minor, owed: minor, fromPrepayment: fc.boolean(),
  });
  const anyDelivery = fc.record({
    dims: fc.constant(theDims), settlement: fc.constantFrom('prepaid' as const, 'consumer_pay' as const), kind: fc.constantFrom('code' as const, 'link' as const, 'top_up' as const, 'own_voucher' as const),
    presentation: fc.constantFrom('principal' as const, 'agent' as const), stockPaid: fc.boolean(), gross: minor, taxRateBp: fc.integer({ min: 0, max: 3000 }),
    parts: fc.array(anyPart, { maxLength: 4 }), commissions: fc.array(fc.record({ channelId: fc.constant('chn_up'), amount: minor }), { maxLength: 2 }),
    ownClass: fc.constantFrom('taxed' as const, 'prepaid_untaxed' as const, undefined), tax: fc.option(minor, { nil: undefined }),
  });
  const ownerOf = (delivery: Delivery): Own | undefined => (delivery.settlement === 'prepaid' ? prepaid : undefined);

  it('sums to zero per currency', () => {
    fc.assert(fc.property(anyDelivery, fc.boolean(), fc.boolean(), (delivery, disclosed, issuerAccepts) => {
      expect(imbalance(entry({ type: 'Delivered', ...delivery }, ownerOf(delivery)).postings).size).toBe(0);
      expect(imbalance(entry({ type: 'RefundDelivered', refundId: 'r', disclosed, issuerAccepts, delivered: delivery }, ownerOf(delivery)).postings).size).toBe(0);
    }));
  });
  it('leaves nothing but the debt to the payer when all is taken back undisclosed', () => {
    fc.assert(fc.property(anyDelivery, (delivery) => {
      const sums = new Map<string, bigint>();
      for (const fact of [{ type: 'Delivered', ...delivery }, { type: 'RefundDelivered', refundId: 'r', disclosed: false, issuerAccepts: true, delivered: delivery }] as const) {
        for (const [account, amount] of amountsOf(entry(fact, ownerOf(delivery)))) sums.set(account, (sums.get(account) ?? 0n) + amount);
      }
      const left = Object.fromEntries([...sums].filter(([, amount]) => amount !== 0n));
      const { settlement, gross } = delivery;
      expect(left).toEqual(settlement === 'prepaid' || gross.minor === 0n ? {} : { 'liabilities:contract:undelivered': gross.minor, 'liabilities:refund': -gross.minor });
    }));
  });
});

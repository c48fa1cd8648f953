import type { Json } from '@vouchsafe/codec';
import type { RecordedEvent } from '@vouchsafe/event-store';
import { MonthEnd } from './month-end.js';

type Told = readonly [stream: string, type: string, data: Json];
const told = (...events: readonly Told[]): MonthEnd => {
  const end = new MonthEnd();
  for (const [stream, type, data] of events) end.see({ stream, type: `x.${type}.v1`, data } as RecordedEvent);
  return end;
};
/** What is counted, by invariant, of one book in CNY; `books`: the balances it is held against. */
const counted = (end: MonthEnd, books: Readonly<Record<string, bigint>> = {}, inStock: readonly { batchId: string; from: number; to: number }[] = []) =>
  Object.fromEntries(end.results(Object.entries(books).map(([account, minor]) => ['bok_a', 'CNY', account, minor] as const), inStock).filter(({ name }) => name !== 'zero-sum').map(({ name, counted: minor, ok }) => [name, [minor, ok]]));
const money = (minor: string) => ({ minor, currency: 'CNY' });

const terms = { supplierId: 'sup_a', terms: 'purchased', presentation: 'principal', unitCostMicros: '3333333', unitTaxMicros: '200000', currency: 'CNY', bookId: 'bok_a', businessLine: 'x', returnable: false };
const received = (batchId: string, over = {}): Told => ['pool-prd_a_0', 'StockReceived', { batchId, productId: 'prd_a', terms: { ...terms, ...over }, segments: [], quantity: 3, lowStockAt: 0, at: 1 }];

it('counts stock that is ours at what its units cost, by place in the batch, and nobody else’s', () => {
  const end = told(received('bat_1'), received('bat_agency', { presentation: 'agent' }), received('bat_consigned', { terms: 'consignment' }), received('bat_postpaid', { terms: 'postpaid', presentation: 'agent' }));
  const all = ['bat_1', 'bat_agency', 'bat_consigned', 'bat_postpaid'].map((batchId) => ({ batchId, from: 1, to: 3 }));
  // 3.33 × 3 = 10.00 less 3.33; the agency's with tax: + 0.60 − 0.20.
  expect(counted(end, { 'assets:inventory:codes:prd_a': 1374n }, all).inventory).toEqual([667n + 707n, true]);
  expect(counted(end, { 'assets:inventory:codes:prd_a': 1373n }, all).inventory).toEqual([1374n, false]);
});

const grant = 'grant-ord_1_1_0';
const activated: Told = [grant, 'GrantActivated', { orderId: 'ord_1', lineId: '1', kind: 'own_voucher', ranges: [['bat_own', 0, 3]], gross: '1000', dims: { bookId: 'bok_a' }, terms: {}, at: 1 }];
const used: Told = [grant, 'VoucherRedeemed', { factId: 'f1', gross: money('333') }];
it('counts what holders of our vouchers may still use: granted, less used, lapsed and voided; a reversal gives it back', () => {
  const reversed: Told = [grant, 'RedemptionReversed', { factId: 'f2', originalFactId: 'f1' }];
  const lapsed: Told = [grant, 'RightLapsed', { factId: 'f3', gross: money('334') }];
  const voided: Told = [grant, 'UnitsVoided', { refundId: 'rfd_1', reason: 'refund', accepted: [{ batchId: 'bat_own', from: 1, to: 2, disclosed: false, unusedMinor: '333' }], refused: [] }];
  const own = (...events: readonly Told[]) => counted(told(...events), { 'liabilities:contract:own': -1n })['own-vouchers']?.[0];
  expect([own(activated), own(activated, used), own(activated, used, reversed), own(activated, used, lapsed, voided)]).toEqual([1000n, 667n, 1000n, 0n]);
  expect(own(['grant-x', 'GrantActivated', { kind: 'code', gross: '5', ranges: [], dims: { bookId: 'bok_a' } }])).toBe(0n);
});
it('goes on owing what a charge-back voided until it is lost, in whatever order that is told', () => {
  const voided: Told = [grant, 'UnitsVoided', { refundId: 'cbk_1', reason: 'chargeback', accepted: [{ unusedMinor: '1000' }], refused: [] }];
  const decided = (outcome: string): Told => ['chargeback-cbk_1', 'ChargebackDecided', { outcome, noticeId: 'n', at: 1 }];
  const own = (...events: readonly Told[]) => counted(told(activated, ...events), { 'liabilities:contract:own': -1n })['own-vouchers']?.[0];
  expect([own(voided), own(voided, decided('won')), own(voided, decided('lost')), own(decided('lost'), voided)]).toEqual([1000n, 1000n, 0n, 0n]);
});

const entry = (kind: string, ...postings: readonly (readonly [string, string, number])[]): Told => ['account-acc_1_2026-01', 'EntryPosted', { entry: { id: kind, kind, book: 'bok_a', postings: postings.map((posting) => [...posting]) } }];
it('counts what channels have left: deposits, less what orders delivered, plus what refunds gave back', () => {
  const deposit = entry('Deposited', ['assets:bank:icbc', '10000', 0], ['liabilities:channel:prepaid:chn_a', '-10000', 0]);
  const placed: Told = ['order-ord_1', 'OrderPlaced', { bookId: 'bok_a', lines: [{ id: '1', gross: '1000' }, { id: '2', gross: '500' }] }];
  const billed: Told = ['order-ord_2', 'OrderPlaced', { bookId: 'bok_a', settlement: 'credit', lines: [{ id: '1', gross: '1000' }] }];
  const delivered: Told = ['order-ord_1', 'LineDelivered', { lineId: '1', at: 1 }];
  const ended = (id: string): Told => [`order-${id}`, 'OrderCompleted', { lines: [['1', 'prd_a', 1, 1], ['2', 'prd_b', 4, 1]] }];
  const refund: readonly Told[] = [['refund-rfd_1', 'RefundRequested', { kind: 'units', settlement: 'prepaid', bookId: 'bok_a', currency: 'CNY' }], ['refund-rfd_1', 'RefundSettled', { amountMinor: '250' }]];
  const left = (...events: readonly Told[]) => counted(told(...events), { 'liabilities:channel:prepaid:chn_a': -1n })['channel-prepaid']?.[0];
  expect([left(deposit), left(deposit, placed, delivered), left(deposit, placed, delivered, ended('ord_1')), left(deposit, placed, ended('ord_1'), ...refund), left(deposit, billed, ended('ord_2'))])
    .toEqual([10_000n, 9_000n, 8_875n, 9_125n, 10_000n]);
});

it('counts what a provider has not paid out: received less its fee, refunds, disputes and payouts', () => {
  const asked: Told = ['payment-pay_1', 'PaymentRequested', { bookId: 'bok_a', currency: 'CNY' }];
  const paid: Told = ['payment-pay_1', 'PaymentSucceeded', { receivedMinor: '10000', currency: 'CNY' }];
  const disputed: Told = ['chargeback-cbk_1', 'ChargebackRaised', { bookId: 'bok_a', currency: 'CNY', amountMinor: '10000', feeMinor: '1500' }];
  const won: Told = ['chargeback-cbk_1', 'ChargebackDecided', { outcome: 'won' }];
  const refund: readonly Told[] = [['refund-rfd_1', 'RefundRequested', { kind: 'surplus', settlement: 'consumer_pay', bookId: 'bok_a', currency: 'CNY' }], ['refund-rfd_1', 'RefundSettled', { amountMinor: '300' }]];
  const payout = entry('ProviderPaidOut', ['assets:bank:icbc', '5000', 0], ['assets:clearing:psp:sandbox', '-5000', 0]);
  const left = (...events: readonly Told[]) => counted(told(asked, ...events), { 'assets:clearing:psp:sandbox': 1n }).clearing?.[0];
  expect([left(paid), left(paid, disputed), left(paid, disputed, won), left(paid, ...refund, payout)]).toEqual([9_940n, -1_560n, 8_440n, 4_640n]);
});

it('holds each book by itself against its own counts', () => {
  const end = told(['payment-pay_1', 'PaymentRequested', { bookId: 'bok_b', currency: 'EUR' }], ['payment-pay_1', 'PaymentSucceeded', { receivedMinor: '1000', currency: 'EUR' }]);
  expect(end.results([['bok_a', 'EUR', 'assets:clearing:psp:sandbox', 994n]], []).filter(({ name, ok }) => name === 'clearing' && !ok)).toEqual([
    { book: 'bok_a', name: 'clearing', currency: 'EUR', ok: false, books: 994n, counted: 0n }, { book: 'bok_b', name: 'clearing', currency: 'EUR', ok: false, books: 0n, counted: 994n },
  ]);
});

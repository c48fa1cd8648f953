import { aDelivery, aPart, cny, theDims } from '../testing/builders.js';
import { type House, openHouse } from '../testing/counting-house.js';
import { monthEndInvariants } from './invariants.js';
import { trialBalance } from './trial-balance.js';
import type { Balance } from '../projections/balances.js';
import { balances } from '../projections/balances.js';
import { businessDate } from '../domain/period.js';

let house: House;
beforeEach(async () => {
  house = await openHouse();
});
afterEach(() => house.close());

const month = async () => {
  const stock = { batchId: 'bat_1', productId: 'prd_flow', supplierId: 'sup_a', bookId: 'bok_main', businessLine: 'telecom', terms: 'purchased', presentation: 'principal' } as const;
  await house.fromInventory({ type: 'BatchCompleted', ...stock, quantity: 10, cost: cny(8_000), inputTax: cny(1_040) });
  await house.deposit(100_000);
  await house.hold({ amount: cny(11_730) });
  await house.capture({ captureId: 'ord_1/1', final: false, fact: aDelivery({ parts: [aPart()] }) });
  await house.capture({ captureId: 'ord_1/2', fact: aDelivery({ kind: 'own_voucher', ownClass: 'taxed', taxRateBp: 600, gross: cny(10_600), parts: [] }) });
  await house.post({ factId: 'p', occurredAt: house.ports.clock.now(), fact: { type: 'ConsumerPaid', dims: theDims, paymentId: 'p', provider: 'alipay', received: cny(500), fee: cny(3), feeTax: cny(0) } });
  await house.service.projections()!.caughtUp();
  return (await trialBalance(await house.ports.readStore.collection<Balance>(balances.collection), 'bok_main', businessDate('2026-11-30')))!;
};
const counts = { stockAtCost: { CNY: 7_200n }, ownOutstanding: { CNY: 10_600n }, channelPrepaid: { CNY: 100_000n - 11_730n }, notPaidOut: { CNY: 497n } };

it('holds at the month\'s end: each account equal to its owner\'s own count', async () => {
  expect(monthEndInvariants(await month(), counts)).toEqual([
    { name: 'zero-sum', currency: 'CNY', ok: true, ours: expect.any(BigInt), theirs: expect.any(BigInt) },
    { name: 'inventory', currency: 'CNY', ok: true, ours: 7_200n, theirs: 7_200n },
    { name: 'own-vouchers', currency: 'CNY', ok: true, ours: 10_600n, theirs: 10_600n },
    { name: 'channel-prepaid', currency: 'CNY', ok: true, ours: 88_270n, theirs: 88_270n },
    { name: 'clearing', currency: 'CNY', ok: true, ours: 497n, theirs: 497n },
  ]);
});
it('tells a cent that is missing, and a currency only one side knows', async () => {
  const books = await month();
  const broken = monthEndInvariants(books, { ...counts, stockAtCost: { CNY: 7_199n, USD: 1n } }).filter(({ ok }) => !ok);
  expect(broken).toEqual([
    { name: 'inventory', currency: 'CNY', ok: false, ours: 7_200n, theirs: 7_199n }, { name: 'inventory', currency: 'USD', ok: false, ours: 0n, theirs: 1n },
  ]);
  const [total] = books.totals;
  expect(monthEndInvariants({ ...books, totals: [{ ...total!, debit: total!.debit + 1n }] }, {})[0]).toMatchObject({ name: 'zero-sum', ok: false });
});

import { ProductKind } from '@vouchsafe/proto/common/v1/types';
import { OrderService } from '@vouchsafe/proto/order/v1/order';
import { RefundState } from '@vouchsafe/proto/order/v1/refund';
import { testPorts } from '@vouchsafe/testing';
import { CHANNEL, orderHouse, type OrderHouse } from './testing/order-house.js';

let house: OrderHouse;
beforeEach(async () => {
  house = await orderHouse();
  house.around.free.set('prd_code', 100);
});
afterEach(() => house.close());

type Line = { lineId: string; quantity?: number; voucherIds?: string[] };
const refund = (orderId: string, requestId: string, lines: Line[] = [], channel = CHANNEL) =>
  house.ports.clock.until(house.ports.rpc.call(OrderService.method.createRefund, { orderId, requestId, lines }, house.contextOf(channel)));
const bought = async (quantity: number, productId = 'prd_code') => (await house.place({ number: `R-${quantity}-${productId}`, lines: [{ productId, quantity }] })).orderId;
const given = () => [...house.around.facts.values()].flatMap((fact) => (fact.type === 'RefundDelivered' ? [[fact.disclosed, fact.delivered.gross.minor, fact.delivered.parts.map(({ cost }) => cost.minor)] as const] : []));

it('voids in the grants first and pays back only what they accepted', async () => {
  const orderId = await bought(5);
  house.around.used.add('3').add('4');
  const made = await refund(orderId, 'r1');
  expect(made).toMatchObject({ state: RefundState.PARTIAL, amount: { minor: 2970n } });
  expect(made.lines[0]).toMatchObject({ returned: 3, voided: 3, refused: [{ code: 'ALREADY_REDEEMED', units: 2 }] });
  expect(house.around.free.get('prd_code')).toBe(98);
});

it('fails where every unit is used, and books nothing', async () => {
  const orderId = await bought(1);
  house.around.used.add('0');
  expect(await refund(orderId, 'r1')).toMatchObject({ state: RefundState.FAILED, failure: 'ALREADY_REDEEMED', amount: { minor: 0n } });
  expect(given()).toEqual([]);
});

it('puts undisclosed units back on sale and books disclosed ones as lost', async () => {
  const orderId = await bought(3);
  house.around.disclosed.add('1');
  await refund(orderId, 'r1');
  expect(given()).toEqual([[false, 1980n, [600n, 600n]], [true, 990n, [600n]]]);
  expect(house.around.free.get('prd_code')).toBe(99);
});

it('takes named vouchers back, and only those of the line', async () => {
  const orderId = await bought(4);
  const made = await refund(orderId, 'r1', [{ lineId: '1', voucherIds: ['vch_2', 'vch_3'] }]);
  expect(made).toMatchObject({ state: RefundState.COMPLETED, amount: { minor: 1980n } });
  expect([...house.around.voided.keys()]).toEqual(['2', '3']);
  expect(await house.failing(refund(orderId, 'r2', [{ lineId: '1', voucherIds: ['vch_77'] }]))).toBe('VOUCHER_UNKNOWN');
});

it('is the same refund when its request comes again, and another under the same id is refused', async () => {
  const orderId = await bought(4);
  const first = await refund(orderId, 'r1', [{ lineId: '1', quantity: 1 }]);
  const again = await refund(orderId, 'r1', [{ lineId: '1', quantity: 1 }]);
  expect(again).toEqual(first);
  expect(house.around.voided.size).toBe(1);
  const rest = await refund(orderId, 'r2');
  expect(await refund(orderId, 'r2')).toEqual(rest);
  expect(rest.amount?.minor).toBe(2970n);
  expect(await house.failing(refund(orderId, 'r1', [{ lineId: '1', quantity: 2 }]))).toBe('REQUEST_ID_REUSED');
});

it('refuses more than there is, foreign orders, and what cannot be taken back', async () => {
  house.around.products.set('prd_phone', { unitMicros: 10_000_000n, kind: ProductKind.TOP_UP });
  const orderId = await bought(2);
  expect(await house.failing(refund(orderId, 'r1', [{ lineId: '1', quantity: 3 }]))).toBe('REFUND_EXCEEDS_LINE');
  expect(await house.failing(refund(orderId, 'r2', [], 'chn_pay'))).toBe('ORDER_UNKNOWN');
  expect(await house.failing(refund(orderId, 'r3', [{ lineId: '7' }]))).toBe('LINE_UNKNOWN');
  expect(await house.failing(refund(orderId, ''))).toBe('FIELD_REQUIRED');
  const topUp = await house.place({ number: 'T-1', waitMs: 0, lines: [{ productId: 'prd_phone', quantity: 1, accountFields: { phone: '13800138000' } }] });
  expect(await house.failing(refund(topUp.orderId, 'r4'))).toBe('ORDER_NOT_ENDED');
});

it('pays back an unevenly divisible line to the cent, however it is split', async () => {
  house.around.products.set('prd_third', { unitMicros: 3_333_333n });
  house.around.free.set('prd_third', 3);
  const orderId = await bought(3, 'prd_third');
  const amounts: bigint[] = [];
  for (const id of ['a', 'b', 'c']) amounts.push((await refund(orderId, id, [{ lineId: '1', quantity: 1 }])).amount!.minor);
  expect(amounts).toEqual([333n, 334n, 333n]);
  expect(amounts.reduce((a, b) => a + b)).toBe(1000n);
});

it('takes ancestors’ commissions back pro rata', async () => {
  house.around.products.set('prd_chain', { unitMicros: 1_000_000n, marginMicros: 100_100n });
  house.around.free.set('prd_chain', 10);
  const orderId = await bought(3, 'prd_chain');
  for (const id of ['a', 'b', 'c']) await refund(orderId, id, [{ lineId: '1', quantity: 1 }]);
  const taken = [...house.around.facts.values()].flatMap((fact) => (fact.type === 'RefundDelivered' ? fact.delivered.commissions.map(({ amount }) => amount.minor) : []));
  const accrued = [...house.around.captures.values()].flatMap(({ fact }) => fact.commissions.map(({ amount }) => amount.minor));
  expect(taken.reduce((a, b) => a + b)).toBe(accrued.reduce((a, b) => a + b));
});

it('of more than one person may give back needs two, in live', async () => {
  const live = await orderHouse({ ports: testPorts({ namespace: 'live' }) });
  live.around.products.set('prd_gold', { unitMicros: 9_999_990_000n });
  live.around.free.set('prd_gold', 5);
  live.around.balances.set('acc_prepaid.shop.CNY', 10_000_000n);
  const { orderId } = await live.place({ number: 'G-1', lines: [{ productId: 'prd_gold', quantity: 2 }] });
  const ask = (method: 'createRefund' | 'createLargeRefund', requestId: string, quantity: number) =>
    live.ports.clock.until(live.ports.rpc.call(OrderService.method[method], { orderId, requestId, lines: [{ lineId: '1', quantity }] }, live.contextOf(CHANNEL)));
  expect((await ask('createRefund', 'a', 1)).state).toBe(RefundState.COMPLETED);
  expect(await live.failing(ask('createRefund', 'b', 2))).toBe('REFUND_EXCEEDS_LINE');
  const { orderId: second } = await live.place({ number: 'G-2', lines: [{ productId: 'prd_gold', quantity: 2 }] });
  const both = (method: 'createRefund' | 'createLargeRefund') => live.ports.clock.until(live.ports.rpc.call(OrderService.method[method], { orderId: second, requestId: 'c' }, live.contextOf(CHANNEL)));
  expect(await live.failing(both('createRefund'))).toBe('REFUND_NEEDS_TWO_PERSONS');
  expect((await both('createLargeRefund')).amount?.minor).toBe(1_999_998n);
  await live.close();
});

it('says what a refund would be without beginning it', async () => {
  const orderId = await bought(2);
  const preview = await house.ports.rpc.call(OrderService.method.createRefund, { orderId, requestId: 'r1', validateOnly: true }, house.contextOf(CHANNEL));
  expect(preview).toMatchObject({ orderId, lines: [{ lineId: '1' }] });
  expect(house.around.voided.size).toBe(0);
});

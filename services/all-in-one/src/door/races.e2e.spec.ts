import { LedgerService } from '@vouchsafe/proto/ledger/v1/ledger';
import { AccessService } from '@vouchsafe/proto/access/v1/access';
import { PrincipalKind } from '@vouchsafe/proto/access/v1/resources';
import { InventoryService } from '@vouchsafe/proto/inventory/v1/inventory';
import { type Order, OrderService, OrderState } from '@vouchsafe/proto/order/v1/order';
import { RedemptionService } from '@vouchsafe/proto/redemption/v1/redemption';
import { RiskService, SignalKind } from '@vouchsafe/proto/risk/v1/risk';
import type { DescMethodUnary, MessageInitShape } from '@bufbuild/protobuf';
import { codesOf, Premises } from './testing/premises.js';
import type { Told } from './testing/wire.js';

const LONG = process.env.VOUCHSAFE_LONG === '1';
const ROUNDS = LONG ? 1_000 : 12;
const BUYERS = 100;
const SAME_ROUNDS = LONG ? 1_000 : 8;
const AT_ONCE = 50;
const { placeOrder, createRefund } = OrderService.method;

describe('of many at once', () => {
  let premises: Premises;
  beforeAll(async () => {
    premises = await Premises.open();
    await premises.furnish((document) => {
      // Nothing but stock decides here.
      for (const listing of document.listings) Object.assign(listing, { quota: 0n, buyerLimit: 0 });
    });
    await premises.wire.get(LedgerService.method.createDeposit, { channelId: 'chn_dist', amount: { minor: 1_000_000_000n, currency: 'CNY' }, bank: 'icbc', bankReference: 'MORE' }, premises.as('admin'));
    await premises.mint('prd_coffee', LONG ? 20_000 : 2_000);
  }, 30_000);
  afterAll(() => premises.close());

  const orderOf = (told: Told): Order => told.answers[0] as Order;
  const soldOut = (told: Told): boolean => told.code === 'SOLD_OUT_FOR_NOW' || (told.ok && orderOf(told).reason?.code === 'OUT_OF_STOCK');

  it('one buyer wins the last unit, and the other ninety-nine are told so', async () => {
    const codes = codesOf('LAST', ROUNDS);
    for (let round = 0; round < ROUNDS; round++) {
      await premises.stock('prd_video-month', 'sup_video', [codes[round]!]);
      const channels = ['chn_dist', 'chn_corp', 'chn_dist.shop'] as const;
      const rush = (): Promise<Told[]> => Promise.all(Array.from({ length: BUYERS }, (_, i) =>
        premises.wire.ask(placeOrder, [{ number: `R${round}-${i}`, lines: [{ productId: 'prd_video-month', quantity: 1 }], waitMs: 10_000 }], premises.as(channels[i % 3]!))));
      // News of fresh stock takes a moment; whoever is told "sold out for now" may come again under the same number.
      const told = await premises.until(rush, (all) => !all.every(({ code }) => code === 'SOLD_OUT_FOR_NOW'));
      const winners = told.filter((one) => one.ok && orderOf(one).state === OrderState.COMPLETED);
      expect(winners).toHaveLength(1);
      expect(told.filter((one) => one !== winners[0] && !soldOut(one)).map(({ code, json }) => `${code} ${json.slice(0, 300)}`)).toEqual([]);
      const { free, reserved, sold } = await premises.wire.get(InventoryService.method.getStock, { productId: 'prd_video-month' }, premises.as('admin'));
      expect([free, reserved, sold]).toEqual([0n, 0n, BigInt(round + 1)]);
      const [secret] = await premises.disclose(orderOf(winners[0]!).channelId, orderOf(winners[0]!).orderId);
      expect(secret?.code).toBe(codes[round]);
    }
  }, LONG ? 900_000 : 60_000);

  it('the same order is one order, the answers are one answer, and another body is refused', async () => {
    for (let round = 0; round < SAME_ROUNDS; round++) {
      const number = `SAME-${round}`;
      const body = (quantity: number) => ({ number, lines: [{ productId: 'prd_coffee', quantity }], buyer: { ref: `b-${round}` }, waitMs: 10_000 });
      const told = await Promise.all(Array.from({ length: AT_ONCE }, (_, i) => premises.wire.ask(placeOrder, [body(i % 10 === 9 ? 2 : 1)], premises.as('chn_dist'))));
      const won = told.find(({ ok }) => ok)!;
      const { ordered } = orderOf(won).lines[0]!;
      const same = told.filter((_, i) => (i % 10 === 9 ? 2 : 1) === ordered);
      expect([...new Set(same.map(({ json }) => json))]).toHaveLength(1);
      expect(orderOf(same[0]!).state).toBe(OrderState.COMPLETED);
      for (const other of told.filter((_, i) => (i % 10 === 9 ? 2 : 1) !== ordered)) expect([other.status, other.code]).toEqual([6, 'ORDER_NUMBER_REUSED']);
      const events = (await premises.events()).filter(({ stream }) => stream === `order-${orderOf(won).orderId}`);
      expect(events.filter(({ type }) => type.includes('OrderPlaced'))).toHaveLength(1);
    }
    // The personal part counts for the body, though it is kept nowhere in it.
    const told = await premises.wire.ask(placeOrder, [{ number: 'SAME-0', lines: [{ productId: 'prd_coffee', quantity: 1 }], buyer: { ref: 'somebody else' } }], premises.as('chn_dist'));
    expect(told.code).toBe('ORDER_NUMBER_REUSED');
  }, LONG ? 900_000 : 30_000);

  it('the same order sent as a batch, a stream and over HTTP is the same order still', async () => {
    const order = { number: 'WAYS', lines: [{ productId: 'prd_coffee', quantity: 1 }] };
    const first = await premises.order('chn_dist', order);
    const batch = await premises.wire.get(OrderService.method.batchPlaceOrders, { orders: [order, order, { ...order, lines: [{ productId: 'prd_coffee', quantity: 9 }] }] }, premises.as('chn_dist'));
    expect(batch.results.map(({ outcome }) => (outcome.case === 'order' ? outcome.value.orderId : outcome.value?.code))).toEqual([first.orderId, first.orderId, 'ORDER_NUMBER_REUSED']);
    const stream = await premises.wire.ask(OrderService.method.streamOrders, [{ order }, { order }], premises.as('chn_dist'));
    expect(stream.json.split(first.orderId)).toHaveLength(3);
    expect((await premises.http('POST', '/v1/orders', 'chn_dist', { body: order })).json['orderId']).toBe(first.orderId);
  });

  it('one voucher is redeemed once, by whichever of fifty tills’ requests comes first', async () => {
    const { orderId } = await premises.order('chn_dist', { number: 'RED', lines: [{ productId: 'prd_coffee', quantity: 5 }] });
    for (const [v, { code }] of (await premises.disclose('chn_dist', orderId)).entries()) {
      const told = await Promise.all(Array.from({ length: AT_ONCE }, (_, i) => premises.wire.ask(RedemptionService.method.redeemVoucher,
        [{ voucher: { case: 'code', value: code }, sequence: BigInt(v * 1_000 + i + 1), scene: 'counter' }], premises.as(i % 2 === 0 ? 'trm_lake-1' : 'trm_station-1'))));
      expect(told.filter(({ ok }) => ok)).toHaveLength(1);
      expect([...new Set(told.filter(({ ok }) => !ok).map((one) => one.code))]).toEqual(['ALREADY_REDEEMED']);
      // The till that lost its answer asks again under its own number.
      const winner = told.findIndex(({ ok }) => ok);
      const again = await premises.wire.ask(RedemptionService.method.redeemVoucher,
        [{ voucher: { case: 'code', value: code }, sequence: BigInt(v * 1_000 + winner + 1), scene: 'counter' }], premises.as(winner % 2 === 0 ? 'trm_lake-1' : 'trm_station-1'));
      expect(again.json).toBe(told[winner]!.json);
    }
  }, 30_000);

  it('one refund is made under one request id, and no more comes back than was bought', async () => {
    const { orderId } = await premises.order('chn_dist', { number: 'REF', lines: [{ productId: 'prd_coffee', quantity: 10 }] });
    const refund = (requestId: string, quantity: number) => premises.wire.ask(createRefund, [{ orderId, requestId, lines: [{ lineId: '1', quantity }] }], premises.as('chn_dist'));
    const told = await Promise.all(Array.from({ length: AT_ONCE }, () => refund('once', 3)));
    expect(new Set(told.map(({ json }) => /"refundId":"([^"]+)"/.exec(json)?.[1])).size).toBe(1);
    expect((await refund('once', 4)).code).toBe('REQUEST_ID_REUSED');
    await Promise.all(Array.from({ length: 20 }, (_, i) => refund(`more-${i}`, 1)));
    await premises.until(() => premises.wire.get(OrderService.method.getOrder, { orderId }, premises.as('chn_dist')), ({ lines }) => lines[0]!.refunded === 10);
    expect((await refund('too-much', 1)).ok).toBe(false);
  }, 30_000);

  it('a repeated request under one id has one effect, and another one under it is refused', async () => {
    const { wire } = premises;
    const admin = premises.as('admin');
    const twice = async <M extends DescMethodUnary>(method: M, body: MessageInitShape<M['input']>, other: MessageInitShape<M['input']>, who = admin, namesOf = (told: Told): string => told.json): Promise<void> => {
      const told = await Promise.all(Array.from({ length: 10 }, () => wire.ask(method, [{ ...body, requestId: `id-${method.name}` }], who)));
      expect([method.name, told.every(({ ok }) => ok), new Set(told.map(namesOf)).size]).toEqual([method.name, true, 1]);
      const refused = await wire.ask(method, [{ ...other, requestId: `id-${method.name}` }], who);
      expect([method.name, refused.status, refused.code]).toEqual([method.name, 6, expect.stringMatching(/(REUSED|DIFFERS|USED)$/)]);
    };
    const id = (name: string) => (told: Told): string => new RegExp(`"${name}":"([^"]+)"`).exec(told.json)?.[1] ?? told.json;
    await twice(InventoryService.method.startImport, { productId: 'prd_video-month', supplierId: 'sup_video', unitCost: '1' }, { productId: 'prd_video-month', supplierId: 'sup_video', unitCost: '2' }, admin, id('importId'));
    await twice(InventoryService.method.mintVouchers, { productId: 'prd_coffee', quantity: 3 }, { productId: 'prd_coffee', quantity: 4 }, admin, id('jobId'));
    await twice(LedgerService.method.createDeposit, { channelId: 'chn_dist', amount: { currency: 'CNY', minor: 100n }, bank: 'icbc', bankReference: 'TWICE' }, { channelId: 'chn_dist', amount: { currency: 'CNY', minor: 100n }, bank: 'icbc', bankReference: 'THRICE' }, admin, id('entryId'));
    await twice(AccessService.method.createPrincipal, { kind: PrincipalKind.PERSON, displayName: 'A', roles: ['support'] }, { kind: PrincipalKind.SERVICE, displayName: 'A' }, admin, id('principalId'));
    await twice(RiskService.method.recordSignal, { kind: SignalKind.LOGIN, buyerRef: 'b-1' }, { kind: SignalKind.LOGIN, buyerRef: 'b-2' }, premises.as('chn_dist'), id('signalId'));
  }, 30_000);

  it('nothing was sold twice, nothing is held, and the books balance', async () => {
    const granted = (await premises.events()).filter(({ type }) => type.startsWith('redemption.GrantActivated'));
    const units = granted.flatMap(({ data }) => (data as { ranges: readonly (readonly [string, number, number])[] }).ranges)
      .flatMap(([batchId, from, to]) => Array.from({ length: to - from }, (_, i) => `${batchId}/${from + i}`));
    expect(units.length).toBeGreaterThan(ROUNDS + SAME_ROUNDS);
    const { balance } = (await premises.wire.get(LedgerService.method.getTrialBalance, { bookId: 'bok_main' }, premises.as('admin'))).totals[0]!;
    expect(balance?.minor).toBe(0n);
    const { reserved } = await premises.until(() => premises.wire.get(InventoryService.method.getStock, { productId: 'prd_coffee' }, premises.as('admin')), (stock) => stock.reserved === 0n);
    expect(reserved).toBe(0n);
    // Refunded units may come back and be sold anew; apart from them no unit was granted twice.
    const twice = units.filter((unit, i) => units.indexOf(unit) !== i);
    expect(twice.length).toBeLessThanOrEqual(10);
  });
});

import { LedgerService } from '@vouchsafe/proto/ledger/v1/ledger';
import { OrderService, OrderState } from '@vouchsafe/proto/order/v1/order';
import { PaymentService } from '@vouchsafe/proto/order/v1/payment';
import { RefundState } from '@vouchsafe/proto/order/v1/refund';
import { RedemptionService } from '@vouchsafe/proto/redemption/v1/redemption';
import { refusalOf, until, type Visitors, type Wanted } from './visitors.js';

const months = (number: string, quantity = 1): Wanted => ({ number, lines: [{ productId: 'prd_video-month', quantity }] });

const describeNumbers = (visitors: () => Visitors): void => {
  it('sells codes from a prepaid balance, discloses them to their channel, the same ones when asked again', async () => {
    const order = await visitors().order('chn_dist', months('S-1', 2));
    expect(order).toMatchObject({ state: OrderState.COMPLETED, total: { minor: 3960n, currency: 'CNY' }, lines: [{ delivered: 2 }] });
    const secrets = await visitors().disclose('chn_dist', order.orderId);
    expect(new Set(secrets.map(({ code }) => code)).size).toBe(2);
    expect(await visitors().disclose('chn_dist', order.orderId)).toEqual(secrets);
  });

  it('takes a number once: the same body is the same order, another is refused, by gRPC and by HTTP', async () => {
    const first = await visitors().order('chn_dist', months('S-2'));
    expect(await visitors().order('chn_dist', months('S-2'))).toMatchObject({ orderId: first.orderId, state: OrderState.COMPLETED });
    expect(await refusalOf(visitors().order('chn_dist', months('S-2', 2)))).toBe('ORDER_NUMBER_REUSED');
    const { http, keys } = visitors().form;
    const posted = async (quantity: number): Promise<readonly [number, unknown]> => {
      const answer = await fetch(`${http}/v1/orders`, {
        method: 'POST', headers: { authorization: `Bearer ${keys.channels['chn_dist']}`, 'content-type': 'application/json' },
        body: JSON.stringify({ number: 'S-2', lines: [{ productId: 'prd_video-month', quantity }] }),
      });
      return [answer.status, await answer.json()];
    };
    expect(await posted(1)).toEqual([200, expect.objectContaining({ orderId: first.orderId, state: 'ORDER_STATE_COMPLETED' })]);
    expect(await posted(2)).toEqual([409, expect.objectContaining({ code: 'ORDER_NUMBER_REUSED' })]);
  });
};

/** Orders that an account pays, to their ends. */
export const describeSelling = (visitors: () => Visitors): void => {
  describeNumbers(visitors);
  it('bills a company within its limit; what is more than the limit, or than there is, is rejected with the reason', async () => {
    expect(await visitors().order('chn_corp', months('S-3', 3))).toMatchObject({ state: OrderState.COMPLETED, total: { minor: 6150n } });
    const limit = (minor: bigint) => visitors().admin.call(LedgerService.method.updateCreditLimit, { channelId: 'chn_corp', limit: { minor, currency: 'CNY' }, requestId: `limit-${minor}` });
    await limit(6_200n);
    const { state, reason } = await visitors().order('chn_corp', months('S-4'));
    await limit(100_000_000n);
    expect([state, reason?.code, reason?.text?.zh]).toEqual([OrderState.REJECTED, expect.stringMatching(/^[A-Z_]+$/), expect.stringMatching(/[一-龥]/)]);
    expect(await visitors().order('chn_dist', months('S-5', 500))).toMatchObject({ state: OrderState.REJECTED, reason: { code: 'OUT_OF_STOCK' } });
  });

  it('sells through a shop on the balance of the distributor above it', async () => {
    const before = await visitors().balance('liabilities:channel:prepaid:chn_dist');
    expect(await visitors().order('chn_dist.shop', months('S-6', 2))).toMatchObject({ state: OrderState.COMPLETED, total: { minor: 4200n }, lines: [{ priceChain: [{ channelId: 'chn_dist' }, { channelId: 'chn_dist.shop' }] }] });
    await until(() => visitors().balance('liabilities:channel:prepaid:chn_dist'), (after) => after !== before);
  });

  it('delivers an order of codes, own vouchers and a top-up line by line', async () => {
    const order = await visitors().order('chn_dist', {
      number: 'S-7', buyer: { ref: 'buyer-7' },
      lines: [{ productId: 'prd_video-month', quantity: 2 }, { productId: 'prd_coffee', quantity: 1 }, { productId: 'prd_phone-10', quantity: 1, accountFields: { phone: '13900000788' } }],
    });
    expect([order.state, order.lines.map(({ ordered, delivered, failed }) => [ordered, delivered, failed])]).toEqual([OrderState.COMPLETED, [[2, 2, 0], [1, 1, 0], [1, 1, 0]]]);
    expect(await visitors().disclose('chn_dist', order.orderId)).toHaveLength(3);
  });

  it('takes no money for a top-up that fails, and waits for one that takes its time', async () => {
    const topUp = (number: string, phone: string) => visitors().order('chn_dist', { number, lines: [{ productId: 'prd_phone-10', quantity: 1, accountFields: { phone } }] });
    const failed = await topUp('S-8', '13900000801');
    expect([failed.state, failed.lines[0]?.delivered]).toEqual([OrderState.CANCELLED, 0]);
    const late = await topUp('S-9', '13900000904');
    expect(await visitors().ended('chn_dist', late.orderId)).toMatchObject({ state: OrderState.COMPLETED, lines: [{ delivered: 1 }] });
  });

  it('answers many orders of one call, each by itself', async () => {
    const shop = visitors().as('chn_dist');
    const { results } = await shop.call(OrderService.method.batchPlaceOrders, { orders: [months('S-2', 9), ...Array.from({ length: 8 }, (_, i) => ({ ...months(`S-10-${i}`), waitMs: 20_000 }))] });
    expect(results.map(({ outcome }) => (outcome.case === 'order' ? outcome.value.state : outcome.value?.code))).toEqual(['ORDER_NUMBER_REUSED', ...Array.from({ length: 8 }, () => OrderState.COMPLETED)]);
    const ids = new Set(results.flatMap(({ outcome }) => (outcome.case === 'order' ? [outcome.value.orderId] : [])));
    expect(ids.size).toBe(8);
    await until(() => shop.call(OrderService.method.listOrders, { pageSize: 100 }), ({ orders }) => [...ids].every((id) => orders.some(({ orderId }) => orderId === id)));
  });
};

/** What comes back, and what others see. */
export const describeGivingBack = (visitors: () => Visitors): void => {
  it('takes back what was not disclosed: to stock, and to the cent; the same request is the same refund', async () => {
    const { orderId } = await visitors().order('chn_corp', months('G-1', 3));
    const refund = await visitors().refund('chn_corp', orderId, { requestId: 'rf-1', quantity: 2 });
    expect(refund).toMatchObject({ state: RefundState.COMPLETED, amount: { minor: 4100n }, lines: [{ returned: 2 }] });
    expect((await visitors().refund('chn_corp', orderId, { requestId: 'rf-1', quantity: 2 })).refundId).toBe(refund.refundId);
    expect(await refusalOf(visitors().refund('chn_corp', orderId, { requestId: 'rf-2', quantity: 2 }))).toBe('REFUND_EXCEEDS_LINE');
    expect((await visitors().orderNow('chn_corp', orderId)).lines[0]?.refunded).toBe(2);
  });

  it('cancels an order that waits for its payment, and no order that has ended', async () => {
    const { orderId } = await visitors().order('chn_app', { ...months('G-2'), waitMs: 0 });
    await visitors().awaitsPayment('chn_app', orderId);
    const cancel = (channel: string, id: string) => visitors().as(channel).call(OrderService.method.cancelOrder, { orderId: id, requestId: `cancel-${id}` });
    expect(await refusalOf(cancel('chn_corp', orderId))).toBe('ORDER_UNKNOWN');
    await cancel('chn_app', orderId);
    expect((await visitors().ended('chn_app', orderId)).state).toBe(OrderState.CANCELLED);
    const done = await visitors().order('chn_dist', months('G-3'));
    expect(await refusalOf(cancel('chn_dist', done.orderId))).toBe('ORDER_NOT_CANCELLABLE');
  });

  it("answers another channel's ids as if there were none", async () => {
    const { orderId, voucherId } = await visitors().voucher('chn_dist', 'G-4');
    const paid = await visitors().order('chn_app', { ...months('G-5.paid') });
    const nobody = '00000000-0000-5000-8000-000000000000';
    const other = visitors().as('chn_corp');
    const asked = [
      [orderId, `ord_${nobody}`, (id: string) => other.call(OrderService.method.getOrder, { orderId: id })],
      [orderId, `ord_${nobody}`, (id: string) => other.call(OrderService.method.createRefund, { orderId: id, requestId: 'rf-x', lines: [{ lineId: '1', quantity: 1 }] })],
      [orderId, `ord_${nobody}`, (id: string) => visitors().disclose('chn_corp', id)],
      [voucherId, `${voucherId.slice(0, -4)}zzzz`, (id: string) => other.call(RedemptionService.method.getVoucher, { voucherId: id })],
      [`pay_${paid.orderId.slice(4)}`, `pay_${nobody}`, (id: string) => other.call(PaymentService.method.getPayment, { paymentId: id })],
    ] as const;
    for (const [theirs, absent, ask] of asked) {
      const answer = await refusalOf(ask(theirs));
      expect([answer, answer]).toEqual([expect.stringMatching(/_UNKNOWN$/), await refusalOf(ask(absent))]);
    }
    expect(await refusalOf(other.call(OrderService.method.getOrder, { number: 'G-4' }))).toBe('ORDER_UNKNOWN');
    await visitors().ended('chn_app', paid.orderId);
  });
};

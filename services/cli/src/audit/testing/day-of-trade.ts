import type { RecordedEvent } from '@vouchsafe/event-store';
import { instant } from '@vouchsafe/kernel';
import { OrderService, type Order, OrderState } from '@vouchsafe/proto/order/v1/order';
import { RefundState } from '@vouchsafe/proto/order/v1/refund';
import { RedemptionService } from '@vouchsafe/proto/redemption/v1/redemption';
import type { Ack } from '../../crash/acks.js';
import { lostOf } from '../../crash/verdict.js';
import { mintVouchers } from '../../client/mint.js';
import { furnish } from '../../demo/furnish.js';
import { disclose } from '../../demo/redeeming.js';
import { settled } from '../../trace/settled.js';
import { Stage } from '../../trace/stage.js';
import { allEvents, openLog } from '../open-log.js';

/** What a small platform wrote in a day with a bit of everything, and which of its answers it still knows at the end. */
export type DayOfTrade = {
  readonly events: readonly RecordedEvent[];
  /** By the order's number. */
  readonly orderIds: Readonly<Record<string, string>>;
  /** Acknowledgements that the platform does not stand by: of those it gave, and of those it never gave. */
  readonly lost: { readonly given: readonly string[]; readonly invented: readonly string[] };
};

const TILL = 'trm_lake-1';

/** The real services behind their gateway: sold, delivered, disclosed, redeemed in each way, refunded, refused; then stopped. */
export const dayOfTrade = async (): Promise<DayOfTrade> => {
  const stage = await Stage.open({ start: instant(Date.UTC(2026, 2, 2, 1)), channels: ['chn_dist', 'chn_corp'], terminals: [TILL] });
  try {
    const admin = stage.as('admin');
    await furnish(admin, stage.folder, { months: 12, seats: 2, coffee: 4, tens: 2 });
    await mintVouchers(admin, 'prd_gift-100', 2, 10);
    const orders = await trade(stage);
    const acks: readonly Ack[] = Object.entries(orders).map(([number, { channelId, orderId, state }]) => ({ kind: 'order', number, channel: channelId, orderId, state, quantity: 1 }));
    const [first] = acks as readonly Extract<Ack, { kind: 'order' }>[];
    const callers = { admin, till: stage.as(TILL) };
    const ask = (of: readonly Ack[]): Promise<readonly string[]> => lostOf(of, (channel) => stage.as(channel), callers);
    const lost = {
      given: await ask(acks),
      invented: await ask([
        { ...first!, number: 'NEVER', orderId: 'ord_00000000-0000-5000-8000-000000000000' }, { ...first!, number: 'OTHERWISE', state: OrderState.REJECTED },
        { kind: 'redemption', voucherId: 'vch_x', redemptionId: 'rdm_never', orderId: first!.orderId, sequence: 9 }, { kind: 'refund', orderId: first!.orderId, refundId: 'rfd_never' },
      ]),
    };
    await settled(stage);
    await stage.stop();
    const events: RecordedEvent[] = [];
    const store = await openLog(stage.data, 'sandbox');
    for await (const event of allEvents(store)) events.push(event);
    await store.close();
    return { events, lost, orderIds: Object.fromEntries(Object.entries(orders).map(([number, { orderId }]) => [number, orderId])) };
  } finally {
    await stage.close();
  }
};

const trade = async (stage: Stage): Promise<Readonly<Record<string, Order>>> => {
  const orders: Record<string, Order> = {};
  const place = async (channel: string, number: string, productId: string, quantity: number, accountFields = {}): Promise<Order> => {
    const order = await stage.as(channel).call(OrderService.method.placeOrder, { number, waitMs: 30_000, lines: [{ productId, quantity, accountFields }] });
    orders[number] = order;
    return order;
  };
  const use = async (channel: string, { orderId }: Order, sequences: readonly bigint[], amountMinor?: bigint): Promise<void> => {
    const [secret] = await disclose(stage.as(channel), orderId);
    for (const sequence of sequences) {
      const amount = amountMinor === undefined ? {} : { amount: { minor: amountMinor, currency: 'CNY' } };
      await stage.as(TILL).call(RedemptionService.method.redeemVoucher, { voucher: { case: 'code', value: secret!.code }, sequence, scene: 'counter', ...amount });
    }
  };
  await place('chn_dist', 'CODES', 'prd_video-month', 3);
  await disclose(stage.as('chn_dist'), orders.CODES!.orderId);
  await place('chn_dist', 'OTHER', 'prd_video-month', 2);
  await place('chn_dist', 'TOO-MANY', 'prd_video-month', 100);
  await place('chn_dist', 'PHONE', 'prd_phone-10', 1, { phone: '13900000088' });
  await place('chn_dist', 'LINK', 'prd_course-seat', 1);
  await use('chn_corp', await place('chn_corp', 'COFFEE', 'prd_coffee', 1), [1n]);
  await use('chn_corp', await place('chn_corp', 'TEN', 'prd_coffee-ten', 1), [2n, 3n]);
  await use('chn_dist', await place('chn_dist', 'GIFT', 'prd_gift-100', 1), [4n], 3_000n);
  const refund = await stage.as('chn_dist').call(OrderService.method.createRefund, { orderId: orders.OTHER!.orderId, requestId: 'rf-1', lines: [{ lineId: '1', quantity: 1 }], reason: 'not wanted' });
  if (refund.state === RefundState.FAILED) throw new Error('the refund failed');
  return orders;
};

import { type Order, OrderState } from '@vouchsafe/proto/order/v1/order';
import { PaymentState } from '@vouchsafe/proto/order/v1/payment';
import { RefundState } from '@vouchsafe/proto/order/v1/refund';
import { OrderService } from '@vouchsafe/proto/order/v1/order';
import { until, type Visitors } from './visitors.js';

/** What buyers pay through the sandbox's provider, which does as the end of an order's number tells it. */
export const describePaying = (visitors: () => Visitors): void => {
  const buy = async (number: string, quantity = 1): Promise<Order> => {
    const { orderId } = await visitors().order('chn_app', { number, lines: [{ productId: 'prd_video-month', quantity }], waitMs: 1_000 });
    return visitors().orderNow('chn_app', orderId);
  };
  const nothingOwed = async (): Promise<void> => {
    await until(() => visitors().balance('liabilities:refund'), (owed) => owed === 0n);
    await until(() => visitors().balance('liabilities:contract:undelivered'), (owed) => owed === 0n);
  };

  it('delivers what is paid, books it once though its notice comes three times, and takes it back to the cent', async () => {
    const { orderId } = await buy('P-1.dup', 2);
    expect(await visitors().ended('chn_app', orderId)).toMatchObject({ state: OrderState.COMPLETED, total: { minor: 5000n }, lines: [{ delivered: 2 }], payment: { state: PaymentState.PAID, received: { minor: 5000n } } });
    await nothingOwed();
    for (const requestId of ['rf-p1', 'rf-p2']) expect(await visitors().refund('chn_app', orderId, { requestId, quantity: 1 })).toMatchObject({ state: RefundState.COMPLETED, amount: { minor: 2500n } });
    await nothingOwed();
  });

  it('stays with what was paid when a notice comes late that it was closed', async () => {
    const { orderId } = await buy('P-2.disorder');
    expect(await visitors().ended('chn_app', orderId)).toMatchObject({ state: OrderState.COMPLETED, payment: { state: PaymentState.PAID } });
  });

  it('gives back what is paid a second time, and what is not the price', async () => {
    const twice = await buy('P-3.twice');
    expect((await visitors().ended('chn_app', twice.orderId)).state).toBe(OrderState.COMPLETED);
    const over = await buy('P-4.over');
    expect(await visitors().ended('chn_app', over.orderId)).toMatchObject({ state: OrderState.CANCELLED });
    await until(() => visitors().orderNow('chn_app', over.orderId), ({ payment }) => payment?.received?.minor === 2501n);
    await nothingOwed();
  });

  it('delivers nothing for a payment that fails, or for a notice that is forged', async () => {
    const [declined, forged] = [await buy('P-5.declined'), await buy('P-6.forged')];
    expect(await visitors().ended('chn_app', declined.orderId)).toMatchObject({ state: OrderState.CANCELLED, lines: [{ delivered: 0 }] });
    await visitors().awaitsPayment('chn_app', forged.orderId);
    await visitors().as('chn_app').call(OrderService.method.cancelOrder, { orderId: forged.orderId, requestId: 'cancel-p6' });
    expect(await visitors().ended('chn_app', forged.orderId)).toMatchObject({ state: OrderState.CANCELLED, lines: [{ delivered: 0 }] });
  });
};

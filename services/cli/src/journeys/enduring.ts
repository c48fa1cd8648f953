import { OrderState } from '@vouchsafe/proto/order/v1/order';
import type { Visitors } from './visitors.js';

const PATIENCE_MS = 90_000;
const AGAIN_MS = 200;
const ORDERS = 12;

/** Power cuts while orders are under way. */
export const describeEnduring = (visitors: () => Visitors): void => {
  /** A client that never gives up: asks again under its own number until its order has ended. */
  const placed = async (number: string): Promise<string> => {
    for (const end = performance.now() + PATIENCE_MS; ; ) {
      const order = await visitors().order('chn_dist', { number, lines: [{ productId: 'prd_video-month', quantity: 1 }], waitMs: 5_000 }).catch((error: Error) => error);
      if (!(order instanceof Error) && order.state === OrderState.COMPLETED) return order.orderId;
      if (performance.now() > end) throw new Error(`${number} does not end: ${order instanceof Error ? order.message : OrderState[order.state]}`);
      await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
    }
  };

  it('goes on where it was: what was answered is there, what was under way ends once', async () => {
    const { orderId, code } = await visitors().voucher('chn_dist', 'E-1');
    const { redemption } = await visitors().redeem('trm_lake-1', code);
    const placing = Promise.all(Array.from({ length: ORDERS }, (_, i) => placed(`E-2-${i}`)));
    await visitors().form.crash();
    const ids = await placing;
    expect(new Set(ids).size).toBe(ORDERS);
    const codes = (await Promise.all(ids.map((id) => visitors().disclose('chn_dist', id)))).flat().map((secret) => secret.code);
    expect([codes.length, new Set(codes).size]).toEqual([ORDERS, ORDERS]);
    expect((await visitors().orderNow('chn_dist', orderId)).state).toBe(OrderState.COMPLETED);
    expect((await visitors().redeem('trm_lake-1', code, redemption!.sequence)).redemption?.redemptionId).toBe(redemption!.redemptionId);
  }, 120_000);
};

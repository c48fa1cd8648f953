import { AuditService } from '@vouchsafe/proto/audit/v1/audit';
import { LedgerService } from '@vouchsafe/proto/ledger/v1/ledger';
import { OrderService, OrderState } from '@vouchsafe/proto/order/v1/order';
import { RefundState } from '@vouchsafe/proto/order/v1/refund';
import { RedemptionService } from '@vouchsafe/proto/redemption/v1/redemption';
import { House } from './testing/house.js';

const TIMELINE_MS = 30_000;
const codes = (prefix: string, count: number): readonly string[] => Array.from({ length: count }, (_, i) => `${prefix}-${String(i).padStart(6, '0')}-${(i * 7919).toString(36).toUpperCase()}`);

describe('the life of an order and of a voucher', () => {
  let house: House;
  beforeAll(async () => {
    house = await House.open();
    await house.furnish();
    await house.stock('prd_video-month', 'sup_video', codes('MUSIC', 500));
    await house.mint('prd_coffee', 50);
  });
  afterAll(() => house.close());

  it('sells, delivers and discloses an imported code once', async () => {
    const order = await house.order('chn_dist', { number: 'A-1', lines: [{ productId: 'prd_video-month', quantity: 2 }] });
    expect([order.state, order.total?.minor, order.lines[0]?.delivered]).toEqual([OrderState.COMPLETED, 3960n, 2]);
    const secrets = await house.disclose('chn_dist', order.orderId);
    expect(secrets.map(({ code }) => code).sort()).toEqual(codes('MUSIC', 2));
    expect(await house.disclose('chn_dist', order.orderId)).toEqual(secrets);
  });

  it('answers the same order for the same number and refuses another body', async () => {
    const again = await house.order('chn_dist', { number: 'A-1', lines: [{ productId: 'prd_video-month', quantity: 2 }] });
    expect(again.state).toBe(OrderState.COMPLETED);
    await expect(house.order('chn_dist', { number: 'A-1', lines: [{ productId: 'prd_video-month', quantity: 3 }] })).rejects.toThrow('ORDER_NUMBER_REUSED');
  });

  it("shows a channel nothing of another channel's order", async () => {
    const { orderId } = await house.order('chn_dist', { number: 'A-2', lines: [{ productId: 'prd_video-month', quantity: 1 }] });
    const asked = (channel: string, id: string) => house.rpc.call(OrderService.method.getOrder, { orderId: id }, house.channel(channel)).then(() => 'seen', (error: Error) => error.message);
    expect(await asked('chn_corp', orderId)).toBe(await asked('chn_corp', 'ord_00000000-0000-5000-8000-000000000000'));
    await expect(house.disclose('chn_corp', orderId)).rejects.toThrow();
  });

  it('redeems a voucher at a till, once', async () => {
    const order = await house.order('chn_dist', { number: 'A-3', lines: [{ productId: 'prd_coffee', quantity: 1 }], buyer: { ref: 'buyer-1' } });
    expect(order.state).toBe(OrderState.COMPLETED);
    const [secret] = await house.disclose('chn_dist', order.orderId);
    const redeem = (sequence: bigint) => house.rpc.call(RedemptionService.method.redeemVoucher, { voucher: { case: 'code', value: secret!.code }, sequence, scene: 'counter' }, house.terminal('trm_lake-1'));
    const first = await redeem(1n);
    expect((await redeem(1n)).redemption?.redemptionId).toBe(first.redemption?.redemptionId);
    await expect(redeem(2n)).rejects.toThrow('ALREADY_REDEEMED');
    const life = ['OrderPlaced', 'VouchersReserved', 'ReservationCommitted', 'GrantActivated', 'FundsCaptured', 'UnitsDisclosed', 'VoucherRedeemed'];
    const missing = async (): Promise<readonly string[]> => {
      const { events } = await house.rpc.call(AuditService.method.getTimeline, { voucherId: secret!.voucherId }, house.admin);
      return life.filter((wanted) => !events.some(({ type }) => type.split('.')[1] === wanted));
    };
    // Timelines follow the facts, at most a moment behind.
    for (const end = Date.now() + TIMELINE_MS; (await missing()).length > 0 && Date.now() < end; await new Promise((resolve) => setTimeout(resolve, 100)));
    expect(await missing()).toEqual([]);
  });

  it('refunds what was not disclosed back to stock, and the books balance', async () => {
    const order = await house.order('chn_corp', { number: 'M-1', lines: [{ productId: 'prd_video-month', quantity: 3 }] });
    const refund = await house.rpc.call(OrderService.method.createRefund, { orderId: order.orderId, requestId: 'rf-1', lines: [{ lineId: order.lines[0]!.lineId, quantity: 1 }] }, house.channel('chn_corp'));
    expect([RefundState.COMPLETED, RefundState.PENDING]).toContain(refund.state);
    const trial = await house.rpc.call(LedgerService.method.getTrialBalance, { bookId: 'bok_main' }, house.admin);
    expect(JSON.stringify(trial, (_key, value: unknown) => (typeof value === 'bigint' ? value.toString() : value))).toContain('liabilities:channel:prepaid');
  });

  it('goes on where it was after a restart', async () => {
    await house.stop();
    await house.start();
    const again = await house.order('chn_dist', { number: 'A-1', lines: [{ productId: 'prd_video-month', quantity: 2 }] });
    expect(again.state).toBe(OrderState.COMPLETED);
    const next = await house.order('chn_dist', { number: 'A-4', lines: [{ productId: 'prd_video-month', quantity: 1 }] });
    expect(next.state).toBe(OrderState.COMPLETED);
  });
});

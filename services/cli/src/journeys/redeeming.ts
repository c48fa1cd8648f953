import { OrderService, OrderState } from '@vouchsafe/proto/order/v1/order';
import { RefundState } from '@vouchsafe/proto/order/v1/refund';
import { Redemption_State, RedemptionService } from '@vouchsafe/proto/redemption/v1/redemption';
import { refusalOf, type Visitors } from './visitors.js';

const LAKE = 'trm_lake-1';
const STATION = 'trm_station-1';

/** Own vouchers at the tills. */
export const describeRedeeming = (visitors: () => Visitors): void => {
  it('redeems a voucher once: the same sequence is the same redemption, any other is refused, and so is its refund', async () => {
    const { code, orderId } = await visitors().voucher('chn_dist', 'R-1');
    const sequence = visitors().sequence(LAKE);
    const { redemption } = await visitors().redeem(LAKE, code, sequence);
    expect(redemption).toMatchObject({ state: Redemption_State.REDEEMED, terminalId: LAKE, storeId: 'sto_lake' });
    expect((await visitors().redeem(LAKE, code, sequence)).redemption?.redemptionId).toBe(redemption!.redemptionId);
    expect(await refusalOf(visitors().redeem(LAKE, code))).toBe('ALREADY_REDEEMED');
    expect(await refusalOf(visitors().redeem(STATION, code))).toBe('ALREADY_REDEEMED');
    const refund = await visitors().refund('chn_dist', orderId, { requestId: 'rf-r1', quantity: 1 });
    expect(refund).toMatchObject({ state: RefundState.FAILED, lines: [{ refused: [{ code: 'ALREADY_REDEEMED', units: 1 }] }] });
    expect(await visitors().orderNow('chn_dist', orderId)).toMatchObject({ state: OrderState.COMPLETED, lines: [{ refunded: 0 }] });
  });

  it('redeems for one of two tills that try at once', async () => {
    for (const number of ['R-2', 'R-3', 'R-4']) {
      const { code } = await visitors().voucher('chn_corp', number);
      const tried = await Promise.all([LAKE, 'trm_lake-2', STATION].map((till) => refusalOf(visitors().redeem(till, code))));
      expect(tried.sort()).toEqual(['ALREADY_REDEEMED', 'ALREADY_REDEEMED', 'accepted']);
    }
  });

  it('reverses a redemption; the voucher may be used again, once', async () => {
    const { code } = await visitors().voucher('chn_dist', 'R-5');
    const { redemption } = await visitors().redeem(LAKE, code);
    const reverse = () => visitors().as(LAKE).call(RedemptionService.method.reverseRedemption, { redemptionId: redemption!.redemptionId, reason: 'wrong cup', requestId: 'rev-5' });
    expect((await reverse()).state).toBe(Redemption_State.REVERSED);
    expect((await reverse()).state).toBe(Redemption_State.REVERSED);
    await visitors().redeem(STATION, code);
    expect(await refusalOf(visitors().redeem(STATION, code))).toBe('ALREADY_REDEEMED');
  });

  it('counts the visits of a card of ten down', async () => {
    const { code } = await visitors().voucher('chn_corp', 'R-6', 'prd_coffee-ten');
    for (let left = 9n; left >= 0n; left--) expect((await visitors().redeem(LAKE, code)).usesLeft).toBe(left);
    expect(await refusalOf(visitors().redeem(LAKE, code))).toBe('USES_SPENT');
  });

  it('refuses a frozen voucher, and takes it again when it is free', async () => {
    const { code, voucherId } = await visitors().voucher('chn_dist', 'R-7');
    await visitors().admin.call(RedemptionService.method.freezeVoucher, { voucherId, reason: 'doubt', requestId: 'frz-7' });
    expect(await refusalOf(visitors().redeem(LAKE, code))).toBe('VOUCHER_FROZEN');
    await visitors().admin.call(RedemptionService.method.unfreezeVoucher, { voucherId, reason: 'no doubt', requestId: 'unf-7' });
    await visitors().redeem(LAKE, code);
  });

  it('redeems no voucher whose sale was taken back', async () => {
    const { orderId } = await visitors().order('chn_dist', { number: 'R-8', lines: [{ productId: 'prd_coffee', quantity: 2 }] });
    const [first] = await visitors().disclose('chn_dist', orderId);
    expect(await visitors().refund('chn_dist', orderId, { requestId: 'rf-r8', quantity: 2 })).toMatchObject({ state: RefundState.COMPLETED });
    expect(await refusalOf(visitors().redeem(LAKE, first!.code))).toBe('VOUCHER_VOIDED');
    expect((await visitors().as('chn_dist').call(OrderService.method.getOrder, { orderId })).lines[0]?.refunded).toBe(2);
  });
};

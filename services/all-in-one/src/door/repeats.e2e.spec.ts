import { toJson } from '@bufbuild/protobuf';
import { FulfillmentService } from '@vouchsafe/proto/fulfillment/v1/fulfillment';
import { OrderState } from '@vouchsafe/proto/order/v1/order';
import { RedemptionService } from '@vouchsafe/proto/redemption/v1/redemption';
import { Premises } from './testing/premises.js';

const { redeemVoucher, getRedemption, reverseRedemption } = RedemptionService.method;
const { discloseSecrets } = FulfillmentService.method;

describe('a repeat', () => {
  let premises: Premises;
  let orderId: string;
  let codes: readonly { readonly voucherId: string; readonly code: string }[];
  beforeAll(async () => {
    premises = await Premises.open();
    await premises.furnish();
    await premises.mint('prd_coffee', 20);
    const order = await premises.order('chn_corp', { number: 'R-1', lines: [{ productId: 'prd_coffee', quantity: 5 }], waitMs: 5_000 });
    expect([order.state, order.reason?.code]).toEqual([OrderState.COMPLETED, undefined]);
    ({ orderId } = order);
    codes = await premises.disclose('chn_corp', orderId);
  }, 20_000);
  afterAll(() => premises.close());

  const counted = async (type: string): Promise<number> => (await premises.events()).filter((event) => event.type.includes(type)).length;
  const redeem = (code: string, sequence: bigint) => premises.wire.ask(redeemVoucher, [{ voucher: { case: 'code', value: code }, sequence, scene: 'counter' }], premises.as('trm_lake-1'));

  it('of RedeemVoucher is answered like the first, ten at once and after a restart, and redeems once', async () => {
    const first = await redeem(codes[0]!.code, 1n);
    expect(first.code).toBe('');
    const again = await Promise.all(Array.from({ length: 10 }, () => redeem(codes[0]!.code, 1n)));
    await premises.restart();
    for (const told of [...again, await redeem(codes[0]!.code, 1n)]) expect(told.json).toBe(first.json);
    expect(await counted('VoucherRedeemed')).toBe(1);
    const found = await premises.wire.get(getRedemption, { terminalId: 'trm_lake-1', sequence: 1n }, premises.as('trm_lake-1'));
    expect(JSON.parse(first.json)).toMatchObject([{ redemption: { redemptionId: found.redemptionId } }]);
  }, 20_000);

  it('of a refusal is refused alike, and another code under the same number is told apart', async () => {
    expect([(await redeem(codes[0]!.code, 2n)).code, (await redeem(codes[0]!.code, 2n)).code]).toEqual(['ALREADY_REDEEMED', 'ALREADY_REDEEMED']);
    const other = await redeem(codes[1]!.code, 1n);
    expect([other.ok, other.code]).toEqual([false, expect.stringMatching(/SEQUENCE/)]);
    expect(await counted('VoucherRedeemed')).toBe(1);
  });

  it('of ReverseRedemption reverses once', async () => {
    const { redemptionId } = await premises.wire.get(getRedemption, { terminalId: 'trm_lake-1', sequence: 1n }, premises.as('trm_lake-1'));
    const reverse = () => premises.wire.ask(reverseRedemption, [{ redemptionId, reason: 'wrong cup', requestId: 'rev-1' }], premises.as('trm_lake-1'));
    const [first, second] = [await reverse(), await reverse()];
    expect([first.code, second.code, second.json]).toEqual(['', '', first.json]);
    expect(await counted('RedemptionReversed')).toBe(1);
  });

  it('of DiscloseSecrets tells the same secrets in the same order, to the same principal, each time on record', async () => {
    const before = await counted('UnitsDisclosed');
    const ask = () => premises.wire.all(discloseSecrets, { orderId, requestId: 'dsc-1' }, premises.as('chn_corp'));
    const secretsOf = async () => (await ask()).flatMap((piece) => (toJson(discloseSecrets.output, piece) as { secrets: unknown[] }).secrets);
    const first = await secretsOf();
    expect(first).toMatchObject(codes.map(({ voucherId, code }) => ({ voucherId, code })));
    expect(await secretsOf()).toEqual(first);
    expect(await counted('UnitsDisclosed')).toBe(before + 2);
  });
});

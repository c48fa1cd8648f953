import { GrantsService } from '@vouchsafe/proto/redemption/internal/v1/grants';
import { Redemption_State, RedemptionService, VoucherState } from '@vouchsafe/proto/redemption/v1/redemption';
import { BATCH, codeOf, openShop, type Shop, STAFF } from './testing/shop.js';

const { redeemVoucher, getRedemption, getVoucher, reverseRedemption, checkVoucher } = RedemptionService.method;

describe('redemption', () => {
  let shop: Shop;
  beforeEach(async () => {
    shop = await openShop();
  });
  afterEach(() => shop.close());
  const redeem = (index: number, sequence: bigint, over: object = {}) =>
    shop.soon(shop.ports.rpc.call(redeemVoucher, { voucher: { case: 'code', value: codeOf(index) }, sequence, ...over }, shop.as()));

  it('redeems a voucher delivered a moment ago, once', async () => {
    expect(await shop.activate()).toEqual({ ok: true, result: { chunks: 1, activatedAt: shop.ports.clock.now() } });
    const first = await redeem(1, 1n);
    expect(first.redemption).toMatchObject({ state: Redemption_State.REDEEMED, voucherId: 'vch_1', storeId: 'sto_1', terminalId: 'trm_1', sequence: 1n });
    await expect(redeem(1, 2n)).rejects.toMatchObject({ code: 'ALREADY_REDEEMED', kind: 'refused' });
  });

  it('answers a repeated request as the first time and refuses another one under its number', async () => {
    await shop.activate();
    const first = await redeem(1, 1n);
    expect(await redeem(1, 1n)).toEqual(first);
    await expect(redeem(2, 1n)).rejects.toMatchObject({ code: 'SEQUENCE_REUSED', kind: 'duplicate' });
    expect((await redeem(2, 2n)).usesLeft).toBe(0n);
  });

  it('lets exactly one of fifty win who redeem a voucher at the same time', async () => {
    await shop.activate();
    const tills = Array.from({ length: 50 }, (_, i) => shop.as({ terminalId: `trm_${i}` }));
    const answers = await shop.soon(Promise.allSettled(tills.map((till) =>
      shop.ports.rpc.call(redeemVoucher, { voucher: { case: 'code', value: codeOf(0) }, sequence: 1n }, till))));
    expect(answers.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    const refusals = answers.flatMap((answer) => (answer.status === 'rejected' ? [answer.reason.code] : []));
    expect(refusals).toEqual(Array(49).fill('ALREADY_REDEEMED'));
  });

  it('discloses what was delivered, to its owner, and proves it to inventory', async () => {
    await shop.activate();
    const given = await shop.disclose();
    expect(given).toEqual({ ok: true, result: { ranges: [{ batchId: BATCH, from: 0, to: 3 }], withheld: [] } });
    const claim = { disclosureId: 'dsc_1', orderId: 'ord_1', lineId: '1', principalId: 'pri_channel', ranges: [{ batchId: BATCH, from: 1n, to: 3n }] };
    const verify = (over: object) => shop.ports.rpc.call(GrantsService.method.verifyDisclosure, { ...claim, ...over }, shop.as());
    expect((await verify({})).recorded).toBe(true);
    expect((await verify({ principalId: 'pri_other' })).recorded).toBe(false);
    expect((await verify({ ranges: [{ batchId: BATCH, from: 1n, to: 4n }] })).recorded).toBe(false);
    expect(await shop.disclose({ disclosureId: 'dsc_2', principalId: 'pri_other' })).toMatchObject({ ok: false, code: 'NOT_YOURS' });
  });

  it('tells an order\'s delivered lines, all or by name', async () => {
    await shop.activate();
    await shop.activate({ lineId: '2', kind: 'code', ranges: [{ batchId: BATCH, from: 10, to: 500 }] });
    const lines = async (lineIds: string[]) => (await shop.ports.rpc.call(GrantsService.method.listOrderGrants, { orderId: 'ord_1', lineIds }, shop.as())).lines;
    const all = await lines([]);
    expect(all).toMatchObject([{ lineId: '1', units: 3n, kind: 'own_voucher', channelId: 'chn_1', ownerPrincipal: 'pri_channel' }, { lineId: '2', units: 490n, kind: 'code' }]);
    expect(await lines(['2', '1', '9'])).toEqual(all);
    expect((await shop.ports.rpc.call(GrantsService.method.listOrderGrants, { orderId: 'ord_none' }, shop.as())).lines).toEqual([]);
  });

  it('shows a voucher, finds a redemption and takes it back', async () => {
    await shop.activate();
    const { redemption } = await redeem(1, 7n);
    const found = await shop.ports.rpc.call(getRedemption, { sequence: 7n }, shop.as());
    expect(found).toEqual(redemption);
    const reversed = await shop.soon(shop.ports.rpc.call(reverseRedemption, { redemptionId: redemption!.redemptionId, reason: '误核销' }, shop.as()));
    expect(reversed.state).toBe(Redemption_State.REVERSED);
    expect(await shop.ports.rpc.call(getVoucher, { voucherId: 'vch_1' }, shop.as(STAFF))).toMatchObject({ state: VoucherState.ACTIVE, usesLeft: 1n });
    expect(await shop.soon(shop.ports.rpc.call(checkVoucher, { code: codeOf(1) }, shop.as()))).toMatchObject({ redeemable: true });
  });

  it('voids undisclosed units first and refuses what is used', async () => {
    await shop.activate();
    await redeem(0, 1n);
    expect(await shop.void({ quantity: 3 })).toEqual({
      ok: true,
      result: { accepted: [{ batchId: BATCH, from: 1, to: 3, disclosed: false, unusedMinor: 667n }], refused: [{ batchId: BATCH, index: 0, code: 'ALREADY_REDEEMED' }] },
    });
    await expect(redeem(1, 2n)).rejects.toMatchObject({ code: 'VOUCHER_VOIDED' });
  });
});

import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { money } from '@vouchsafe/kernel';
import { RedemptionService, Redemption_State, VoucherState } from '@vouchsafe/proto/redemption/v1/redemption';
import { GrantsService } from '@vouchsafe/proto/redemption/internal/v1/grants';
import { activation, BATCH, codeOf, openShop, type Shop, STAFF } from './testing/shop.js';

const { redeemVoucher, streamRedemptions, getRedemption, getVoucher, lookupVoucher, freezeVoucher, unfreezeVoucher, extendVoucher, unlockTerminal, checkVoucher, reverseRedemption } = RedemptionService.method;
const DAY_MS = 86_400_000;
const terms = (over: object) => ({ terms: { ...activation().terms, ...over } });

describe('the counter', () => {
  let shop: Shop;
  beforeEach(async () => {
    shop = await openShop();
  });
  afterEach(() => shop.close());
  const redeem = (code: string, sequence: bigint, over: object = {}, as = shop.as()) =>
    shop.soon(shop.ports.rpc.call(redeemVoucher, { voucher: { case: 'code', value: code }, sequence, ...over }, as));
  const voucher = (id: string, caller: object = STAFF) => shop.ports.rpc.call(getVoucher, { voucherId: id }, shop.as(caller));

  it('answers wrong, unknown and foreign codes alike, after the same time', async () => {
    await shop.activate();
    const taken = async (call: () => Promise<unknown>): Promise<readonly [object, number]> => {
      const before = shop.ports.clock.monotonicMs();
      const answer = await shop.soon(call().then(() => ({}), (error: { code: string; kind: string; details: object; more: object }) =>
        ({ code: error.code, kind: error.kind, details: error.details, more: error.more })));
      return [answer, shop.ports.clock.monotonicMs() - before];
    };
    const channel = shop.as({ kind: 'channel', channelId: 'chn_other', principalId: 'pri_other', terminalId: undefined });
    const answers = [
      await taken(() => shop.ports.rpc.call(checkVoucher, { code: 'nonsense' }, channel)), // no code of ours
      await taken(() => shop.ports.rpc.call(checkVoucher, { code: codeOf(77) }, channel)), // in stock, never sold
      await taken(() => shop.ports.rpc.call(checkVoucher, { code: codeOf(1) }, channel)), // somebody else's
    ];
    expect(answers).toEqual(Array(3).fill([{ code: 'VOUCHER_NOT_VALID', kind: 'missing', details: {}, more: {} }, 300]));
  });

  it('slows a terminal that guesses, then locks it, not the code; staff unlock it', async () => {
    await shop.activate();
    const codes: string[] = [];
    for (let i = 0; i < 60; i++) {
      await redeem(`WRONG-${i}`, BigInt(i + 1)).catch(({ code }) => codes.push(code));
      await shop.ports.clock.advance(20_000);
    }
    expect(codes.filter((code) => code === 'VOUCHER_NOT_VALID')).toHaveLength(20);
    expect(codes.slice(0, 5)).toEqual(Array(5).fill('VOUCHER_NOT_VALID'));
    expect(new Set(codes.slice(-5))).toEqual(new Set(['TERMINAL_LOCKED']));
    await expect(redeem(codeOf(1), 99n)).rejects.toMatchObject({ code: 'TERMINAL_LOCKED' });
    expect((await redeem(codeOf(1), 1n, {}, shop.as({ terminalId: 'trm_2' }))).redemption?.state).toBe(Redemption_State.REDEEMED);
    expect(await shop.ports.rpc.call(unlockTerminal, { terminalId: 'trm_1', reason: '店员已核实' }, shop.as(STAFF))).toMatchObject({ unlocked: true });
    expect((await redeem(codeOf(2), 100n)).redemption?.state).toBe(Redemption_State.REDEEMED);
  });

  it('evaluates no more guesses sent at once than one after the other', async () => {
    const asked = await shop.soon(Promise.allSettled(Array.from({ length: 1_000 }, (_, i) =>
      shop.ports.rpc.call(redeemVoucher, { voucher: { case: 'code', value: `WRONG-${i}` }, sequence: BigInt(i + 1) }, shop.as()))));
    const evaluated = asked.filter((answer) => answer.status === 'rejected' && answer.reason.code === 'VOUCHER_NOT_VALID');
    expect(evaluated.length).toBeLessThanOrEqual(20);
  });

  it('slows a channel that guesses to less than a hundred codes in ten minutes, and never locks it out for good', async () => {
    const channel = shop.as({ kind: 'channel', channelId: 'chn_1', principalId: 'pri_channel', terminalId: undefined });
    const check = (code: string) => shop.soon(shop.ports.rpc.call(checkVoucher, { code }, channel)).then(() => 'VALID', ({ code: why }: { code: string }) => why);
    const answers: string[] = [];
    const start = shop.ports.clock.monotonicMs();
    while (shop.ports.clock.monotonicMs() < start + 600_000) {
      answers.push(...(await Promise.all(Array.from({ length: 30 }, (_, i) => check(`WRONG-${answers.length}-${i}`)))));
      await shop.ports.clock.advance(2_000);
    }
    const evaluated = answers.filter((code) => code === 'VOUCHER_NOT_VALID').length;
    expect([evaluated > 20, evaluated <= 100, answers.includes('TERMINAL_LOCKED')]).toEqual([true, true, false]);
    await shop.activate();
    await shop.ports.clock.advance(10_000);
    expect(await check(codeOf(1))).toBe('VALID');
  });

  it('repeats the first refusal under a number, whatever changed since', async () => {
    await shop.activate();
    const edit = { voucherId: 'vch_1', reason: '争议' };
    expect(await shop.ports.rpc.call(freezeVoucher, edit, shop.as(STAFF))).toMatchObject({ state: VoucherState.FROZEN, reason: '争议' });
    await expect(redeem(codeOf(1), 1n)).rejects.toMatchObject({ code: 'VOUCHER_FROZEN' });
    expect(await shop.ports.rpc.call(unfreezeVoucher, edit, shop.as(STAFF))).toMatchObject({ state: VoucherState.ACTIVE });
    await expect(redeem(codeOf(1), 1n)).rejects.toMatchObject({ code: 'VOUCHER_FROZEN' });
    expect(await shop.ports.rpc.call(getRedemption, { sequence: 1n }, shop.as())).toMatchObject({ state: Redemption_State.REFUSED, refusal: 'VOUCHER_FROZEN' });
    expect((await redeem(codeOf(1), 2n)).redemption?.state).toBe(Redemption_State.REDEEMED);
  });

  it('recognises a number repeated over midnight, and a new one under a named business day', async () => {
    await shop.activate(terms({ usage: 'times', times: 5 }));
    const first = await redeem(codeOf(1), 1n);
    await shop.ports.clock.advance(DAY_MS - 3_600_000);
    expect((await redeem(codeOf(1), 1n)).redemption).toEqual(first.redemption);
    expect((await redeem(codeOf(1), 1n, { businessDay: '20260303' })).usesLeft).toBe(3n);
    expect((await redeem(codeOf(1), 1n, { businessDay: '20260303' })).usesLeft).toBe(3n);
    await shop.ports.clock.advance(3 * DAY_MS); // the claim's stream is no longer looked at, the grant still knows
    expect((await redeem(codeOf(1), 1n)).usesLeft).toBe(3n);
  });

  it('redeems by id for staff only', async () => {
    await shop.activate();
    const byId = (caller: object) => shop.ports.rpc.call(redeemVoucher, { voucher: { case: 'voucherId', value: 'vch_1' }, requestId: 'r1', sequence: 0n, terminalId: 'trm_9' }, shop.as(caller));
    await expect(byId({})).rejects.toMatchObject({ code: 'SEQUENCE_REQUIRED' });
    await expect(shop.ports.rpc.call(redeemVoucher, { voucher: { case: 'voucherId', value: 'vch_1' }, sequence: 1n }, shop.as())).rejects.toMatchObject({ code: 'VOUCHER_ID_NOT_ENOUGH' });
    expect((await byId(STAFF)).redemption).toMatchObject({ storeId: 'sto_9', terminalId: 'trm_9' });
  });

  it('records nothing where it is asked to validate only', async () => {
    await shop.activate();
    expect(await redeem(codeOf(1), 1n, { validateOnly: true })).toMatchObject({ usesLeft: 1n });
    const head = shop.ports.store.head();
    await redeem(codeOf(1), 1n, { validateOnly: true });
    expect(shop.ports.store.head()).toBe(head);
    expect((await voucher('vch_1')).redemptions).toEqual([]);
  });

  it('answers a stream of redemptions one by one, named by their numbers', async () => {
    await shop.activate({ ranges: [{ batchId: BATCH, from: 0, to: 500 }] });
    const requests = (async function* () {
      for (let i = 0; i < 500; i++) yield { voucher: { case: 'code' as const, value: codeOf(i) }, sequence: BigInt(i + 1) };
      yield { voucher: { case: 'code' as const, value: codeOf(0) }, sequence: 501n };
    })();
    const answers: { sequence: bigint; how: string }[] = [];
    await shop.soon((async () => {
      for await (const { sequence, answer } of shop.ports.rpc.converse(streamRedemptions, requests, shop.as())) {
        answers.push({ sequence, how: answer.case === 'refused' ? answer.value.code : answer.case! });
      }
    })());
    expect(answers).toHaveLength(501);
    expect(answers.filter(({ how }) => how === 'redeemed')).toHaveLength(500);
    expect(answers.find(({ sequence }) => sequence === 501n)?.how).toBe('ALREADY_REDEEMED');
  });

  it('lets the newest grant decide about a unit that went back to stock and was sold again', async () => {
    await shop.activate();
    await shop.void({ quantity: 3 });
    await expect(redeem(codeOf(1), 1n)).rejects.toMatchObject({ code: 'VOUCHER_VOIDED' });
    await shop.activate({ orderId: 'ord_2', reservationId: 'rsv_2', ownerPrincipal: 'pri_2', ranges: [{ batchId: BATCH, from: 1, to: 2 }] });
    expect((await redeem(codeOf(1), 2n)).redemption?.state).toBe(Redemption_State.REDEEMED);
    const { grants } = await shop.ports.rpc.call(GrantsService.method.findGrants, { batchId: BATCH, index: 1n }, shop.as());
    expect(grants.map(({ orderId }) => orderId).sort()).toEqual(['ord_1', 'ord_2']);
    expect(await voucher('vch_1')).toMatchObject({ orderId: 'ord_2' });
    expect(await voucher('vch_2')).toMatchObject({ orderId: 'ord_1', state: VoucherState.VOIDED });
  });

  it('delivers ten thousand units as forty chunks and discloses them in one call', async () => {
    const ranges = [{ batchId: BATCH, from: 0, to: 6_000 }, { batchId: BATCH, from: 7_000, to: 11_000 }];
    expect(await shop.activate({ ranges })).toMatchObject({ ok: true, result: { chunks: 40 } });
    const given = await shop.disclose({ unitsInLine: 10_000 });
    expect(given.ok && given.result.ranges.reduce((n, { from, to }) => n + to - from, 0)).toBe(10_000);
    expect((await redeem(codeOf(10_999), 1n)).redemption?.voucherId).toBe('vch_10999');
    const voided = await shop.void({ unitsInLine: 10_000, quantity: 5_000 });
    expect(voided.ok && voided.result.accepted.reduce((n, { from, to }) => n + to - from, 0)).toBe(5_000);
    expect(await shop.void({ unitsInLine: 10_000, quantity: 5_000 })).toEqual(voided);
  });

  it('shows a channel its own vouchers and others as absent', async () => {
    await shop.activate();
    const channel = (channelId: string) => ({ kind: 'channel', channelId, principalId: `pri_${channelId}`, terminalId: undefined });
    expect(await voucher('vch_1', channel('chn_1'))).toMatchObject({ orderId: 'ord_1', channelId: 'chn_1', disclosed: false });
    await expect(voucher('vch_1', channel('chn_2'))).rejects.toMatchObject({ code: 'VOUCHER_UNKNOWN' });
    await expect(voucher('vch_99', channel('chn_2'))).rejects.toMatchObject({ code: 'VOUCHER_UNKNOWN' });
    await expect(voucher('nonsense')).rejects.toMatchObject({ code: 'VOUCHER_UNKNOWN' });
  });

  it('shows other stores\' redemptions as absent and lets only the own store reverse', async () => {
    await shop.activate();
    const { redemption } = await redeem(codeOf(1), 1n);
    const other = shop.as({ terminalId: 'trm_2' });
    const id = { redemptionId: redemption!.redemptionId };
    await expect(shop.ports.rpc.call(getRedemption, id, other)).rejects.toMatchObject({ code: 'REDEMPTION_UNKNOWN' });
    await expect(shop.ports.rpc.call(reverseRedemption, { ...id, reason: 'x' }, other)).rejects.toMatchObject({ code: 'REDEMPTION_UNKNOWN' });
    expect(await shop.ports.rpc.call(reverseRedemption, { ...id, reason: 'x', validateOnly: true }, shop.as())).toMatchObject({ state: Redemption_State.REVERSED });
    expect(await shop.ports.rpc.call(getRedemption, id, shop.as())).toMatchObject({ state: Redemption_State.REDEEMED });
    await shop.ports.clock.advance(DAY_MS + 1);
    await expect(shop.ports.rpc.call(reverseRedemption, { ...id, reason: 'x' }, shop.as())).rejects.toMatchObject({ code: 'REVERSAL_TOO_LATE' });
  });

  it('looks a voucher up by its secret, on record', async () => {
    await shop.activate();
    const found = await shop.ports.rpc.call(lookupVoucher, { code: codeOf(1), reason: '客诉' }, shop.as(STAFF));
    expect(found).toMatchObject({ voucherId: 'vch_1', state: VoucherState.ACTIVE });
    const events = await shop.ports.store.readStream('grant-ord_1_1_0', { max: 10 });
    expect(events.at(-1)).toMatchObject({ type: 'redemption.VoucherLookedUp.v1', data: { unit: { batchId: BATCH, index: 1 }, principalId: 'pri_staff', reason: '客诉' } });
    expect(JSON.stringify(events)).not.toContain(codeOf(1));
  });

  it('ends a right at the end of its day, extends it, and lets the rest lapse', async () => {
    const heard: { type: string; data: object }[] = [];
    shop.ports.bus.subscribe('test', ['redemption'], async ({ type, data }) => void heard.push({ type, data: data as object }));
    await shop.activate(terms({ validDays: 1, reversalWindowMs: 60_000 }));
    const first = await voucher('vch_1');
    expect(first.validUntil).toEqual(timestampFromMs(Date.parse('2026-03-03T15:59:59.999Z')));
    const edit = { voucherId: 'vch_1', reason: '补偿', validUntil: timestampFromMs(Date.parse('2026-03-06T00:00:00+08:00')) };
    await expect(shop.ports.rpc.call(extendVoucher, { ...edit, etag: '"7"' }, shop.as(STAFF))).rejects.toMatchObject({ code: 'ETAG_DIFFERS' });
    expect((await shop.ports.rpc.call(extendVoucher, { ...edit, etag: first.etag }, shop.as(STAFF))).validUntil).toEqual(timestampFromMs(Date.parse('2026-03-06T15:59:59.999Z')));
    await shop.ports.clock.advance(2 * DAY_MS);
    await expect(redeem(codeOf(0), 1n)).rejects.toMatchObject({ code: 'VOUCHER_EXPIRED' });
    expect((await redeem(codeOf(1), 2n)).redemption?.state).toBe(Redemption_State.REDEEMED);
    await shop.ports.clock.advance(4 * DAY_MS);
    const lapsed = heard.filter(({ type }) => type === 'redemption.RightLapsed.v1');
    expect(lapsed).toMatchObject([{ data: { factId: 'lapsed/ord_1/1/0', gross: { minor: '666', currency: 'CNY' } } }]);
    const deadlines = await shop.ports.readStore.collection({ name: 'redemption_lapse_deadlines_v1', indexes: [{ fields: ['dueAt'] }] });
    expect(await deadlines.count()).toBe(0);
  });

  it('lets "until 31 December" end with that day in the product\'s zone', async () => {
    await shop.activate(terms({ validUntil: Date.parse('2026-12-31T00:00:00+08:00') }));
    expect((await voucher('vch_1')).validUntil).toEqual(timestampFromMs(Date.parse('2026-12-31T23:59:59.999+08:00')));
    await shop.activate({ orderId: 'ord_2', ranges: [{ batchId: BATCH, from: 10, to: 11 }], ...terms({ validUntil: Date.parse('2026-12-31T00:00:00+08:00'), validDays: 30 }) });
    expect((await voucher('vch_10')).validUntil).toEqual(timestampFromMs(Date.parse('2026-04-01T23:59:59.999+08:00')));
  });

  it('rebuilds its views to what they are', async () => {
    await shop.activate({ ...terms({ validDays: 1 }), ranges: [{ batchId: BATCH, from: 0, to: 300 }] });
    await shop.activate({ lineId: '2', ranges: [{ batchId: BATCH, from: 400, to: 401 }] });
    await shop.void({ unitsInLine: 300, quantity: 2 });
    await shop.activate({ orderId: 'ord_2', ranges: [{ batchId: BATCH, from: 0, to: 2 }] });
    await redeem(codeOf(0), 1n);
    await redeem(codeOf(299), 2n);
    for (const collection of ['redemption_grant_buckets_v1', 'redemption_grant_lines_v1', 'redemption_places_v1', 'redemption_lapse_deadlines_v1']) {
      const { equal, documents, differences } = await shop.rebuild(collection);
      expect([collection, equal, documents > 0, differences]).toEqual([collection, true, true, []]);
    }
  });

  it('tells the ledger what each use is worth, all uses adding up to the line', async () => {
    const heard: { gross: { minor: string }; tax: { minor: string } }[] = [];
    shop.ports.bus.subscribe('test', ['redemption'], async ({ type, data }) => {
      if (type === 'redemption.VoucherRedeemed.v1') heard.push(data as unknown as (typeof heard)[number]);
    });
    await shop.activate({ ...terms({ usage: 'balance', faceMinor: 700n }) });
    for (let unit = 0, sequence = 1n; unit < 3; unit++) {
      for (const minor of [300n, 150n, 250n]) await redeem(codeOf(unit), sequence++, { amount: { currency: 'CNY', minor } });
    }
    await expect(redeem(codeOf(0), 50n, { amount: { currency: 'CNY', minor: 1n } })).rejects.toMatchObject({ code: 'VOUCHER_BALANCE_SHORT' });
    await shop.ports.clock.advance(1_000);
    const sum = (what: 'gross' | 'tax'): bigint => heard.reduce((total, event) => total + BigInt(event[what].minor), 0n);
    expect([heard.length, sum('gross'), sum('tax')]).toEqual([9, 1_000n, 57n]);
    expect(money(sum('gross'), 'CNY')).toEqual(activation().lineGross);
  });
});

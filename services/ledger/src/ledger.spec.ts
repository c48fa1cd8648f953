import { create } from '@bufbuild/protobuf';
import { ListEntriesRequestSchema } from '@vouchsafe/proto/ledger/v1/ledger';
import { Period_State } from '@vouchsafe/proto/ledger/v1/resources';
import { GetHoldVerdictResponse_Verdict as Verdict } from '@vouchsafe/proto/order/internal/v1/state';
import { pageScope, printPageToken } from '@vouchsafe/rpc';
import { aDelivery, cny, theDims } from './testing/builders.js';
import { type House, MINUTE_MS, openHouse, OTHER, PREPAID, SHOP, STAFF } from './testing/counting-house.js';

const CNY = (minor: number) => ({ currency: 'CNY', minor: BigInt(minor) });
let house: House;
beforeEach(async () => {
  house = await openHouse();
});
afterEach(() => house.close());
const call: House['ports']['rpc']['call'] = (method, request, context) => house.ports.rpc.call(method, request, context);
const account = (caller = STAFF, accountId = PREPAID) => call(house.rpc.getAccount, { accountId }, house.as(caller));
const balanceOf = async (bookId = 'bok_main', asOf = '') => {
  const { lines, totals } = await call(house.rpc.getTrialBalance, { bookId, asOf }, house.as());
  return { lines: Object.fromEntries(lines.map(({ account: path, balance }) => [path, Number(balance!.minor)])), zero: totals.every(({ balance }) => balance!.minor === 0n) };
};

describe('a channel\'s account', () => {
  it('comes into being with its first deposit', async () => {
    await expect(account()).rejects.toMatchObject({ kind: 'missing', code: 'ACCOUNT_UNKNOWN' });
    const { account: opened, entry } = await house.deposit(10_000);
    expect(opened).toMatchObject({ accountId: PREPAID, bookId: 'bok_main', path: 'liabilities:channel:prepaid:chn_shop', available: { ...CNY(10_000), display: '100.00' } });
    expect(entry).toMatchObject({ kind: 'Deposited', note: 'wire 10000', businessDate: '2026-11-24', bookedOn: '2026-11-24' });
  });
  it('is paid in once per request id, whatever reference comes with it the second time', async () => {
    const pay = (bankReference: string) => call(house.rpc.createDeposit, { channelId: 'chn_shop', amount: CNY(500), bank: 'icbc', bankReference, requestId: 'r-1' }, house.as());
    const { entry } = await pay('wire A');
    expect((await pay('wire A')).entry).toEqual(entry);
    await expect(pay('wire B')).rejects.toMatchObject({ kind: 'duplicate', code: 'REQUEST_ID_REUSED' });
    expect((await account()).posted).toMatchObject(CNY(500));
  });
  it('is paid in once per reference of the bank', async () => {
    const first = await house.deposit(10_000, 'wire 1');
    expect(await house.deposit(10_000, 'wire 1')).toEqual(first);
    await expect(house.deposit(10_001, 'wire 1')).rejects.toMatchObject({ kind: 'duplicate', code: 'BANK_REFERENCE_USED' });
    expect((await account()).posted).toMatchObject(CNY(10_000));
  });
  it('books nothing when only asked to validate', async () => {
    expect((await house.deposit(10_000, 'wire 1', { validateOnly: true })).entry).toBeUndefined();
    await expect(account()).rejects.toMatchObject({ code: 'ACCOUNT_UNKNOWN' });
    await house.deposit(500, 'wire 1');
  });
  it('pays out what is available, and a refused withdrawal does not use its reference up', async () => {
    await house.deposit(2_000);
    await house.hold();
    const withdraw = (minor: number) => call(house.rpc.withdrawDeposit, { accountId: PREPAID, amount: CNY(minor), bank: 'icbc', bankReference: 'out 1' }, house.as());
    await expect(withdraw(871)).rejects.toMatchObject({ kind: 'refused', code: 'BALANCE_SHORT', details: { availableMinor: '870', currency: 'CNY' } });
    expect((await withdraw(870)).account).toMatchObject({ available: CNY(0), held: CNY(1130) });
  });
  it('goes below zero as far as its limit, which is changed by who saw it', async () => {
    const update = (minor: number, etag = '') => call(house.rpc.updateCreditLimit, { channelId: 'chn_credit', limit: CNY(minor), etag }, house.as());
    const { etag, accountId } = await update(5_000);
    expect(await house.hold({ accountId, amount: cny(5_001) })).toMatchObject({ ok: false, code: 'CREDIT_LIMIT_REACHED' });
    expect(await house.hold({ accountId, amount: cny(5_000) })).toEqual({ ok: true, result: {} });
    await update(100, etag);
    await expect(update(200, etag)).rejects.toMatchObject({ code: 'LIMIT_CHANGED_SINCE' });
    expect(await account(STAFF, accountId)).toMatchObject({ available: CNY(-4_900) });
  });
});

describe('an order on a prepaid account', () => {
  it('is held, captured and shown', async () => {
    await house.deposit(2_000);
    expect(await house.hold()).toEqual({ ok: true, result: {} });
    expect((await call(house.rpc.listHolds, { accountId: PREPAID }, house.as())).holds).toMatchObject([{ holdId: 'ord_1', orderId: 'ord_1', left: CNY(1130) }]);
    const captured = await house.capture();
    expect(captured).toMatchObject({ ok: true });
    expect(await house.capture()).toEqual(captured);
    const entryId = captured.ok ? captured.result.entryId : '';
    expect(await call(house.rpc.getEntry, { entryId }, house.as())).toMatchObject({ kind: 'Delivered', orderId: 'ord_1', postings: { length: 5 } });
    const { entries } = await call(house.rpc.listEntries, { filter: 'order_id = "ord_1"' }, house.as());
    expect(entries.map((entry) => entry.entryId)).toEqual([entryId]);
    expect((await call(house.rpc.listHolds, { accountId: PREPAID }, house.as())).holds).toEqual([]);
    expect(await balanceOf()).toEqual({
      zero: true,
      lines: {
        'assets:bank:icbc': 2000, 'assets:inventory:codes:prd_flow': -800, 'expenses:cost:codes': 800, 'income:sales': -1000,
        'liabilities:channel:prepaid:chn_shop': -870, 'liabilities:tax:output': -130,
      },
    });
  });
  it('gives its hold back once its order says so, and not before', async () => {
    await house.deposit(2_000);
    await house.hold();
    await house.ports.clock.advance(61 * MINUTE_MS);
    expect((await account()).held).toMatchObject(CNY(1130)); // nobody answers: it stays
    house.verdicts.set('ord_1', Verdict.KEEP);
    await house.ports.clock.advance(MINUTE_MS);
    expect((await account()).held).toMatchObject(CNY(1130));
    house.verdicts.set('ord_1', Verdict.RELEASE);
    await house.ports.clock.advance(30 * MINUTE_MS);
    expect((await account()).held).toMatchObject(CNY(1130)); // it was put off by an hour
    await house.ports.clock.advance(60 * MINUTE_MS);
    expect(await account()).toMatchObject({ held: CNY(0), available: CNY(2_000), openHolds: 0 });
  });
});

describe('what a channel sees', () => {
  beforeEach(async () => {
    await house.deposit(2_000);
    await house.hold();
    await house.capture();
  });
  it('is its own account, and of an entry the posting on it alone', async () => {
    expect((await account(SHOP)).posted).toMatchObject(CNY(870));
    const { entries } = await call(house.rpc.listEntries, {}, house.as(SHOP));
    expect(entries.map(({ kind, postings }) => [kind, postings.map((posting) => [posting.account, posting.side, posting.amount!.minor])])).toEqual([
      ['Deposited', [['liabilities:channel:prepaid:chn_shop', 2, 2000n]]], ['Delivered', [['liabilities:channel:prepaid:chn_shop', 1, 1130n]]],
    ]);
    expect((await call(house.rpc.listAccounts, {}, house.as(SHOP))).accounts.map(({ accountId }) => accountId)).toEqual([PREPAID]);
  });
  it('is of others exactly what is not there', async () => {
    const { entries } = await call(house.rpc.listEntries, { filter: 'order_id = "ord_1"' }, house.as());
    const foreign = await account(OTHER).catch((error: unknown) => error);
    expect(foreign).toEqual(await account(OTHER, 'acc_prepaid.none.CNY').catch((error: unknown) => error));
    await expect(call(house.rpc.getEntry, { entryId: entries[0]!.entryId }, house.as(OTHER))).rejects.toMatchObject({ code: 'ENTRY_UNKNOWN' });
    await expect(call(house.rpc.listHolds, { accountId: PREPAID }, house.as(OTHER))).rejects.toMatchObject({ code: 'ACCOUNT_UNKNOWN' });
    await expect(call(house.rpc.listEntries, { filter: `account_id = ${PREPAID}` }, house.as(OTHER))).rejects.toMatchObject({ code: 'ACCOUNT_UNKNOWN' });
    expect(await call(house.rpc.listEntries, { filter: 'order_id = "ord_1"', pageSize: 1 }, house.as(OTHER))).toMatchObject({ entries: [], nextPageToken: '' });
    expect((await call(house.rpc.listAccounts, { filter: 'channel_id = chn_shop' }, house.as(OTHER))).accounts).toEqual([]);
    await expect(call(house.rpc.getTrialBalance, { bookId: 'bok_main' }, house.as(OTHER))).rejects.toMatchObject({ kind: 'forbidden', code: 'NOT_FOR_CHANNELS' });
  });
  it('cannot be widened by a page token of its own making', async () => {
    await house.deposit(300, 'wire of another', { channelId: 'chn_other' });
    const notesBehind = async (orderBy: string): Promise<readonly string[]> => {
      const scope = pageScope(create(ListEntriesRequestSchema, { orderBy }), house.as(OTHER).caller);
      const { entries } = await call(house.rpc.listEntries, { orderBy, pageToken: printPageToken(scope, [`account-${PREPAID}_2026-11`, 0, '']) }, house.as(OTHER));
      return entries.map(({ note }) => note);
    };
    expect([await notesBehind(''), await notesBehind('booked_on desc')]).toEqual([[], ['wire of another']]);
  });
});

describe('receipts', () => {
  const receive = (over: object) => call(house.rpc.recordReceipt, { amount: CNY(5_000), bank: 'icbc', bankReference: 'in 1', ...over }, house.as());
  it('settle a bill, written off where short-paid', async () => {
    const { accountId } = await call(house.rpc.updateCreditLimit, { channelId: 'chn_credit', limit: CNY(9_000) }, house.as());
    await house.hold({ accountId, amount: cny(6_000) });
    const fact = aDelivery({ settlement: 'credit', gross: cny(6_000), parts: [] });
    expect(await house.capture({ accountId, fact })).toMatchObject({ ok: true });
    const settled = await receive({ receipt: { case: 'creditSettled', value: { accountId, writtenOff: CNY(1_000) } } });
    expect(settled.account).toMatchObject({ posted: CNY(0) });
    expect((await balanceOf()).lines).toMatchObject({ 'expenses:loss:baddebt': 1_000, 'assets:bank:icbc': 5_000, 'assets:receivable:channel:chn_credit': 0 });
  });
  it('whose payer is unknown wait until he is found, then count once', async () => {
    await house.deposit(1);
    await receive({ receipt: { case: 'unidentified', value: { bookId: 'bok_main' } } });
    const identify = (minor = 5_000) => receive({ receipt: { case: 'identified', value: { accountId: PREPAID } }, amount: CNY(minor) });
    await expect(identify(4_000)).rejects.toMatchObject({ code: 'RECEIPT_DIFFERS' });
    const found = await identify();
    expect(found.account).toMatchObject({ posted: CNY(5_001) });
    expect(await identify()).toEqual(found);
    expect((await balanceOf()).lines['liabilities:receipts:unidentified']).toBe(0);
  });
  it('of a provider\'s payout clear what he had collected', async () => {
    await house.post({ factId: 'pay_1', occurredAt: house.ports.clock.now(), fact: { type: 'ConsumerPaid', dims: theDims, paymentId: 'pay_1', provider: 'alipay', received: cny(5_030), fee: cny(28), feeTax: cny(2) } });
    await receive({ receipt: { case: 'providerPayout', value: { bookId: 'bok_main', provider: 'alipay' } } });
    expect((await balanceOf()).lines['assets:clearing:psp:alipay']).toBe(0);
  });
});

describe('corrections', () => {
  it('mirror an entry once, name it, and book what should have been', async () => {
    const { entry } = await house.deposit(10_000, 'wire 1');
    const adjust = (requestId = 'r1') => call(house.rpc.createAdjustment, {
      mirroredEntryId: entry!.entryId, reason: '金额有误', requestId,
      newEntry: {
        bookId: 'bok_main', accountId: PREPAID,
        postings: [{ account: 'assets:bank:icbc', side: 1, amount: CNY(1_000) }, { account: 'liabilities:channel:prepaid:chn_shop', side: 2, amount: CNY(1_000) }],
      },
    }, house.as());
    const first = await adjust();
    expect(first).toMatchObject({ mirror: { mirrorsEntryId: entry!.entryId, kind: 'Mirrored' }, newEntry: { kind: 'Adjusted', note: '金额有误' } });
    expect(await adjust()).toEqual(first);
    await expect(adjust('r2')).rejects.toMatchObject({ kind: 'duplicate', code: 'ENTRY_MIRRORED_BEFORE' });
    expect((await account()).posted).toMatchObject(CNY(1_000));
  });
  it('touch no limited account they do not name, and none they cannot cover', async () => {
    const { entry } = await house.deposit(10_000);
    await house.hold();
    const postings = [{ account: 'liabilities:channel:prepaid:chn_shop', side: 1, amount: CNY(5) }, { account: 'income:sales', side: 2, amount: CNY(5) }];
    await expect(call(house.rpc.createAdjustment, { reason: 'x', requestId: 'r1', newEntry: { bookId: 'bok_main', postings } }, house.as())).rejects.toMatchObject({ code: 'FACT_INVALID' });
    await expect(call(house.rpc.createAdjustment, { reason: 'x', requestId: 'r2', mirroredEntryId: entry!.entryId }, house.as())).rejects.toMatchObject({ code: 'BALANCE_SHORT' });
  });
});

describe('what inventory and redemption tell', () => {
  const units = { batchId: 'bat_9', productId: 'prd_own', supplierId: 'sup_a', bookId: 'bok_main', businessLine: 'telecom', terms: 'purchased', presentation: 'principal', quantity: 10 } as const;
  it('is booked once, however often it is told', async () => {
    const event = { type: 'BatchCompleted', ...units, cost: cny(8_000), inputTax: cny(1_040) } as const;
    await house.fromInventory(event);
    await house.fromInventory(event);
    await house.fromInventory({ type: 'StockLost', factId: 'lost_1', ...units, quantity: 1, cost: cny(800), inputTax: cny(104), returnable: 0, reason: 'expired' });
    expect((await balanceOf()).lines).toEqual({ 'assets:inventory:codes:prd_own': 7_200, 'assets:tax:input': 1_040, 'expenses:loss:stock': 800, 'liabilities:supplier:payable:sup_a': -9_040 });
  });
  it('makes revenue of own vouchers when they are used, takes it back, and lets the rest lapse', async () => {
    const dims = { ...theDims, productId: 'prd_own' };
    const use = {
      type: 'VoucherRedeemed', factId: 'redeemed/rdm_1', redemptionId: 'rdm_1', voucherUnit: { batchId: 'bat_9', index: 1 }, orderId: 'ord_1', lineId: '1', dims, kind: 'own_voucher', ownClass: 'taxed',
      gross: cny(10_600), tax: cny(600), storeId: 'sto_1', terminalId: 'trm_1',
    } as const;
    await house.fromRedemption(use);
    await house.fromRedemption({ ...use, factId: 'redeemed/rdm_2', redemptionId: 'rdm_2', kind: 'code' });
    await house.fromRedemption({ ...use, factId: 'redeemed/rdm_3', redemptionId: 'rdm_3', terminalId: 'trm_partner', partnerMerchantId: 'mch_1' });
    await house.fromRedemption({ type: 'RedemptionReversed', factId: 'reversed/rdm_1', originalFactId: 'redeemed/rdm_1', redemptionId: 'rdm_1', dims, kind: 'own_voucher' });
    await house.fromRedemption({ type: 'RightLapsed', factId: 'lapsed/1', dims, kind: 'own_voucher', ownClass: 'taxed', gross: cny(10_600), tax: cny(600) });
    const { lines, zero } = await balanceOf();
    expect(zero).toBe(true);
    expect(lines).toEqual({
      'liabilities:contract:own': 20_000, 'liabilities:tax:pending': 1_200, 'income:sales': 0, 'liabilities:tax:output': -630,
      'liabilities:merchant:mch_1': -10_070, 'income:agency': -500, 'income:breakage': -10_000,
    });
  });
});

describe('periods', () => {
  it('close when they are over; what comes late counts on the first open day', async () => {
    const late = house.ports.clock.now();
    await house.deposit(10_000, 'november');
    const close = (period: string) => call(house.rpc.closePeriod, { bookId: 'bok_main', period }, house.as());
    await expect(close('2026-11')).rejects.toMatchObject({ code: 'PERIOD_NOT_OVER' });
    await house.ports.clock.advance(8 * 24 * 60 * MINUTE_MS);
    expect(await close('2026-11')).toMatchObject({ state: Period_State.CLOSED });
    expect(await close('2026-11')).toMatchObject({ state: Period_State.CLOSED });
    await house.post({ factId: 'pay_late', occurredAt: late, fact: { type: 'ConsumerPaid', dims: theDims, paymentId: 'pay_late', provider: 'alipay', received: cny(70), fee: cny(0), feeTax: cny(0) } });
    const { entries } = await call(house.rpc.listEntries, { filter: 'book_id = bok_main AND booked_on >= 2026-12-01' }, house.as());
    expect(entries).toMatchObject([{ factId: 'pay_late', businessDate: '2026-11-24', bookedOn: '2026-12-01' }]);
    expect((await balanceOf('bok_main', '2026-11-30')).lines).toEqual({ 'assets:bank:icbc': 10_000, 'liabilities:channel:prepaid:chn_shop': -10_000 });
    expect((await balanceOf()).lines).toMatchObject({ 'assets:clearing:psp:alipay': 70 });
    const { periods } = await call(house.rpc.listPeriods, { bookId: 'bok_main' }, house.as());
    expect(periods.map(({ period, state }) => [period, state])).toEqual([['2026-12', Period_State.OPEN], ['2026-11', Period_State.CLOSED]]);
    expect((await account()).available).toMatchObject(CNY(10_000));
  });
});

describe('lists', () => {
  it('go through an account forwards and backwards, page by page, over its segments', async () => {
    await house.close();
    house = await openHouse({ segmentEvents: 10 });
    for (let i = 0; i < 35; i++) await house.deposit(i + 1, `wire ${i}`);
    const pages = async (filter: string, orderBy: string) => {
      const notes: string[] = [];
      let pageToken = '';
      do {
        const page = await call(house.rpc.listEntries, { filter, orderBy, pageSize: 4, pageToken }, house.as());
        notes.push(...page.entries.map(({ note }) => note));
        pageToken = page.nextPageToken;
      } while (pageToken !== '');
      return notes;
    };
    const all = Array.from({ length: 35 }, (_, i) => `wire ${i}`);
    expect(await pages(`account_id = "${PREPAID}"`, '')).toEqual(all);
    expect(await pages(`account_id = "${PREPAID}"`, 'booked_on desc')).toEqual([...all].reverse());
    expect([...(await pages('book_id = bok_main', ''))].sort()).toEqual([...all].sort());
    expect([...(await pages('book_id = bok_main', 'booked_on desc'))].sort()).toEqual([...all].sort());
    expect(await pages('book_id = bok_main AND booked_on = 2026-11-23', '')).toEqual([]);
    expect((await pages('book_id = bok_main AND account = "assets:bank" AND kind = Deposited', '')).length).toBe(35);
  });
  it('refuse filters and tokens they do not know', async () => {
    const list = (request: object) => call(house.rpc.listEntries, request, house.as());
    await expect(list({})).rejects.toMatchObject({ code: 'FILTER_INVALID' });
    await expect(list({ filter: 'secret = x' })).rejects.toMatchObject({ code: 'FILTER_INVALID' });
    await expect(list({ filter: 'book_id = bok_main', pageToken: 'bm8' })).rejects.toMatchObject({ code: 'PAGE_TOKEN_INVALID' });
  });
});

it('views equal their rebuild', async () => {
  await house.deposit(100_000);
  for (let i = 0; i < 20; i++) {
    await house.hold({ holdId: `ord_${i}`, orderId: `ord_${i}` });
    if (i % 3 > 0) await house.capture({ holdId: `ord_${i}`, captureId: `ord_${i}/1`, fact: aDelivery({ dims: { ...theDims, orderId: `ord_${i}`, lineId: `ord_${i}/1` } }) });
    if (i % 3 === 2) house.ports.clock.jump(40 * 24 * 60 * MINUTE_MS);
  }
  const runner = house.service.projections()!;
  await runner.caughtUp();
  for (const name of ['ledger_balances_v1', 'ledger_entries_v1', 'ledger_days_v1', 'ledger_accounts_v1', 'ledger_hold_deadlines_v1', 'ledger_segments_v1']) {
    const rebuilt = await runner.rebuild(name);
    expect(rebuilt).toMatchObject({ equal: true, differences: [] });
    expect(rebuilt.documents).toBeGreaterThan(0);
  }
});

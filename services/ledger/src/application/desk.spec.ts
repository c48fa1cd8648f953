import { instant } from '@vouchsafe/kernel';
import { systemRandom } from '@vouchsafe/runtime';
import { openStreams } from '../adapters/streams.js';
import { ledgerConfig } from '../config.js';
import { period } from '../domain/period.js';
import { aDelivery, cny, NOON, theAccount } from '../testing/builders.js';
import { openDesk } from '../testing/desk-house.js';
import { accountRootOf } from './streams.js';

const streamsOf = async ({ store }: ReturnType<typeof openDesk>): Promise<readonly string[]> => {
  const { events } = await store.readAll({ after: -1 as never, max: 100_000 });
  return [...new Set(events.map(({ stream }) => stream))];
};

it('holds, captures and repeats without moving money twice', async () => {
  const ledger = openDesk();
  expect(await ledger.hold()).toMatchObject({ ok: false, code: 'ACCOUNT_UNKNOWN' });
  await ledger.fund(2000);
  expect(await ledger.hold()).toEqual({ ok: true, result: {} });
  expect(await ledger.hold()).toEqual({ ok: true, result: {} });
  const first = await ledger.capture();
  expect(first).toMatchObject({ ok: true, result: { entryId: expect.stringMatching(/^ent_[0-9a-f-]{36}$/) } });
  expect(await ledger.capture()).toEqual(first);
  expect((await ledger.funds())?.funds).toEqual({ posted: cny(870), held: cny(0), credit: cny(0), available: cny(870) });
  expect(await streamsOf(ledger)).toEqual(['ledgerbook-bok_main', 'account-acc_prepaid.shop.CNY', 'account-acc_prepaid.shop.CNY_2026-11']);
});

it('continues a long stream in a new segment, with balance and open holds', async () => {
  const ledger = openDesk(10);
  await ledger.fund(100_000);
  for (let i = 0; i < 20; i++) expect(await ledger.hold({ holdId: `ord_${i}`, orderId: `ord_${i}` })).toMatchObject({ ok: true });
  for (let i = 0; i < 20; i++) expect(await ledger.capture(`ord_${i}`)).toMatchObject({ ok: true });
  const state = await ledger.funds();
  expect(state?.ordinal).toBeGreaterThan(2);
  expect(state?.funds).toEqual({ posted: cny(100_000 - 20 * 1130), held: cny(0), credit: cny(0), available: cny(100_000 - 20 * 1130) });
  for (let i = 0; i < 20; i++) expect(await ledger.capture(`ord_${i}`)).toMatchObject({ ok: true }); // found in the segments before
  expect((await ledger.funds())?.funds.posted).toEqual(cny(100_000 - 20 * 1130));
  const entries = (await ledger.store.readAll({ after: -1 as never, max: 1000 })).events.filter(({ type }) => type === 'ledger.FundsCaptured.v1');
  expect(entries).toHaveLength(20);
});

it('finds its way again after a restart, also when it ended between closing and opening', async () => {
  const before = openDesk(10);
  await before.fund(100_000);
  for (let i = 0; i < 30; i++) await before.hold({ holdId: `ord_${i}`, orderId: `ord_${i}` });
  const after = openDesk(10, before.clock, before.store);
  expect((await after.funds())?.funds).toEqual((await before.funds())?.funds);
  const { segment } = (await after.funds())!;
  const closing = { commandId: 'x', correlation: 'x', principal: 'x', at: NOON };
  const streams = openStreams({ store: before.store, clock: before.clock, random: systemRandom() }, ledgerConfig.parse({}));
  await streams.accounts.handle(`account-${theAccount.accountId}_${segment}`, { type: 'ClosePeriod', next: '2027-01' as never, at: NOON }, closing);
  const third = openDesk(10, before.clock, before.store);
  expect((await third.funds())?.segment).toBe('2027-01');
  expect((await third.funds())?.funds).toEqual((await before.funds())?.funds);
  expect(await third.capture('ord_3')).toMatchObject({ ok: true });
});

it('turns the page with the month and books what is late where it belongs, until the month is closed', async () => {
  const ledger = openDesk();
  await ledger.fund(100_000);
  const late = ledger.clock.time;
  ledger.clock.time = instant(Date.UTC(2026, 11, 3, 4));
  await ledger.fund(5, 'dep_december');
  expect((await ledger.funds())?.segment).toBe('2026-12');
  await ledger.fund(7, 'dep_late', late);
  await ledger.books.beginClose('bok_main', period('2026-11'));
  await ledger.accounts.close(accountRootOf(theAccount.accountId), period('2026-11'));
  await ledger.fund(9, 'dep_later', late);
  expect(await ledger.fund(7, 'dep_late', late)).toMatchObject({ ok: true }); // looked for in the closed segment, found
  const { events } = await ledger.store.readAll({ after: -1 as never, max: 1000 });
  const days = events.filter(({ type }) => type === 'ledger.EntryPosted.v1').map(({ data }) => {
    const { entry } = data as { entry: { id: string; date: string; booked?: string } };
    return [entry.id, entry.date, entry.booked];
  });
  expect(days).toEqual([
    ['dep_100000', '2026-11-24', undefined], ['dep_december', '2026-12-03', undefined], ['dep_late', '2026-11-24', undefined], ['dep_later', '2026-11-24', '2026-12-01'],
  ]);
});

it('spreads other entries over the journals of their book, each once', async () => {
  const ledger = openDesk();
  const paid = (n: number) => ({
    factId: `pay_${n}`, occurredAt: NOON,
    fact: { type: 'ConsumerPaid', dims: { bookId: 'bok_main' }, paymentId: `pay_${n}`, provider: 'alipay', received: cny(100), fee: cny(1), feeTax: cny(0) } as const,
  });
  for (let n = 0; n < 40; n++) expect(await ledger.desk.book(paid(n), ledger.envelope())).toMatchObject({ ok: true });
  for (let n = 0; n < 40; n++) expect(await ledger.desk.book(paid(n), ledger.envelope())).toMatchObject({ ok: true });
  const { events } = await ledger.store.readAll({ after: -1 as never, max: 1000 });
  expect(events.filter(({ type }) => type === 'ledger.EntryPosted.v1')).toHaveLength(40);
  expect((await streamsOf(ledger)).filter((stream) => stream.startsWith('journal-')).sort()).toEqual([0, 1, 2, 3].map((n) => `journal-bok_main_${n}_2026-11`));
  expect(await ledger.desk.book({ ...paid(1), fact: { ...paid(1).fact, received: cny(101) } }, ledger.envelope())).toMatchObject({ ok: false, code: 'FACT_ID_REUSED' });
});

it('answers a delivery without its account as invalid, a reversal without its original as unknown', async () => {
  const ledger = openDesk();
  const booked = await ledger.desk.book({ factId: 'f', fact: { type: 'Delivered', ...aDelivery() }, occurredAt: NOON }, ledger.envelope());
  expect(booked).toMatchObject({ ok: false, code: 'FACT_INVALID' });
  const reversal = await ledger.desk.book({ factId: 'g', fact: { type: 'RedemptionReversed', dims: { bookId: 'bok_main' }, originalFactId: 'x' }, occurredAt: NOON }, ledger.envelope());
  expect(reversal).toMatchObject({ ok: false, code: 'ORIGINAL_UNKNOWN' });
});

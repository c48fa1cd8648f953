import { plusMs } from '@vouchsafe/kernel';
import { specification } from '@vouchsafe/testing';
import { cny, DAY, deposit, NOON, NOVEMBER, theDims } from '../testing/builders.js';
import type { Fact } from './fact.js';
import { fingerprintOf } from './fingerprint.js';
import { journalDecider, type JournalEvent } from './journal.js';
import { period, type Segment } from './period.js';
import { entryFor } from './posting.js';

const journal = specification(journalDecider);
const december = '2026-12' as Segment;
const carry = { bookId: 'bok_main', shard: 0, segment: NOVEMBER, ordinal: 0, postedUpTo: plusMs(NOON, -1) };
const opened: JournalEvent = { type: 'JournalOpened', ...carry, at: NOON };
const paid = (minor = 500): Fact => ({ type: 'ConsumerPaid', dims: theDims, paymentId: 'pay_1', provider: 'alipay', received: cny(minor), fee: cny(3), feeTax: cny(0) });
const post = (fact: Fact = paid(), over: object = {}) =>
  ({ type: 'PostFact', factId: 'pay_1', fact, occurredAt: NOON, businessDate: DAY, lookedBack: false, fingerprint: fingerprintOf(fact), at: NOON, ...over }) as const;
const posted = (fact: Fact = paid()): JournalEvent => ({
  type: 'EntryPosted', fingerprint: fingerprintOf(fact), entry: entryFor(fact, { factId: 'pay_1', occurredAt: NOON, businessDate: DAY }), at: NOON,
});

it('books a fact once and tells another one under its id apart', () => {
  journal.given(opened).when(post()).then(posted());
  journal.given(opened, posted()).when(post()).then();
  journal.given(opened, posted()).when(post(paid(501))).rejected('FACT_ID_REUSED');
});
it('refuses what belongs elsewhere', () => {
  journal.given(opened).when(post({ ...paid(), dims: { bookId: 'bok_other' } } as Fact)).rejected('FACT_INVALID');
  journal.given(opened).when(post(deposit(5))).rejected('FACT_INVALID');
  const line = (account: string, minor: bigint) => ({ account, minor, currency: 'CNY', dims: {} });
  const sneaky: Fact = { type: 'Adjusted', dims: theDims, reason: 'x', postings: [line('assets:receivable:channel:chn_shop', 1n), line('income:sales', -1n)] };
  journal.given(opened).when(post(sneaky)).rejected('FACT_INVALID');
});
it('sends on what comes after its close, looks back for what is older, and books it on the first open day', () => {
  const closed: JournalEvent = { type: 'JournalClosed', next: december, closedThrough: period('2026-11'), entries: 0, at: NOON };
  journal.given(opened).when({ type: 'CloseJournal', next: december, closedThrough: period('2026-11'), at: NOON }).then(closed);
  journal.given(opened, closed).when(post()).rejected('PERIOD_CLOSED', { next: december });
  journal.given(opened, posted(), closed).when(post()).then();
  const next: JournalEvent = { type: 'JournalOpened', ...carry, segment: december, previous: NOVEMBER, ordinal: 1, closedThrough: period('2026-11'), postedUpTo: NOON, at: NOON };
  journal.given(next).when(post()).rejected('LOOK_BACK', { previous: NOVEMBER });
  expect(journalDecider.decide(post(paid(), { lookedBack: true }), journal.given(next).state())).toMatchObject({ ok: true, events: [{ entry: { bookedOn: '2026-12-01' } }] });
});

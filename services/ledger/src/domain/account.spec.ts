import { plusMs } from '@vouchsafe/kernel';
import { specification } from '@vouchsafe/testing';
import {
  aDelivery, captureHold, cny, DAY, deposit, eventsOf, EXPIRY, fundsHeld, HORIZON, holdFunds, NOON, NOVEMBER, opened, postFact, theAccount, theDims, theEntry,
} from '../testing/builders.js';
import { accountDecider } from './account.js';
import type { AccountEvent } from './account-types.js';
import type { Fact } from './fact.js';
import { fingerprintOf } from './fingerprint.js';
import { businessDate, type Period, type Segment } from './period.js';

const account = specification(accountDecider);
const december = '2026-12' as Segment;
const captured = (more: Partial<Extract<AccountEvent, { type: 'FundsCaptured' }>> = {}): AccountEvent => ({
  type: 'FundsCaptured', holdId: 'ord_1', final: true, rest: 0n, fingerprint: captureHold().fingerprint, entry: theEntry(), at: NOON, ...more,
});
const closed: AccountEvent = { type: 'PeriodClosed', next: december, closedThrough: '2026-11' as Period, posted: 0n, held: 0n, credit: 0n, openHolds: 0, at: NOON };

describe('holding funds', () => {
  it('sets money aside that is there', () => account.given(opened({ posted: 1130n })).when(holdFunds()).then(fundsHeld()));
  it('refuses what the balance does not cover, to the cent', () =>
    account.given(opened({ posted: 1129n })).when(holdFunds()).rejected('BALANCE_SHORT', { availableMinor: '1129', currency: 'CNY' }));
  it('counts what other orders hold', () =>
    account.given(opened({ posted: 2000n }), fundsHeld({ holdId: 'ord_0', orderId: 'ord_0' })).when(holdFunds()).rejected('BALANCE_SHORT', { availableMinor: '870', currency: 'CNY' }));
  it('lends up to the credit limit', () => {
    const credit = opened({ identity: { ...theAccount, mode: 'credit' }, posted: -500n, credit: 1630n });
    account.given(credit).when(holdFunds()).then(fundsHeld());
    account.given(credit).when(holdFunds({ amount: cny(1131) })).rejected('CREDIT_LIMIT_REACHED', { availableMinor: '1130', currency: 'CNY' });
  });
  it('answers a retried hold without holding twice', () => account.given(opened({ posted: 1130n }), fundsHeld()).when(holdFunds()).then());
  it('refuses the same hold id for another amount or order', () => {
    account.given(opened({ posted: 9999n }), fundsHeld()).when(holdFunds({ amount: cny(1) })).rejected('HOLD_ID_REUSED');
    account.given(opened({ posted: 9999n }), fundsHeld()).when(holdFunds({ orderId: 'ord_2' })).rejected('HOLD_ID_REUSED');
  });
  it('refuses a hold asked too late, but knows one that exists however late the question', () => {
    account.given(opened({ posted: 1130n })).when(holdFunds({ at: plusMs(HORIZON, 1) })).rejected('TOO_LATE');
    account.given(opened({ posted: 1130n }), fundsHeld()).when(holdFunds({ at: plusMs(HORIZON, 1) })).then();
  });
  it('refuses another currency', () => account.given(opened({ posted: 1130n })).when(holdFunds({ amount: { minor: 1n, currency: 'USD' } })).rejected('CURRENCY_MISMATCH'));
  it('knows no account that was never opened', () => account.given().when(holdFunds()).rejected('ACCOUNT_UNKNOWN'));
  it('does not hold anew what was given back', () =>
    account.given(opened({ posted: 1130n }), fundsHeld(), { type: 'FundsReleased', holdId: 'ord_1', minor: 1130n, reason: 'CANCELLED', at: NOON })
      .when(holdFunds()).rejected('TOO_LATE'));
  it('says yes again to a hold whose delivery was captured meanwhile', () =>
    account.given(opened({ posted: 1130n }), fundsHeld(), captured()).when(holdFunds()).then());
});

describe('capturing a delivery', () => {
  it('is one event: the entry with all its postings', () => account.given(opened({ posted: 1130n }), fundsHeld()).when(captureHold()).then(captured()));
  it('takes the money out of balance and hold', () => {
    const state = account.given(opened({ posted: 2000n }), fundsHeld(), captured()).state();
    expect(state).toMatchObject({ posted: 870n, held: 0n });
  });
  it('leaves the rest held until the last line, then frees it', () => {
    const part = { type: 'Delivered', ...aDelivery({ gross: cny(130), parts: [] }) } as Fact;
    const first = captureHold({ captureId: 'ord_1/1', final: false, fact: part });
    const decided = accountDecider.decide(first, account.given(opened({ posted: 1130n }), fundsHeld()).state());
    expect(decided.ok).toBe(true);
    const event = eventsOf(decided)[0]!;
    expect(account.given(opened({ posted: 1130n }), fundsHeld(), event).state()).toMatchObject({ posted: 1000n, held: 1000n });
    account.given(opened({ posted: 1130n }), fundsHeld(), event).when(first).then();
    const last = accountDecider.decide(captureHold({ captureId: 'ord_1/2', fact: part }), account.given(opened({ posted: 1130n }), fundsHeld(), event).state());
    expect(account.given(opened({ posted: 1130n }), fundsHeld(), event, ...eventsOf(last)).state()).toMatchObject({ posted: 870n, held: 0n });
  });
  it('answers a repeat without booking twice', () => account.given(opened({ posted: 1130n }), fundsHeld(), captured()).when(captureHold()).then());
  it('refuses the same capture id for another delivery', () =>
    account.given(opened({ posted: 1130n }), fundsHeld(), captured())
      .when(captureHold({ fact: { type: 'Delivered', ...aDelivery({ gross: cny(1129) }) } })).rejected('CAPTURE_ID_REUSED'));
  it('takes no more than is held', () =>
    account.given(opened({ posted: 5000n }), fundsHeld({ minor: 1129n })).when(captureHold()).rejected('HOLD_TOO_SMALL', { leftMinor: '1129' }));
  it('needs a hold', () => account.given(opened({ posted: 5000n })).when(captureHold()).rejected('HOLD_UNKNOWN'));
  it('refuses a delivery that settles otherwise, or in another book', () => {
    const given = account.given(opened({ posted: 1130n }), fundsHeld());
    given.when(captureHold({ fact: { type: 'Delivered', ...aDelivery({ settlement: 'credit' }) } })).rejected('FACT_INVALID');
    given.when(captureHold({ fact: { type: 'Delivered', ...aDelivery({ dims: { ...theDims, bookId: 'bok_other' } }) } })).rejected('FACT_INVALID');
  });
});

describe('giving back', () => {
  const release = { type: 'ReleaseHold', holdId: 'ord_1', notAfter: HORIZON, reason: 'CANCELLED', at: NOON } as const;
  it('frees what is still held', () =>
    account.given(opened({ posted: 1130n }), fundsHeld()).when(release).then({ type: 'FundsReleased', holdId: 'ord_1', minor: 1130n, reason: 'CANCELLED', at: NOON }));
  it('remembers a release of a hold that is not there yet, so that the hold fails when it comes', () => {
    const forestalled: AccountEvent = { type: 'HoldForestalled', holdId: 'ord_1', notAfter: HORIZON, reason: 'CANCELLED', at: NOON };
    account.given(opened({ posted: 1130n })).when(release).then(forestalled);
    account.given(opened({ posted: 1130n }), forestalled).when(holdFunds()).rejected('TOO_LATE');
    account.given(opened({ posted: 1130n }), forestalled).when(release).then();
  });
  it('has nothing to remember once the hold could not come any more', () => account.given(opened()).when({ ...release, at: plusMs(HORIZON, 1) }).then());
  it('is harmless when repeated or after the capture', () => account.given(opened({ posted: 1130n }), fundsHeld(), captured()).when(release).then());
  it('puts off the end of a hold, never brings it forward', () => {
    const given = account.given(opened({ posted: 1130n }), fundsHeld());
    const later = plusMs(EXPIRY, 1);
    given.when({ type: 'ProlongHold', holdId: 'ord_1', expiresAt: later, at: NOON }).then({ type: 'HoldProlonged', holdId: 'ord_1', expiresAt: later, at: NOON });
    given.when({ type: 'ProlongHold', holdId: 'ord_1', expiresAt: NOON, at: NOON }).then();
  });
});

describe('other entries on the account', () => {
  it('books a deposit, once', () => {
    const decided = accountDecider.decide(postFact('dep_1', deposit(10_000)), account.given(opened()).state());
    const events = eventsOf(decided);
    expect(account.given(opened(), ...events).state()).toMatchObject({ posted: 10_000n });
    account.given(opened(), ...events).when(postFact('dep_1', deposit(10_000))).then();
    account.given(opened(), ...events).when(postFact('dep_1', deposit(10_001))).rejected('FACT_ID_REUSED');
  });
  it('pays out what is available and no cent more', () => {
    const withdrawal = (minor: number): Fact => ({ type: 'Withdrawn', dims: { bookId: 'bok_main' }, bank: 'icbc', amount: cny(minor) });
    const given = account.given(opened({ posted: 2000n }), fundsHeld());
    given.when(postFact('wdr_1', withdrawal(871))).rejected('BALANCE_SHORT');
    expect(accountDecider.decide(postFact('wdr_1', withdrawal(870)), given.state()).ok).toBe(true);
  });
  it('refuses a delivery that captures no hold', () =>
    account.given(opened({ posted: 5000n })).when(postFact('f', { type: 'Delivered', ...aDelivery() })).rejected('FACT_INVALID'));
  it('refuses an entry that touches a second limited account', () => {
    const line = (path: string, minor: bigint) => ({ account: path, minor, currency: 'CNY', dims: {} });
    const postings = [line('liabilities:channel:prepaid:chn_shop', 5n), line('liabilities:channel:prepaid:chn_other', -5n)];
    account.given(opened({ posted: 5000n })).when(postFact('adj', { type: 'Adjusted', dims: { bookId: 'bok_main' }, reason: 'moved', postings })).rejected('FACT_INVALID');
  });
  it('changes the credit limit, for whoever saw the present one', () => {
    const change = { type: 'ChangeCreditLimit', limit: cny(500), at: NOON } as const;
    account.given(opened()).when({ ...change, expectedVersion: 0 }).then({ type: 'CreditLimitChanged', minor: 500n, version: 1, at: NOON });
    account.given(opened(), { type: 'CreditLimitChanged', minor: 500n, version: 1, at: NOON }).when(change).then();
    account.given(opened(), { type: 'CreditLimitChanged', minor: 400n, version: 1, at: NOON }).when({ ...change, expectedVersion: 0 }).rejected('LIMIT_CHANGED_SINCE');
  });
});

describe('closing', () => {
  it('names the next segment and carries the sums', () =>
    account.given(opened({ posted: 2000n, credit: 5n }), fundsHeld()).when({ type: 'ClosePeriod', next: december, closedThrough: '2026-11' as Period, at: NOON }).then(
      { type: 'PeriodClosed', next: december, closedThrough: '2026-11' as Period, posted: 2000n, held: 1130n, credit: 5n, openHolds: 1, at: NOON },
    ));
  it('sends what comes late to the next segment, but knows what it booked itself', () => {
    account.given(opened({ posted: 2000n }), closed).when(holdFunds()).rejected('PERIOD_CLOSED', { next: december });
    account.given(opened({ posted: 2000n }), fundsHeld(), captured(), closed).when(captureHold()).then();
  });
  it('looks back for a late fact before it books it again', () => {
    const next = opened({ segment: december, previous: NOVEMBER, ordinal: 1, closedThrough: '2026-11' as Period, postedUpTo: NOON });
    account.given(next).when(postFact('dep_1', deposit(1))).rejected('LOOK_BACK', { previous: NOVEMBER });
  });
  it('does not look back for a fact that occurred after all that was booked before', () => {
    const next = opened({ segment: december, previous: NOVEMBER, ordinal: 1, postedUpTo: plusMs(NOON, -1) });
    expect(accountDecider.decide(postFact('dep_1', deposit(1)), account.given(next).state()).ok).toBe(true);
  });
  it('knows in the next segment which holds ended before, by their fingerprints', () => {
    const next = opened({ segment: december, previous: NOVEMBER, ordinal: 1, posted: 9_999n });
    const carried: AccountEvent = { type: 'ClosedHoldsCarried', until: HORIZON, ids: new Set([fingerprintOf('ord_1')]), at: NOON };
    account.given(next, carried).when(holdFunds()).rejected('TOO_LATE');
    account.given(next, carried).when(holdFunds({ holdId: 'ord_2', orderId: 'ord_2' })).then(fundsHeld({ holdId: 'ord_2', orderId: 'ord_2' }));
    account.given(next, carried).when({ type: 'ReleaseHold', holdId: 'ord_1', notAfter: HORIZON, reason: 'CANCELLED', at: NOON }).then();
  });
  it('books a late fact of a closed month on the first open day and keeps its own date', () => {
    const next = opened({ segment: december, previous: NOVEMBER, ordinal: 1, closedThrough: '2026-11' as Period, postedUpTo: NOON });
    const decided = accountDecider.decide(postFact('dep_1', deposit(1), { lookedBack: true }), account.given(next).state());
    expect(decided).toMatchObject({ ok: true, events: [{ entry: { businessDate: DAY, bookedOn: businessDate('2026-12-01') } }] });
  });
});

it('forgets closed holds once they can come no more', () => {
  const events: AccountEvent[] = [opened({ posted: 1_000_000n })];
  for (let i = 0; i < 500; i++) {
    const at = plusMs(NOON, i * 1000);
    events.push(fundsHeld({ holdId: `h${i}`, orderId: `h${i}`, minor: 1n, notAfter: plusMs(at, 60_000), at }));
    events.push({ type: 'FundsReleased', holdId: `h${i}`, minor: 1n, reason: 'x', at });
  }
  const state = account.given(...events).state();
  expect(state.step === 'open' && state.memory.current.size + state.memory.older.size).toBeLessThan(200);
});

it('tells contents apart by their fingerprints, whatever the order of their fields', () => {
  expect(fingerprintOf({ a: 1n, b: 'x' })).toBe(fingerprintOf({ b: 'x', a: 1n, c: undefined }));
  expect(fingerprintOf({ a: 'x', b: 'y' })).not.toBe(fingerprintOf({ a: 'y', b: 'x' }));
  expect(fingerprintOf(['a', 'b'])).not.toBe(fingerprintOf(['b', 'a']));
});

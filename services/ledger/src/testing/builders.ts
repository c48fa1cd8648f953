import { type Decision, instant, invariant, type Money, money } from '@vouchsafe/kernel';
import type { AccountCarry, AccountCommand, AccountEvent, AccountIdentity } from '../domain/account-types.js';
import type { Entry, Posting } from '../domain/entry.js';
import type { DeliveredPart, Delivery, Fact, FactDimensions } from '../domain/fact.js';
import { fingerprintOf } from '../domain/fingerprint.js';
import { businessDate, type Segment } from '../domain/period.js';

/** Complete, valid data for the ledger's specifications. Nothing here is random. */
export const NOON = instant(Date.UTC(2026, 10, 24, 4)); // noon of 24 November 2026 in Shanghai
export const DAY = businessDate('2026-11-24');
export const NOVEMBER = '2026-11' as Segment;
export const cny = (minor: bigint | number): Money => money(BigInt(minor), 'CNY');

export const theDims: FactDimensions = {
  bookId: 'bok_main', channelId: 'chn_shop', businessLine: 'telecom', productId: 'prd_flow', orderId: 'ord_1', lineId: 'ord_1/1',
};
export const aPart = (part: Partial<DeliveredPart> = {}): DeliveredPart => ({
  batchId: 'bat_1', supplierId: 'sup_a', terms: 'purchased', quantity: 1, cost: cny(800), inputTax: cny(104), owed: cny(0), ...part,
});
/** A code sold for 11.30 with 13 % tax in it, bought for 8.00 + 1.04 tax, on a prepaid account. */
export const aDelivery = (delivery: Partial<Delivery> = {}): Delivery => ({
  dims: theDims, settlement: 'prepaid', kind: 'code', presentation: 'principal', stockPaid: false, gross: cny(1130), taxRateBp: 1300,
  parts: [aPart()], commissions: [], ...delivery,
});

export const theAccount: AccountIdentity = {
  accountId: 'acc_prepaid.shop.CNY', bookId: 'bok_main', channelId: 'chn_shop', mode: 'prepaid', currency: 'CNY',
};
export const aCarry = (carry: Partial<AccountCarry> = {}): AccountCarry => ({
  identity: theAccount, segment: NOVEMBER, ordinal: 0, posted: 0n, credit: 0n, creditVersion: 0, postedUpTo: instant(0), holds: [], faded: [], ...carry,
});
export const opened = (carry: Partial<AccountCarry> = {}, at = NOON): AccountEvent => {
  const { identity, holds: _holds, faded: _faded, ...rest } = aCarry(carry);
  return { type: 'PeriodOpened', ...identity, ...rest, at };
};

export const HORIZON = instant(NOON + 60_000);
export const EXPIRY = instant(NOON + 3_600_000);
type HoldCommand = Extract<AccountCommand, { type: 'HoldFunds' }>;
export const holdFunds = (hold: Partial<Omit<HoldCommand, 'type'>> = {}): HoldCommand => ({
  type: 'HoldFunds', holdId: 'ord_1', orderId: 'ord_1', channelId: 'chn_shop', amount: cny(1130), notAfter: HORIZON, expiresAt: EXPIRY, at: NOON, ...hold,
});
type HeldEvent = Extract<AccountEvent, { type: 'FundsHeld' }>;
export const fundsHeld = (held: Partial<Omit<HeldEvent, 'type'>> = {}): HeldEvent => ({
  type: 'FundsHeld', holdId: 'ord_1', orderId: 'ord_1', channelId: 'chn_shop', minor: 1130n, notAfter: HORIZON, expiresAt: EXPIRY, at: NOON, ...held,
});
type CaptureCommand = Extract<AccountCommand, { type: 'CaptureHold' }>;
export const captureHold = (capture: Partial<Omit<CaptureCommand, 'type'>> = {}): CaptureCommand => {
  const whole = {
    type: 'CaptureHold' as const, holdId: 'ord_1', captureId: 'ord_1/1', final: true, fact: { type: 'Delivered' as const, ...aDelivery() } as Fact,
    occurredAt: NOON, businessDate: DAY, lookedBack: false, at: NOON, ...capture,
  };
  return { fingerprint: fingerprintOf({ holdId: whole.holdId, final: whole.final, fact: whole.fact }), ...whole };
};
type PostCommand = Extract<AccountCommand, { type: 'PostFact' }>;
export const postFact = (factId: string, fact: Fact, more: Partial<Omit<PostCommand, 'type'>> = {}): PostCommand => ({
  type: 'PostFact', factId, fact, occurredAt: NOON, businessDate: DAY, lookedBack: false, fingerprint: fingerprintOf(fact), at: NOON, ...more,
});
export const deposit = (minor: bigint | number): Fact => ({ type: 'Deposited', dims: { bookId: 'bok_main', channelId: 'chn_shop' }, bank: 'icbc', amount: cny(minor) });

/** An entry in a table's words: `account → signed minor units`, dimensions left out. */
export const amountsOf = ({ postings }: { readonly postings: readonly Posting[] }): readonly (readonly [string, bigint])[] =>
  postings.map(({ account, minor }) => [account, minor] as const);
/** The entry of {@link aDelivery}, whole. */
export const theEntry = (): Entry => {
  const own = { businessLine: 'telecom', productId: 'prd_flow' };
  const stock = { ...own, supplierId: 'sup_a', batchId: 'bat_1' };
  const line = (account: string, minor: bigint, dims: Posting['dims'] = own): Posting => ({ account, minor, currency: 'CNY', dims });
  return {
    factId: 'ord_1/1', kind: 'Delivered', bookId: 'bok_main', channelId: 'chn_shop', orderId: 'ord_1', lineId: 'ord_1/1', occurredAt: NOON, businessDate: DAY,
    postings: [
      line('liabilities:channel:prepaid:chn_shop', 1130n),
      line('income:sales', -1000n), line('liabilities:tax:output', -130n),
      line('expenses:cost:codes', 800n, stock), line('assets:inventory:codes:prd_flow', -800n, stock),
    ],
  };
};

/** Events of a decision that must be a yes. */
export const eventsOf = (decision: Decision<AccountEvent>): readonly AccountEvent[] => {
  invariant(decision.ok, 'expected a yes');
  return decision.events;
};

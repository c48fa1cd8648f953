import type { Instant, Message, Money, PersistentMap } from '@vouchsafe/kernel';
import type { LimitedMode } from './chart.js';
import type { Entry, Posting } from './entry.js';
import type { Fact } from './fact.js';
import type { FadedHolds, HoldMemory } from './hold-memory.js';
import type { BusinessDate, Period, Segment } from './period.js';

/** What an account is, for ever. `channelId` settles on it; it belongs to one book. */
export type AccountIdentity = {
  readonly accountId: string; readonly bookId: string; readonly channelId: string; readonly mode: LimitedMode; readonly currency: string;
};

export type OpenHold = {
  readonly orderId: string; readonly channelId: string; readonly minor: bigint;
  /** What is still set aside. */
  readonly left: bigint;
  readonly notAfter: Instant; readonly expiresAt: Instant;
  /** Captures made of it: id and fingerprint. */
  readonly captures: readonly (readonly [string, number])[];
};

/** What goes from one segment of an account into the next. */
export type AccountCarry = {
  readonly identity: AccountIdentity; readonly segment: Segment; readonly previous?: Segment;
  /** How many segments came before. */
  readonly ordinal: number;
  readonly closedThrough?: Period;
  /** Funds posted: what the channel has with us, below zero what it owes. */
  readonly posted: bigint;
  readonly credit: bigint;
  /** Grows with every change of the credit limit. */
  readonly creditVersion: number;
  /** Latest time that an entry of the segments before occurred; a fact that occurred later cannot be among them. */
  readonly postedUpTo: Instant;
  readonly holds: readonly (readonly [string, OpenHold])[];
  readonly faded: readonly FadedHolds[];
};

type At = { readonly at: Instant };
type Posted = {
  readonly fact: Fact; readonly occurredAt: Instant; readonly businessDate: BusinessDate;
  /** The closed segments were searched for the id. */
  readonly lookedBack: boolean;
  /** What a repeat is compared by. */
  readonly fingerprint: number;
};
export type AccountCommand =
  | Message<'OpenPeriod', At & { readonly carry: AccountCarry }>
  | Message<'HoldFunds', At & { readonly holdId: string; readonly orderId: string; readonly channelId: string; readonly amount: Money; readonly notAfter: Instant; readonly expiresAt: Instant }>
  | Message<'CaptureHold', At & Posted & { readonly holdId: string; readonly captureId: string; readonly final: boolean }>
  | Message<'ReleaseHold', At & { readonly holdId: string; readonly notAfter: Instant; readonly reason: string }>
  | Message<'ProlongHold', At & { readonly holdId: string; readonly expiresAt: Instant }>
  | Message<'PostFact', At & Posted & { readonly factId: string; readonly note?: string; readonly original?: readonly Posting[] }>
  | Message<'ChangeCreditLimit', At & { readonly limit: Money; readonly expectedVersion?: number }>
  | Message<'ClosePeriod', At & { readonly next: Segment; readonly closedThrough?: Period }>;

export type AccountEvent =
  | Message<'PeriodOpened', At & AccountIdentity & {
    readonly segment: Segment; readonly previous?: Segment; readonly ordinal: number; readonly closedThrough?: Period;
    readonly posted: bigint; readonly credit: bigint; readonly creditVersion: number; readonly postedUpTo: Instant;
  }>
  | Message<'HoldsCarried', At & { readonly holds: readonly (readonly [string, OpenHold])[] }>
  | Message<'ClosedHoldsCarried', At & FadedHolds>
  | Message<'FundsHeld', At & { readonly holdId: string; readonly orderId: string; readonly channelId: string; readonly minor: bigint; readonly notAfter: Instant; readonly expiresAt: Instant }>
  /** The capture is the entry: `entry.factId` is the capture's id. `final` ends the hold: `rest`, what was left of it, is free again. */
  | Message<'FundsCaptured', At & { readonly holdId: string; readonly final: boolean; readonly rest: bigint; readonly fingerprint: number; readonly entry: Entry }>
  | Message<'FundsReleased', At & { readonly holdId: string; readonly minor: bigint; readonly reason: string }>
  | Message<'HoldForestalled', At & { readonly holdId: string; readonly notAfter: Instant; readonly reason: string }>
  | Message<'HoldProlonged', At & { readonly holdId: string; readonly expiresAt: Instant }>
  | Message<'EntryPosted', At & { readonly fingerprint: number; readonly entry: Entry }>
  | Message<'CreditLimitChanged', At & { readonly minor: bigint; readonly version: number }>
  /** The carry-forward's sums; its holds follow from the stream. */
  | Message<'PeriodClosed', At & { readonly next: Segment; readonly closedThrough?: Period; readonly posted: bigint; readonly held: bigint; readonly credit: bigint; readonly openHolds: number }>;

export type AccountRejection =
  | 'ACCOUNT_UNKNOWN' | 'BALANCE_SHORT' | 'CREDIT_LIMIT_REACHED' | 'CURRENCY_MISMATCH' | 'TOO_LATE' | 'HOLD_ID_REUSED' | 'HOLD_UNKNOWN'
  | 'HOLD_TOO_SMALL' | 'CAPTURE_ID_REUSED' | 'FACT_ID_REUSED' | 'FACT_INVALID' | 'LIMIT_CHANGED_SINCE'
  /** Not for callers: go on in the next segment; look into the segments before. */
  | 'PERIOD_CLOSED' | 'LOOK_BACK';

type Running = AccountIdentity & {
  readonly segment: Segment; readonly previous?: Segment; readonly ordinal: number; readonly closedThrough?: Period;
  readonly postedUpTo: Instant;
  /** The same, entries of this segment included. */
  readonly latest: Instant;
  readonly posted: bigint; readonly credit: bigint; readonly creditVersion: number;
  /** Sum of what open holds still set aside. */
  readonly held: bigint;
  readonly holds: PersistentMap<string, OpenHold>;
  readonly memory: HoldMemory;
  /** Facts and captures of this segment, with their fingerprints. */
  readonly entries: PersistentMap<string, number>;
};
export type OpenAccount = Running & { readonly step: 'open' };
export type ClosedAccount = Running & { readonly step: 'closed'; readonly next: Segment };
export type Account = { readonly step: 'unopened' } | OpenAccount | ClosedAccount;

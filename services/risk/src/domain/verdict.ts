import { accept, type Decider, type Instant, type Message, type Money } from '@vouchsafe/kernel';
import type { Features, VerdictWord } from './rules.js';

/** Tokens of those concerned; what is not known is left out. */
export type Parties = { readonly buyer?: string; readonly device?: string; readonly payee?: string; readonly ip?: string };

/** A verdict with all it was taken from: enough to rebuild the windows and to take it again. */
export type Verdict = {
  readonly orderId: string;
  readonly channelId: string;
  readonly verdict: VerdictWord;
  readonly reasons: readonly string[];
  readonly shadow: readonly string[];
  readonly ruleSet: string;
  /** Values of the features the rules name; zero, false and empty are left out. */
  readonly features: Features;
  readonly parties: Parties;
  readonly lines: readonly { readonly productId: string; readonly quantity: number }[];
  readonly total: Money;
  /** The order carried proof of a challenge that was met. */
  readonly challengeMet: boolean;
  /** review: until when a person may decide. */
  readonly reviewUntil?: Instant;
  readonly at: Instant;
};
export type VerdictCommand = Message<'GiveVerdict', Verdict>;
export type VerdictEvent = Message<'VerdictGiven', Verdict>;

/** Stream `verdict-<order>_<fingerprint>`: the first verdict stands, whatever is asked later. */
export const verdictDecider: Decider<Verdict | undefined, VerdictCommand, VerdictEvent, never> = {
  initial: undefined,
  decide: (command, given) => (given ? accept() : accept({ ...command, type: 'VerdictGiven' })),
  /** The event is the verdict: nothing of it is copied. */
  evolve: (_, verdict) => verdict,
};

import { accept, type Decider, type Instant, type Message, reject } from '@vouchsafe/kernel';
import type { Parties } from './verdict.js';

export const SIGNAL_KINDS = ['sign_up', 'login', 'login_failed', 'payment_failed', 'profile_changed', 'challenge_passed', 'challenge_failed', 'chargeback'] as const;
export type SignalKind = (typeof SIGNAL_KINDS)[number];
/** Something a channel (or the platform) saw happen to a buyer, a device or an address. `occurredAt` may be long ago. */
export type Signal = { readonly kind: SignalKind; readonly channelId: string; readonly parties: Parties; readonly occurredAt: Instant; readonly print: string };
export type SignalCommand = Message<'RecordSignal', Signal>;
export type SignalEvent = Message<'SignalRecorded', Signal>;

/** Stream `signal-<id>`: one event. The same again is already so; another body under the id is refused. */
export const signalDecider: Decider<Signal | undefined, SignalCommand, SignalEvent, 'REQUEST_ID_REUSED'> = {
  initial: undefined,
  decide: ({ type: _, ...signal }, recorded) => {
    if (!recorded) return accept({ type: 'SignalRecorded', ...signal });
    return recorded.print === signal.print ? accept() : reject('REQUEST_ID_REUSED');
  },
  evolve: (_, { type: __, ...signal }) => signal,
};

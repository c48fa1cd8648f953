import type { Bus } from '@vouchsafe/bus';
import type { EventStore } from '@vouchsafe/event-store';
import type { ReadStore } from '@vouchsafe/read-store';
import type { Rpc } from '@vouchsafe/rpc';
import type { Clock, Ids, Log, Namespace, Random, Timers } from '@vouchsafe/runtime';
import type { Nonces, PersonalVault } from '@vouchsafe/vault';

/** Somebody of whom nothing is known any more. */
export type Erased = { readonly subject: string; readonly reason: string };

/** What access is given. */
export type AccessPorts = {
  readonly namespace: Namespace;
  readonly store: EventStore;
  readonly bus: Bus;
  readonly readStore: ReadStore;
  readonly rpc: Rpc;
  /** The clock on the wall, also where the namespace's own clock is simulated: keys and signatures live in the callers' time. */
  readonly clock: Clock;
  readonly random: Random;
  readonly ids: Ids;
  readonly timers: Timers;
  readonly log: Log;
  readonly vault: PersonalVault & Nonces;
  /** Told of an erasure that is durable, before the key goes: the journal of the irrevocable writes it down. May be told twice. */
  readonly onErased?: (subject: string) => Promise<void>;
  /** What was erased before this start; given where data was restored or copied, so that nothing comes back with it. */
  readonly erasedBefore?: () => AsyncIterable<Erased>;
};

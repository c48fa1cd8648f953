import type { Bus } from '@vouchsafe/bus';
import type { EventStore } from '@vouchsafe/event-store';
import type { ReadStore } from '@vouchsafe/read-store';
import type { Rpc } from '@vouchsafe/rpc';
import type { Clock, Figures, Ids, Log, Namespace, Random, Timers } from '@vouchsafe/runtime';
import type { PaymentProvider } from './payment-provider.js';

/** What the order service takes from outside. */
export type OrderPorts = {
  readonly namespace: Namespace;
  readonly store: EventStore;
  readonly bus: Bus;
  readonly readStore: ReadStore;
  readonly rpc: Rpc;
  readonly clock: Clock;
  /** The time that others have, who sign what they send; `clock` where it is not given. */
  readonly outerClock?: Pick<Clock, 'now'>;
  readonly random: Random;
  readonly ids: Ids;
  readonly timers: Timers;
  readonly log: Log;
  /** What operation is told. */
  readonly figures?: Figures;
  /** Trace of what runs just now, where one is recorded: of whoever woke a job. */
  readonly trace?: () => string | undefined;
  readonly paymentProviders: readonly PaymentProvider[];
};

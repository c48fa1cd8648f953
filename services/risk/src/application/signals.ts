import type { EventCodec } from '@vouchsafe/codec';
import { DeciderHost, type Envelope, type EventStore } from '@vouchsafe/event-store';
import type { Clock, Random } from '@vouchsafe/runtime';
import { type Signal, type SignalCommand, signalDecider, type SignalEvent } from '../domain/signal.js';
import type { RiskWindows } from './windows/risk-windows.js';

export type SignalsPorts = { readonly store: EventStore; readonly clock: Clock; readonly random: Random; readonly codec: EventCodec<SignalEvent>; readonly windows: RiskWindows };
/** Signals are written once and hardly ever read again. */
const CACHE_MAX = 1_000;

/** Records what channels (and the platform) saw; the windows take it in as it is accepted. */
export class Signals {
  readonly #host: DeciderHost<Signal | undefined, SignalCommand, SignalEvent, 'REQUEST_ID_REUSED'>;

  constructor({ store, clock, random, codec, windows }: SignalsPorts) {
    this.#host = new DeciderHost({
      store, clock, random, codec, decider: signalDecider, cacheMax: CACHE_MAX,
      onAccepted: (_, __, events) => { if (store.exclusive) for (const event of events) windows.signal(event); },
    });
  }

  /** May be called again: the same signal under the same id is recorded once. False: the id names another one. */
  async record(signalId: string, signal: Signal, envelope: Envelope): Promise<boolean> {
    return (await this.#host.handle(`signal-${signalId}`, { type: 'RecordSignal', ...signal }, envelope)).ok;
  }
}

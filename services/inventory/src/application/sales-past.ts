import type { EventCodec } from '@vouchsafe/codec';
import type { EventStore, RecordedEvent } from '@vouchsafe/event-store';
import type { Collection } from '@vouchsafe/read-store';
import { stillOut } from '../domain/stock-evolve.js';
import type { Sale, StockEvent, Units } from '../domain/stock-types.js';
import type { SalePlace } from '../projections/sales.js';

export type PastSale = {
  readonly claim: Sale['claim']; readonly ranges: readonly Units[]; readonly out: readonly Units[]; readonly released: boolean; readonly revision: number;
};
export type SalesPastOptions = {
  readonly store: EventStore; readonly codec: EventCodec<StockEvent>; readonly places: Collection<SalePlace>; readonly projections: { caughtUp(): Promise<void> };
};

/**
 * A pool's own past: commits and give-backs older than what its state remembers, read from its stream. The collection only
 * says where to read; facts come from the events.
 */
export class SalesPast {
  readonly #options: SalesPastOptions;
  constructor(options: SalesPastOptions) {
    this.#options = options;
  }

  /** Undefined where no such reservation was ever committed in the pool. */
  async find(stream: string, reservationId: string): Promise<PastSale | undefined> {
    const place = await this.#place(reservationId);
    if (place?.committedAt === undefined || place.stream !== stream) return undefined;
    const committed = await this.#event(stream, place.committedAt);
    if (committed?.type !== 'ReservationCommitted') return undefined;
    let out = committed.ranges;
    for (const revision of place.backAt) {
      const back = await this.#event(stream, revision);
      if (back?.type === 'UnitsReturned' || back?.type === 'ReservationReleased') out = stillOut(out, back.ranges);
    }
    return { claim: committed.claim, ranges: committed.ranges, out, released: place.released, revision: place.committedAt };
  }

  /** Whether this refund returned its units before. */
  async returned(stream: string, refundId: string): Promise<boolean> {
    return (await this.#place(refundId))?.stream === stream;
  }

  /** Id of the event at a revision of the pool's stream. */
  async eventIdAt(stream: string, revision: number): Promise<string | undefined> {
    return (await this.#recorded(stream, revision))?.id;
  }

  async #place(id: string): Promise<SalePlace | undefined> {
    const { store, places, projections } = this.#options;
    await store.durable(store.head()); // projections see durable events only
    await projections.caughtUp();
    return (await places.get(id))?.value;
  }
  async #event(stream: string, revision: number): Promise<StockEvent | undefined> {
    const recorded = await this.#recorded(stream, revision);
    return recorded && this.#options.codec.decode(recorded.type, recorded.data);
  }
  async #recorded(stream: string, revision: number): Promise<RecordedEvent | undefined> {
    return (await this.#options.store.readStream(stream, { from: revision, max: 1 }))[0];
  }
}

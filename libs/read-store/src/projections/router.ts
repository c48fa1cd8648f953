import { categoryOf, type RecordedEvent } from '@vouchsafe/event-store';
import type { ProjectedMeta } from '../port.js';
import type { BoundProjection } from './bound.js';
import type { Halted } from './halted.js';
import type { Delivery } from './target.js';

const UNREADABLE = Symbol('unreadable');

type Route = { readonly codec: BoundProjection['codec']; readonly bounds: readonly BoundProjection[] };

/** Which projections an event goes to, per collection; decodes it once per codec. */
export class Router {
  readonly #byCategory = new Map<string, Route[]>();
  /** Events of a type no codec of their category knows. */
  unknown = 0;
  readonly #told: { readonly unknown: (type: string) => void; readonly unreadable: (halted: Halted) => void };

  constructor(projections: readonly BoundProjection[], told: { readonly unknown: (type: string) => void; readonly unreadable: (halted: Halted) => void }) {
    this.#told = told;
    for (const category of new Set(projections.flatMap(({ categories }) => categories))) {
      const here = projections.filter(({ categories }) => categories.includes(category));
      const codecs = [...new Set(here.map(({ codec }) => codec))];
      this.#byCategory.set(category, codecs.map((codec) => ({ codec, bounds: here.filter((bound) => bound.codec === codec) })));
    }
  }

  get categories(): readonly string[] {
    return [...this.#byCategory.keys()];
  }

  /** Deliveries by collection name, in the order of the events. */
  route(events: readonly RecordedEvent[]): ReadonlyMap<string, readonly Delivery[]> {
    const byCollection = new Map<string, Delivery[]>();
    for (const recorded of events) {
      const routes = this.#byCategory.get(categoryOf(recorded.stream));
      if (routes) this.#routeOne(recorded, routes, byCollection);
    }
    return byCollection;
  }

  #routeOne(recorded: RecordedEvent, routes: readonly Route[], byCollection: Map<string, Delivery[]>): void {
    let known = false;
    let meta: ProjectedMeta | undefined;
    for (const { codec, bounds } of routes) {
      const event = this.#read(recorded, bounds, () => codec.decode(recorded.type, recorded.data));
      if (event === undefined) continue;
      known = true;
      if (event === UNREADABLE) continue;
      meta ??= metaOf(recorded);
      for (const bound of bounds) {
        const ids = this.#read(recorded, [bound], () => bound.idsOf(event, meta!));
        if (ids === UNREADABLE || ids.length === 0) continue;
        const { name } = bound.collection;
        const deliveries = byCollection.get(name);
        const delivery = { bound, event, meta, position: recorded.position, ids };
        if (deliveries) deliveries.push(delivery);
        else byCollection.set(name, [delivery]);
      }
    }
    if (known) return;
    this.unknown++;
    this.#told.unknown(recorded.type);
  }

  /** What cannot be read has no documents to halt: the event is told of, for each collection, and passed over. */
  #read<T>({ stream, revision }: RecordedEvent, bounds: readonly BoundProjection[], read: () => T): T | typeof UNREADABLE {
    try {
      return read();
    } catch (error) {
      for (const { collection } of bounds) this.#told.unreadable({ collection: collection.name, stream, revision, error: String(error) });
      return UNREADABLE;
    }
  }
}

const metaOf = ({ stream, revision, occurredAt, recordedAt, correlation, principal, id }: RecordedEvent): ProjectedMeta => ({
  stream, revision, occurredAt, recordedAt, correlation, principal, eventId: id,
});

import { categoryOf, type RecordedEvent } from '@vouchsafe/event-store';
import type { BoundProjection } from './bound.js';
import type { Halted } from '../runner-port.js';
import type { Delivery } from './delivery.js';

type Route = { readonly codec: BoundProjection['codec']; readonly bounds: readonly BoundProjection[] };
type Told = { readonly unknown: (type: string) => void; readonly unreadable: (halted: Halted) => void };
/** What is delivered to each document, by collection and id, in the order of the events. */
export type Routed = Map<string, Map<string, Delivery[]>>;

/** Which projections an event goes to, per collection; decodes it once per codec. */
export class Router {
  readonly #byCategory = new Map<string, Route[]>();
  /** Events of a type no codec of their category knows. */
  unknown = 0;
  readonly #told: Told;

  constructor(projections: readonly BoundProjection[], told: Told) {
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

  /** Deliveries of the events; added to `into`, where those of earlier events are. */
  route(events: readonly RecordedEvent[], into: Routed = new Map()): Routed {
    for (const recorded of events) {
      const routes = this.#byCategory.get(categoryOf(recorded.stream));
      if (routes) this.#routeOne(recorded, routes, into);
    }
    return into;
  }

  #routeOne(recorded: RecordedEvent, routes: readonly Route[], into: Routed): void {
    let known = false;
    for (const { codec, bounds } of routes) {
      let event: unknown;
      try {
        event = codec.decode(recorded.type, recorded.data);
      } catch (error) {
        known = true;
        this.#unreadable(recorded, bounds, error);
        continue;
      }
      if (event === undefined) continue;
      known = true;
      for (const bound of bounds) this.#deliver(bound, event, recorded, into);
    }
    if (known) return;
    this.unknown++;
    this.#told.unknown(recorded.type);
  }

  #deliver(bound: BoundProjection, event: unknown, recorded: RecordedEvent, into: Routed): void {
    let ids: readonly string[];
    try {
      ids = bound.idsOf(event, recorded);
    } catch (error) {
      return this.#unreadable(recorded, [bound], error);
    }
    if (ids.length === 0) return;
    const delivery: Delivery = { bound, event, meta: recorded };
    let documents = into.get(bound.collection.name);
    if (!documents) into.set(bound.collection.name, (documents = new Map()));
    for (const id of ids) {
      const known = documents.get(id);
      if (!known) documents.set(id, [delivery]);
      else if (known[known.length - 1] !== delivery) known.push(delivery); // one that names an id twice means it once
    }
  }

  /** What cannot be read has no documents to halt: the event is told of, for each collection, and passed over. */
  #unreadable({ stream, revision }: RecordedEvent, bounds: readonly BoundProjection[], error: unknown): void {
    for (const { collection } of bounds) this.#told.unreadable({ collection: collection.name, stream, revision, error: String(error) });
  }
}

import { categoryOf, type RecordedEvent } from '@vouchsafe/event-store';
import type { BoundProjection } from './bound.js';
import type { Halted } from '../runner-port.js';

type Route = { readonly codec: BoundProjection['codec']; readonly bounds: readonly BoundProjection[] };
type Told = { readonly unknown: (type: string) => void; readonly unreadable: (halted: Halted) => void };
/** Takes what is delivered to documents, in the order of the events. */
export interface Deliveries {
  add(bound: BoundProjection, event: unknown, meta: RecordedEvent, id: string): void;
}

/** Which projections an event goes to, and to which documents; decodes it once per codec. */
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

  route(events: readonly RecordedEvent[], into: Deliveries): void {
    for (const recorded of events) {
      const routes = this.#byCategory.get(categoryOf(recorded.stream));
      if (routes) this.#routeOne(recorded, routes, into);
    }
  }

  #routeOne(recorded: RecordedEvent, routes: readonly Route[], into: Deliveries): void {
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

  #deliver(bound: BoundProjection, event: unknown, recorded: RecordedEvent, into: Deliveries): void {
    let ids: readonly string[];
    try {
      ids = bound.idsOf(event, recorded);
    } catch (error) {
      return this.#unreadable(recorded, [bound], error);
    }
    for (let i = 0; i < ids.length; i++) {
      if (i === 0 || ids.indexOf(ids[i]!) === i) into.add(bound, event, recorded, ids[i]!); // one that names an id twice means it once
    }
  }

  /** What cannot be read has no documents to halt: the event is told of, for each collection, and passed over. */
  #unreadable({ stream, revision }: RecordedEvent, bounds: readonly BoundProjection[], error: unknown): void {
    for (const { collection } of bounds) this.#told.unreadable({ collection: collection.name, stream, revision, error: String(error) });
  }
}

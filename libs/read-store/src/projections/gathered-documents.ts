import type { RecordedEvent } from '@vouchsafe/event-store';
import type { Collection, Doc, Folded } from '../port.js';
import type { BoundProjection } from './bound.js';
import { type Halting, haltedAt } from './delivery.js';
import type { Deliveries } from './router.js';

/** A document on its way from what was read to what will be written. */
type Gathering = { readonly id: string; from: Doc<unknown> | undefined; value: unknown };
type OfCollection = { readonly documents: Map<string, Gathering>; /** Not read yet. */ unread: string[] };
/** Where documents of a collection, by the name its projections know it by, are read from. */
type CollectionOf = (name: string) => Collection<unknown>;

/**
 * Documents that events are applied to in memory, each read once and written once however many batches change it. For a store
 * that writes them together with the checkpoint ({@link ReadStore.commit}): then every event is new to every document.
 */
export class GatheredDocuments implements Deliveries {
  #byCollection = new Map<string, OfCollection>();
  /** What was added and is not applied yet; four lists side by side, for an object for each would be most of the garbage. */
  #bounds: BoundProjection[] = [];
  #events: unknown[] = [];
  #metas: RecordedEvent[] = [];
  #documents: Gathering[] = [];

  add(bound: BoundProjection, event: unknown, meta: RecordedEvent, id: string): void {
    this.#bounds.push(bound);
    this.#events.push(event);
    this.#metas.push(meta);
    this.#documents.push(this.#gathering(bound.collection.name, id));
  }

  #gathering(name: string, id: string): Gathering {
    let collection = this.#byCollection.get(name);
    if (!collection) this.#byCollection.set(name, (collection = { documents: new Map(), unread: [] }));
    let gathering = collection.documents.get(id);
    if (!gathering) {
      gathering = { id, from: undefined, value: undefined };
      collection.documents.set(id, gathering);
      collection.unread.push(id);
    }
    return gathering;
  }

  /** Reads what is not here yet and applies what was added. */
  async apply(collectionOf: CollectionOf, halting: Halting): Promise<void> {
    for (const [name, collection] of this.#byCollection) await readUnread(collection, collectionOf(name));
    for (let i = 0; i < this.#documents.length; i++) {
      const [bound, meta, document] = [this.#bounds[i]!, this.#metas[i]!, this.#documents[i]!];
      const { id, value } = document;
      if (halting.has(bound.collection.name, id)) continue;
      try {
        document.value = bound.apply(value, this.#events[i], meta, id);
      } catch (error) {
        halting.add(haltedAt(bound, meta, { id, error })); // what was applied before it stays
      }
    }
    this.#forgetAdded();
  }
  #forgetAdded(): void {
    this.#bounds = [];
    this.#events = [];
    this.#metas = [];
    this.#documents = [];
  }

  /** The documents that are others now, by collection. */
  changed(): Map<string, readonly Folded[]> {
    const changed = new Map<string, readonly Folded[]>();
    for (const [name, { documents }] of this.#byCollection) {
      const folded: Folded[] = [];
      for (const document of documents.values()) if (document.value !== document.from?.value) folded.push(document);
      if (folded.length > 0) changed.set(name, folded);
    }
    return changed;
  }

  /** What was gathered has been written, or shall not be. */
  clear(): void {
    this.#byCollection = new Map();
    this.#forgetAdded();
  }
}

const readUnread = async (collection: OfCollection, from: Collection<unknown>): Promise<void> => {
  if (collection.unread.length === 0) return;
  const docs = await from.getMany(collection.unread);
  collection.unread = [];
  for (const [id, doc] of docs) {
    const gathering = collection.documents.get(id)!;
    gathering.from = doc;
    gathering.value = doc.value;
  }
};

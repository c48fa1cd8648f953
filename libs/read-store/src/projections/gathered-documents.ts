import type { Collection, Doc, Folded } from '../port.js';
import { type ByDocument, type Delivery, endOfEvent, type Halting, haltedAt, valueAfter } from './delivery.js';

/** A document on its way from what was read to what will be written. */
type Gathering = { readonly id: string; readonly from: Doc<unknown> | undefined; value: unknown };

/**
 * Documents that events were applied to in memory, each read once and written once however many batches change it. For a store
 * that writes them together with the checkpoint ({@link ReadStore.commit}): then every event is new to every document.
 */
export class GatheredDocuments {
  #byCollection = new Map<string, Map<string, Gathering>>();

  /** Applies what is delivered to documents of the collection `name`; these are read from, and will be written to, `collection`. */
  async take(name: string, collection: Collection<unknown>, { byDocument, halting }: { readonly byDocument: ByDocument; readonly halting: Halting }): Promise<void> {
    let gathered = this.#byCollection.get(name);
    if (!gathered) this.#byCollection.set(name, (gathered = new Map()));
    await readMissing(collection, byDocument, gathered);
    for (const [id, deliveries] of byDocument) {
      const document = gathered.get(id)!;
      if (!halting.has(deliveries[0]!.bound.collection.name, id)) document.value = foldOne(document, deliveries, halting);
    }
  }

  /** The documents that are others now, by collection. */
  changed(): Map<string, readonly Folded[]> {
    const changed = new Map<string, readonly Folded[]>();
    for (const [name, gathered] of this.#byCollection) {
      const folded: Folded[] = [];
      for (const document of gathered.values()) if (document.value !== document.from?.value) folded.push(document);
      if (folded.length > 0) changed.set(name, folded);
    }
    return changed;
  }

  /** What was gathered has been written, or shall not be. */
  clear(): void {
    this.#byCollection = new Map();
  }
}

const readMissing = async (collection: Collection<unknown>, byDocument: ByDocument, gathered: Map<string, Gathering>): Promise<void> => {
  const missing: string[] = [];
  for (const id of byDocument.keys()) if (!gathered.has(id)) missing.push(id);
  if (missing.length === 0) return;
  const docs = await collection.getMany(missing);
  for (const id of missing) {
    const from = docs.get(id);
    gathered.set(id, { id, from, value: from?.value });
  }
};

const foldOne = ({ id, value: before }: Gathering, deliveries: readonly Delivery[], halting: Halting): unknown => {
  let value = before;
  let at = 0;
  try {
    while (at < deliveries.length) {
      const end = endOfEvent(deliveries, at);
      value = valueAfter(value, deliveries, { id, at, end });
      at = end;
    }
  } catch (error) {
    halting.add(haltedAt(deliveries[at]!, id, error)); // what was applied before it stays
  }
  return value;
};

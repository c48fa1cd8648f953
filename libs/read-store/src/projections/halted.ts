import { Fault } from '@vouchsafe/kernel';
import type { Log } from '@vouchsafe/runtime';
import type { Collection, Folded, ReadStore } from '../port.js';
import type { Halted } from '../runner-port.js';

/** More than this is no poisoned event but a broken projection: then the runner stands still and says so. */
const HALTED_MAX = 100;

/** Which documents stand still, kept in the read store beside them. */
export class HaltedDocuments {
  readonly #name: string;
  readonly #collection: Collection<Halted>;
  readonly #log: Log;
  readonly #known: Map<string, Halted>;
  #fresh: Halted[] = [];
  #untold: Halted | undefined;

  private constructor(name: string, collection: Collection<Halted>, { log, known }: { readonly log: Log; readonly known: Map<string, Halted> }) {
    this.#name = name;
    this.#collection = collection;
    this.#log = log;
    this.#known = known;
  }

  static async open(readStore: ReadStore, name: string, log: Log): Promise<HaltedDocuments> {
    const spec = { name: `halted_${name}`, indexes: [] };
    const collection = await readStore.collection<Halted>(spec);
    const docs = await collection.find({ limit: HALTED_MAX });
    return new HaltedDocuments(spec.name, collection, { log, known: new Map(docs.map(({ id, value }) => [id, value])) });
  }

  list(): readonly Halted[] {
    return [...this.#known.values()];
  }

  has(collection: string, document: string): boolean {
    return this.#known.size > 0 && this.#known.has(keyOf(collection, document));
  }

  /** Throws Fault `PROJECTION_BROKEN` when too many documents stand still. */
  add(halted: Halted): void {
    const key = idOf(halted);
    if (this.#known.has(key)) return;
    if (this.#known.size >= HALTED_MAX) throw new Fault('PROJECTION_BROKEN', `projections fail on too many documents, the last time with: ${halted.error}`, false);
    this.#known.set(key, halted);
    this.#fresh.push(halted);
    this.#untold = halted;
    this.#log.error(halted, 'a projection fails on an event; the document stands still until it is rebuilt');
  }

  /** What was added since {@link HaltedDocuments.saved}, with the collection it goes to; to be committed with the documents. */
  unsaved(): readonly (readonly [collection: string, halted: readonly Folded[]])[] {
    return this.#fresh.length === 0 ? [] : [[this.#name, this.#fresh.map((halted) => ({ id: idOf(halted), value: halted, from: undefined }))]];
  }
  saved(): void {
    if (this.#fresh.length > 0) this.#fresh = [];
  }
  /** What was added has not been saved, and will come again. */
  takeBack(): void {
    for (const halted of this.#fresh) this.#known.delete(idOf(halted));
    this.#fresh = [];
  }

  /** Writes what was added; before the checkpoint. */
  async save(): Promise<void> {
    if (this.#fresh.length === 0) return;
    await this.#collection.write(this.#fresh.map((halted) => ({ id: idOf(halted), value: halted, revisions: { [halted.stream]: halted.revision } })));
    this.#fresh = [];
  }

  /** After a rebuild: those that fail in it too stand still, no others. */
  async replace(collection: string, now: readonly Halted[]): Promise<void> {
    const gone = [...this.#known].filter(([, halted]) => halted.collection === collection);
    for (const [key] of gone) this.#known.delete(key);
    await this.#collection.write(gone.map(([id, { stream, revision }]) => ({ id, value: undefined, revisions: { [stream]: revision, gone: revision } })));
    await this.#collection.forgetDeleted();
    for (const halted of now) this.add(halted);
    await this.save();
    if (now.length === 0) this.#untold = undefined;
  }

  /** The newest one that nobody was told of yet. */
  takeUntold(): Halted | undefined {
    const untold = this.#untold;
    this.#untold = undefined;
    return untold;
  }
}

const idOf = ({ collection, document, stream, revision }: Halted): string => keyOf(collection, document ?? `event ${stream}/${revision}`);
const keyOf = (collection: string, document: string): string => `${collection}/${document}`;

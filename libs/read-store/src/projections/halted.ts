import { Fault } from '@vouchsafe/kernel';
import type { Log } from '@vouchsafe/runtime';
import type { Collection, ReadStore } from '../port.js';
import type { Halted } from '../runner-port.js';

/** More than this is no poisoned event but a broken projection: then the runner stands still and says so. */
const HALTED_MAX = 100;

/** Which documents stand still, kept in the read store beside them. */
export class HaltedDocuments {
  readonly #collection: Collection<Halted>;
  readonly #log: Log;
  readonly #known: Map<string, Halted>;
  #fresh: Halted[] = [];
  #untold: Halted | undefined;

  private constructor(collection: Collection<Halted>, log: Log, known: Map<string, Halted>) {
    this.#collection = collection;
    this.#log = log;
    this.#known = known;
  }

  static async open(readStore: ReadStore, name: string, log: Log): Promise<HaltedDocuments> {
    const collection = await readStore.collection<Halted>({ name: `halted_${name}`, indexes: [] });
    const docs = await collection.find({ limit: HALTED_MAX });
    return new HaltedDocuments(collection, log, new Map(docs.map(({ id, value }) => [id, value])));
  }

  list(): readonly Halted[] {
    return [...this.#known.values()];
  }

  has(collection: string, document: string): boolean {
    return this.#known.size > 0 && this.#known.has(keyOf(collection, document));
  }

  /** Throws Fault `PROJECTION_BROKEN` when too many documents stand still. */
  add(halted: Halted): void {
    const key = keyOf(halted.collection, halted.document ?? `event ${halted.stream}/${halted.revision}`);
    if (this.#known.has(key)) return;
    if (this.#known.size >= HALTED_MAX) throw new Fault('PROJECTION_BROKEN', `projections fail on too many documents, the last time with: ${halted.error}`, false);
    this.#known.set(key, halted);
    this.#fresh.push(halted);
    this.#untold = halted;
    this.#log.error(halted, 'a projection fails on an event; the document stands still until it is rebuilt');
  }

  /** Writes what was added; before the checkpoint. */
  async save(): Promise<void> {
    if (this.#fresh.length === 0) return;
    await this.#collection.write(this.#fresh.map((halted) => ({
      id: keyOf(halted.collection, halted.document ?? `event ${halted.stream}/${halted.revision}`), value: halted, revisions: { [halted.stream]: halted.revision },
    })));
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

const keyOf = (collection: string, document: string): string => `${collection}/${document}`;

import type { Position } from '@vouchsafe/event-store';
import { Fault, invariant } from '@vouchsafe/kernel';
import { type Attempt, Mongo, type MongoOptions } from '@vouchsafe/mongo';
import { type Collection, type CollectionSpec, type ProjectionOptions, type ProjectionRunner, type ReadStore, Watchers } from '@vouchsafe/read-store';
import { CHECKPOINTS, type Checkpoint } from './checkpoints.js';
import { originalName } from './field-names.js';
import { Generation, meant } from './generation.js';
import { type AppliedIndexes, applyTo, checkIndexes, identitiesOf, isStoredCollection, openCollection, storedCollection, VIEWS_PREFIX_LENGTH } from './indexes.js';
import { KeptRunner } from './kept-runner.js';
import { MongoCollection } from './mongo-collection.js';
import { through } from './through.js';

export type MongoReadStoreOptions = Omit<MongoOptions, 'codes'> & {
  /**
   * `apply`: a collection whose indexes changed gets them when it is opened (development, tests). `check`: that is a Fault
   * `READ_STORE_INDEXES_MISSING`; {@link applyIndexes} is run before a new version starts. New, empty collections get theirs either way.
   */
  readonly indexes: 'apply' | 'check';
  /** How often it is looked whether views are still there, milliseconds. */
  readonly lookMs?: number;
};
export type MongoReadStore = ReadStore & {
  /** Settles when a majority takes a write; else the Fault that says why not. For start and readiness; asks once. */
  check(): Promise<void>;
  /** Runners whose views were lost and are being built anew: until they are whole, nobody but their runner reads them (Fault `READ_STORE_REBUILDING`). */
  rebuilding(): readonly string[];
};

/** The read store of one service and namespace in one database of MongoDB. Connects when first used. */
export const mongoReadStore = (options: MongoReadStoreOptions): MongoReadStore => new Store(new Mongo({ ...options, codes: 'READ_STORE' }), options.indexes, options.lookMs ?? LOOK_MS);

/** Applies the indexes of collections, for a command before a new version starts. May be run again, and beside running services. */
export const applyIndexes = async (
  options: Omit<MongoOptions, 'codes'>, specs: readonly CollectionSpec[], { dropOthers = false }: { readonly dropOthers?: boolean } = {},
): Promise<readonly AppliedIndexes[]> => {
  const mongo = new Mongo({ ...options, codes: 'READ_STORE' });
  try {
    const applied: AppliedIndexes[] = [];
    for (const spec of specs) applied.push(await mongo.run((attempt) => applyTo(attempt, spec, dropOthers)));
    return applied;
  } finally {
    await mongo.close();
  }
};

/** How often it is looked whether a runner's views are there. */
const LOOK_MS = 1_000;

class Store implements MongoReadStore {
  readonly #mongo: Mongo;
  readonly #indexes: 'apply' | 'check';
  readonly #watchers = new Watchers();
  /** Collections this process works with. MongoDB would make a dropped one anew, without indexes, at the next write. */
  readonly #open = new Map<string, CollectionSpec>();

  readonly #lookMs: number;
  /** Collections of views that are being built anew, by their runner. */
  readonly #rebuilding = new Map<string, readonly string[]>();
  readonly runners = { canRun: (): boolean => true, startRunner: (name: string, options: ProjectionOptions): Promise<ProjectionRunner> => this.#startRunner(name, options) };

  constructor(mongo: Mongo, indexes: 'apply' | 'check', lookMs: number) {
    this.#mongo = mongo;
    this.#indexes = indexes;
    this.#lookMs = lookMs;
  }

  async #startRunner(name: string, projections: ProjectionOptions): Promise<ProjectionRunner> {
    const specs = [...new Map(projections.projections.map(({ collection }) => [collection.name, collection])).values()];
    const generation = new Generation({ mongo: this.#mongo, clock: projections.clock, runner: name, specs, noticedMs: this.#lookMs * NOTICED, others: () => [...this.#open.values()] });
    const onRebuilding = (is: boolean): void => void (is ? this.#rebuilding.set(name, specs.map((spec) => spec.name)) : this.#rebuilding.delete(name));
    const runner = new KeptRunner({ projections, readStore: this.#unhindered(), generation, lookMs: this.#lookMs, onRebuilding });
    await runner.start();
    return runner;
  }
  rebuilding(): readonly string[] {
    return [...this.#rebuilding.keys()];
  }
  /** For a runner: it works on views also while nobody else may read them. */
  #unhindered(): ReadStore {
    return through(this, { collection: <T>(spec: CollectionSpec) => this.#collection<T>(spec, () => {}) });
  }

  collection<T>(spec: CollectionSpec): Promise<Collection<T>> {
    return this.#collection<T>(spec, () => {
      if (this.#rebuilding.size === 0) return;
      for (const [runner, names] of this.#rebuilding) if (names.includes(spec.name)) throw new Fault('READ_STORE_REBUILDING', `views of ${runner} are built anew from the log; ask again in a moment`);
    });
  }
  async #collection<T>(spec: CollectionSpec, checkReadable: () => void): Promise<Collection<T>> {
    if (this.#indexes === 'apply') await this.#mongo.run((attempt) => applyTo(attempt, spec, false));
    else checkIndexes(spec, await this.#mongo.run((attempt) => openCollection(attempt, spec)));
    this.#open.set(spec.name, spec);
    const checkOpen = (): void => {
      this.#mongo.checkOpen();
      checkReadable();
      invariant(this.#open.has(spec.name), `collection ${spec.name} is open (it may have been dropped)`);
    };
    return new MongoCollection<T>({ mongo: this.#mongo, watchers: this.#watchers, checkOpen }, spec);
  }

  async collectionNames(): Promise<readonly string[]> {
    const found = await this.#mongo.run(({ db, session }) => db.listCollections({}, { nameOnly: true, session }).toArray());
    const names = found.flatMap(({ name }) => (isStoredCollection(name) ? [originalName(name.slice(VIEWS_PREFIX_LENGTH))] : []));
    return names.sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  }

  async dropCollection(name: string): Promise<void> {
    this.#open.delete(name);
    await this.#mongo.run(({ db, session }) => db.dropCollection(storedCollection(name), { session }));
  }

  async replaceCollection(name: string, replacement: string): Promise<void> {
    const fresh = await this.#mongo.run((attempt) => identityOf(attempt, replacement));
    invariant(fresh !== undefined, 'a collection is replaced by one that exists');
    await this.#mongo.run(async (attempt) => {
      await meant(attempt, fresh);
      // A rename whose answer was lost has happened: then the name leads to the replacement already.
      if ((await identityOf(attempt, name)) === fresh) return;
      await attempt.db.renameCollection(storedCollection(replacement), storedCollection(name), { dropTarget: true, session: attempt.session });
    });
    this.#open.delete(replacement);
    this.#watchers.tell(name);
  }

  async loadCheckpoint(name: string): Promise<Position | undefined> {
    const found = await this.#mongo.run(({ db, session }) => db.collection<Checkpoint>(CHECKPOINTS).findOne({ _id: name }, { session }));
    return found?.position as Position | undefined;
  }
  async saveCheckpoint(name: string, position: Position): Promise<void> {
    await this.#mongo.run(({ db, session }) => db.collection<Checkpoint>(CHECKPOINTS).updateOne({ _id: name }, { $set: { position } }, { upsert: true, session }));
  }

  check(): Promise<void> {
    return this.#mongo.check();
  }
  close(): Promise<void> {
    return this.#mongo.close();
  }
}

/** Looks after which every replica has noticed. */
const NOTICED = 3;

const identityOf = async (attempt: Attempt, name: string): Promise<string | undefined> => (await identitiesOf(attempt, [storedCollection(name)])).values().next().value;

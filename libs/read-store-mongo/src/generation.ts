import { randomUUID } from 'node:crypto';
import type { Position } from '@vouchsafe/event-store';
import { type Attempt, isDuplicateKey, type Mongo } from '@vouchsafe/mongo';
import type { CollectionSpec } from '@vouchsafe/read-store';
import type { Clock } from '@vouchsafe/runtime';
import { CHECKPOINTS, type Checkpoint } from './checkpoints.js';
import { applyTo, identitiesOf, openCollection, storedCollection } from './indexes.js';

/** `ready`: false while somebody clears away what is left of the views before. `identities`: of the collections that are meant. */
type Row = { _id: string; generation: string; ready: boolean; identities: string[] };
const GENERATIONS = 'generations';
const POLL_MS = 200;
/** Whoever clears and has not ended after this is taken for dead. */
const CLEARING_MAX_MS = 30_000;

export type GenerationOptions = {
  readonly mongo: Mongo; readonly clock: Clock;
  /** Of the runner whose views these are; names its checkpoint. */
  readonly runner: string;
  readonly specs: readonly CollectionSpec[];
  /** Within this every replica has noticed that the views are of another generation, and writes no more. */
  readonly noticedMs: number;
  /** What this process has open besides: lost with the views, and made anew without indexes by the next write. */
  readonly others: () => readonly CollectionSpec[];
};

/**
 * Which life of a runner's views this is. Replicas agree on it by a document that is lost with the views: where it is another one or
 * none, views must be built anew, by all of them, from empty collections.
 */
export class Generation {
  readonly #options: GenerationOptions;
  #mine = '';
  #saved: Position | undefined;

  constructor(options: GenerationOptions) {
    this.#options = options;
  }

  get #name(): string {
    return `projections/${this.#options.runner}`;
  }
  #row(): Promise<Row | null> {
    return this.#options.mongo.run(({ db, session }) => db.collection<Row>(GENERATIONS).findOne({ _id: this.#name }, { session }));
  }

  /** At a start. Answers why what is there cannot be gone on with; undefined where it can, or where there is nothing yet. */
  async begin(): Promise<string | undefined> {
    const row = await this.#row();
    if (row?.ready) return (await this.#stranger(row)) ?? this.#adopt(row.generation);
    if (row) return 'somebody began to build them anew and did not end';
    if (await this.#leftovers()) return 'nothing says that they are whole';
    await this.#claim(undefined, true);
    return this.begin();
  }
  async #leftovers(): Promise<boolean> {
    const { mongo, specs } = this.#options;
    return mongo.run(async ({ db, session }) => {
      if (await db.collection<Checkpoint>(CHECKPOINTS).findOne({ _id: this.#name }, { session })) return true;
      for (const { name } of specs) if (await db.collection(storedCollection(name)).findOne({}, { projection: { _id: 1 }, session })) return true;
      return false;
    });
  }

  /** Whether this process works on the present life of the views. */
  async isMine(): Promise<boolean> {
    const row = await this.#row();
    return row?.generation === this.#mine && row.ready;
  }

  /** Why the views are not those any more that this process works on; undefined: they are. */
  async lost(): Promise<string | undefined> {
    const row = await this.#row();
    if (row?.generation !== this.#mine || !row.ready) return row ? 'another replica builds them anew' : 'their database was dropped or put back';
    const mine = this.#saved; // before it is asked for: it grows meanwhile
    if (mine !== undefined && ((await this.#checkpoint()) ?? -1) < mine) return 'their checkpoint was put back';
    return (await this.#identities()).size < this.#options.specs.length ? 'a collection was dropped' : this.#stranger(row);
  }
  async #checkpoint(): Promise<number | undefined> {
    return this.#options.mongo.run(async ({ db, session }) => (await db.collection<Checkpoint>(CHECKPOINTS).findOne({ _id: this.#name }, { session }))?.position);
  }
  /** A collection that was dropped comes back by itself at the next write, and is another one then. */
  async #stranger({ identities }: Row): Promise<string | undefined> {
    if (identities.length === 0) return undefined; // nobody has opened any yet
    for (const [name, identity] of await this.#identities()) if (!identities.includes(identity)) return `the collection ${name} is not the one that it was`;
    return undefined;
  }
  #identities(): Promise<ReadonlyMap<string, string>> {
    const names = this.#options.specs.map(({ name }) => storedCollection(name));
    return this.#options.mongo.run((attempt) => identitiesOf(attempt, names));
  }
  /** Once a runner has opened its collections: these are meant. */
  async settled(): Promise<void> {
    const identities = [...(await this.#identities()).values()];
    await this.#options.mongo.run(({ db, session }) => db.collection<Row>(GENERATIONS).updateOne({ _id: this.#name, generation: this.#mine }, { $addToSet: { identities: { $each: identities } } }, { session }));
  }

  /** Saved for all replicas: never falls within a generation. */
  async saveCheckpoint(position: Position): Promise<void> {
    await this.#options.mongo.run(({ db, session }) => db.collection<Checkpoint>(CHECKPOINTS).updateOne({ _id: this.#name }, { $max: { position } }, { upsert: true, session }));
    this.#saved = position;
  }

  /** Begins a new life of the views, or goes on in the one that another replica has begun. Settles when the collections may be filled. */
  async renew(): Promise<void> {
    const { clock } = this.#options;
    for (let waited = 0; ; waited += POLL_MS) {
      const row = await this.#row();
      if (row?.ready && row.generation !== this.#mine) return void this.#adopt(row.generation);
      const isOthers = row !== null && row.generation !== this.#mine;
      if (!isOthers || waited >= CLEARING_MAX_MS) {
        if (await this.#claim(row?.generation, false)) return this.#clear();
      }
      await clock.sleep(POLL_MS);
    }
  }

  #adopt(generation: string): undefined {
    this.#mine = generation;
    this.#saved = undefined;
  }

  /** True where it is ours now; false where somebody was quicker. */
  async #claim(before: string | undefined, ready: boolean): Promise<boolean> {
    const generation = randomUUID();
    const { mongo } = this.#options;
    const claimed = await mongo.run(async ({ db, session }) => {
      const rows = db.collection<Row>(GENERATIONS);
      if (before !== undefined) return (await rows.updateOne({ _id: this.#name, generation: { $in: [before, generation] } }, { $set: { generation, ready, identities: [] } }, { session })).matchedCount > 0;
      try {
        await rows.insertOne({ _id: this.#name, generation, ready, identities: [] }, { session });
        return true;
      } catch (error) {
        if (!isDuplicateKey(error as { readonly code?: unknown })) throw error;
        return (await rows.findOne({ _id: this.#name }, { session }))?.generation === generation; // ours, whose answer was lost
      }
    });
    if (claimed) this.#adopt(generation);
    return claimed;
  }

  async #clear(): Promise<void> {
    const { mongo, clock, specs, noticedMs, others } = this.#options;
    await clock.sleep(noticedMs);
    for (const spec of specs) {
      await mongo.run(({ db, session }) => db.dropCollection(storedCollection(spec.name), { session }));
      await mongo.run((attempt) => openCollection(attempt, spec));
    }
    for (const spec of others()) if (!specs.some(({ name }) => name === spec.name)) await mongo.run((attempt) => applyTo(attempt, spec, false));
    const names = [this.#name, ...specs.map(({ name }) => `${this.#name}/${name}`)];
    await mongo.run(({ db, session }) => db.collection<Checkpoint>(CHECKPOINTS).deleteMany({ _id: { $in: names } }, { session }));
    await this.settled();
    await mongo.run(({ db, session }) => db.collection<Row>(GENERATIONS).updateOne({ _id: this.#name, generation: this.#mine }, { $set: { ready: true } }, { session }));
  }
}

/** A collection is about to take another's place on purpose: it is meant from now on. May be repeated. */
export const meant = async ({ db, session }: Attempt, identity: string): Promise<void> => {
  await db.collection<Row>(GENERATIONS).updateMany({}, { $addToSet: { identities: identity } }, { session });
};

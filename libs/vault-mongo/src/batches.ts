import { Fault, invariant } from '@vouchsafe/kernel';
import { isDuplicateKey, type Mongo } from '@vouchsafe/mongo';
import type { NewBatch } from '@vouchsafe/vault';
import { batchTag } from '@vouchsafe/vault/adapter-parts';
import { LRUCache } from 'lru-cache';
import type { mongo } from 'mongoose';
import { nextNumber, tableOf, type VaultIndexes } from './vault-mongo.js';

/** What never changes of a batch. Numbers begin at one. */
export type Batch = { readonly no: number; readonly batchId: string; readonly importId: string; readonly uses: number; readonly own: boolean };
type Row = { _id: string; no: number; tag: Buffer; importId: string; uses: number; own: boolean };
const BATCHES = 'batches';
const CACHE_MAX = 10_000;

export const BATCH_INDEXES: VaultIndexes = {
  [BATCHES]: [{ name: 'number', key: { no: 1 }, unique: true }, { name: 'tag', key: { tag: 1 }, unique: true }],
};

/** The batches of a vault. */
export class Batches {
  readonly #vault: Mongo;
  readonly #byId = new LRUCache<string, Batch>({ max: CACHE_MAX });

  constructor(vault: Mongo) {
    this.#vault = vault;
  }

  /** May be called again, by any process. */
  async begin({ batchId, importId, uses, own = false }: NewBatch): Promise<void> {
    const known = (await this.byId(batchId)) ?? (await this.#insert({ batchId, importId, uses, own }));
    invariant(known.importId === importId && known.uses === uses, 'a batch belongs to one import');
  }
  async #insert(batch: Omit<Batch, 'no'>): Promise<Batch> {
    const { batchId, importId, uses, own } = batch;
    const row: Row = { _id: batchId, no: await nextNumber(this.#vault, BATCHES), tag: batchTag(batchId), importId, uses, own };
    return this.#run(async (rows, session) => {
      try {
        await rows.insertOne(row, { session });
        return toBatch(row);
      } catch (error) {
        if (!isDuplicateKey(error as { code?: unknown })) throw error;
        const theirs = await rows.findOne({ _id: batchId }, { session }); // another process's, or ours whose answer was lost
        invariant(theirs, 'two batches have one tag');
        return toBatch(theirs);
      }
    });
  }

  async byId(batchId: string): Promise<Batch | undefined> {
    const known = this.#byId.get(batchId);
    if (known) return known;
    const row = await this.#run((rows, session) => rows.findOne({ _id: batchId }, { session }));
    return row ? this.#remember(row) : undefined;
  }
  /** Fault `BATCH_NOT_IN_VAULT` where there is none. */
  async mustHave(batchId: string): Promise<Batch> {
    const batch = await this.byId(batchId);
    if (!batch) throw new Fault('BATCH_NOT_IN_VAULT', `the vault has no batch ${batchId}: it is older than the log`, false);
    return batch;
  }
  byNumbers(numbers: readonly number[]): Promise<readonly Batch[]> {
    return this.#find({ no: { $in: [...numbers] } });
  }
  /** By tag, in hexadecimal digits. */
  async byTags(tags: readonly Buffer[]): Promise<ReadonlyMap<string, Batch>> {
    return new Map((await this.#find({ tag: { $in: [...tags] } })).map((batch) => [batchTag(batch.batchId).toString('hex'), batch]));
  }
  all(): Promise<readonly Batch[]> {
    return this.#find({});
  }

  async #find(filter: mongo.Filter<Row>): Promise<readonly Batch[]> {
    const rows = await this.#run((table, session) => table.find(filter, { sort: { no: 1 }, session }).toArray());
    return rows.map((row) => this.#remember(row));
  }
  #remember(row: Row): Batch {
    const batch = toBatch(row);
    this.#byId.set(batch.batchId, batch);
    return batch;
  }
  #run<T>(work: (rows: mongo.Collection<Row>, session: mongo.ClientSession) => Promise<T>): Promise<T> {
    return this.#vault.run((attempt) => work(tableOf<Row>(attempt, BATCHES), attempt.session));
  }
}

const toBatch = ({ _id, no, importId, uses, own }: Row): Batch => ({ batchId: _id, no, importId, uses, own });

import { isDuplicateKey, type Mongo } from '@vouchsafe/mongo';
import type { Clock } from '@vouchsafe/runtime';
import type { KeyPurpose, NewKey, StoredKey, StoredKeys } from '@vouchsafe/vault/adapter-parts';
import type { mongo } from 'mongoose';
import { nextNumber, tableOf, type VaultIndexes } from './vault-mongo.js';

type KeyRow = { _id: number; purpose: KeyPurpose; batchId?: string; version: number; wrapped?: Buffer; kek: string; createdAt: number; erasedAt?: number; only?: string };
const KEYS = 'keys';
/** Of these there is one per version, however many processes start at once on an empty vault. */
const SINGLE: readonly KeyPurpose[] = ['lookup', 'voucher-id'];

export const KEY_INDEXES: VaultIndexes = {
  [KEYS]: [
    { name: 'one of a kind', key: { only: 1 }, unique: true, partialFilterExpression: { only: { $exists: true } } },
    { name: 'purpose', key: { purpose: 1, _id: 1 } },
    { name: 'batch', key: { batchId: 1 }, partialFilterExpression: { batchId: { $exists: true } } },
  ],
};

/** The keys of a vault of codes, sealed. */
export class MongoKeys implements StoredKeys {
  readonly #vault: Mongo;
  readonly #clock: Clock;

  constructor(vault: Mongo, clock: Clock) {
    this.#vault = vault;
    this.#clock = clock;
  }

  async add({ purpose, batchId, version, wrapped, kek, createdAt }: NewKey): Promise<number | undefined> {
    const id = await nextNumber(this.#vault, KEYS);
    const only = SINGLE.includes(purpose) ? { only: `${purpose}/${version}` } : {};
    return this.#run(async (keys, session) => {
      try {
        await keys.insertOne({ _id: id, purpose, ...(batchId !== undefined && { batchId }), version, wrapped: Buffer.from(wrapped), kek, createdAt, ...only }, { session });
        return id;
      } catch (error) {
        if (!isDuplicateKey(error as { code?: unknown })) throw error;
        return (await keys.findOne({ _id: id }, { session })) ? id : undefined; // there: an earlier attempt of ours, whose answer was lost
      }
    });
  }
  async byId(id: number): Promise<StoredKey | undefined> {
    const row = await this.#run((keys, session) => keys.findOne({ _id: id }, { session }));
    return row ? toKey(row) : undefined;
  }
  ofPurpose(purpose: KeyPurpose): Promise<readonly StoredKey[]> {
    return this.#find({ purpose, wrapped: { $exists: true } });
  }
  notUnder(kek: string): Promise<readonly StoredKey[]> {
    return this.#find({ kek: { $ne: kek }, wrapped: { $exists: true } });
  }
  /** One by one: what an interruption left is found again by {@link MongoKeys.notUnder}. */
  async rewrap(keys: readonly { readonly id: number; readonly wrapped: Uint8Array }[], kek: string): Promise<void> {
    const updates = keys.map(({ id, wrapped }): mongo.AnyBulkWriteOperation<KeyRow> => ({
      updateOne: { filter: { _id: id, kek: { $ne: kek }, wrapped: { $exists: true } }, update: { $set: { wrapped: Buffer.from(wrapped), kek } } },
    }));
    if (updates.length > 0) await this.#run((table, session) => table.bulkWrite(updates, { ordered: false, session }));
  }

  async destroyBatch(batchId: string): Promise<void> {
    await this.#destroy({ batchId, wrapped: { $exists: true } });
  }
  async destroy(id: number): Promise<void> {
    await this.#destroy({ _id: id });
  }

  #destroy(filter: mongo.Filter<KeyRow>): Promise<unknown> {
    const erasedAt = this.#clock.now();
    return this.#run((keys, session) => keys.updateMany(filter, { $unset: { wrapped: '' }, $set: { erasedAt } }, { session }));
  }
  async #find(filter: mongo.Filter<KeyRow>): Promise<readonly StoredKey[]> {
    return (await this.#run((keys, session) => keys.find(filter, { sort: { _id: 1 }, session }).toArray())).map(toKey);
  }
  #run<T>(work: (keys: mongo.Collection<KeyRow>, session: mongo.ClientSession) => Promise<T>): Promise<T> {
    return this.#vault.run((attempt) => work(tableOf<KeyRow>(attempt, KEYS), attempt.session));
  }
}

const toKey = ({ _id, purpose, batchId, version, wrapped, kek }: KeyRow): StoredKey => ({ id: _id, purpose, version, batchId, wrapped, kek });

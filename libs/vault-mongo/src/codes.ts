import { type Mongo, writeMany } from '@vouchsafe/mongo';
import { HASH_BYTES } from '@vouchsafe/vault';
import type { mongo } from 'mongoose';
import { tableOf, type VaultIndexes } from './vault-mongo.js';

/**
 * Where a code lies, by its keyed hash: batch, row, and the sealing that took it in (mark, and the epoch it ran in). It counts where
 * the batch's history has the mark.
 */
export type Code = { readonly hash: Buffer; readonly batch: number; readonly row: number; readonly mark: string; readonly epoch: number };
type Row = { _id: Buffer; b: number; r: number; m: string; e: number };

/** Batch numbers begin at one: what is under this one blocks for ever, and is not found. */
export const NO_BATCH = 0;
const CODES = 'codes';
export const CODE_INDEXES: VaultIndexes = { [CODES]: [{ name: 'batch', key: { b: 1 } }] };
const AT_ONCE = 10_000;

/** A hash to be taken: free, or from an entry that counts no more. */
export type Taking = { readonly hash: Buffer; readonly row: number; readonly from: Code | undefined };
export type Taker = { readonly batch: number; readonly mark: string; readonly epoch: number };

/** Every code ever taken in. The hash is the key, so of two imports with one code the insert decides. */
export class Codes {
  readonly #vault: Mongo;

  constructor(vault: Mongo) {
    this.#vault = vault;
  }

  /** By hash, in latin1. */
  async find(hashes: readonly Buffer[]): Promise<ReadonlyMap<string, Code>> {
    const found = new Map<string, Code>();
    for (let at = 0; at < hashes.length; at += AT_ONCE) {
      const part = hashes.slice(at, at + AT_ONCE);
      for (const row of await this.#run((table, session) => table.find({ _id: { $in: part } }, { session }).toArray())) found.set(nameOf(row._id), toCode(row));
    }
    return found;
  }

  /** Takes hashes; those that somebody else was quicker with are answered. */
  async take(taker: Taker, takings: readonly Taking[]): Promise<readonly Taking[]> {
    const lost: Taking[] = [];
    for (let at = 0; at < takings.length; at += AT_ONCE) lost.push(...(await this.#takeSome(taker, takings.slice(at, at + AT_ONCE))));
    return lost;
  }
  async #takeSome({ batch, mark, epoch }: Taker, takings: readonly Taking[]): Promise<readonly Taking[]> {
    const operations = takings.map(({ hash, row, from }): mongo.AnyBulkWriteOperation<Row> => {
      const mine = { b: batch, r: row, m: mark, e: epoch };
      return from
        ? { updateOne: { filter: { _id: hash, b: from.batch, m: from.mark }, update: { $set: mine } } }
        : { insertOne: { document: { _id: hash, ...mine } } };
    });
    const { done } = await this.#run((table, session) => writeMany(table, operations, session));
    if (done === takings.length) return [];
    // Some were not written now: by us already (an answer was lost), or by others.
    const there = await this.find(takings.map(({ hash }) => hash));
    return takings.filter(({ hash }) => !isOf(there.get(nameOf(hash)), { batch, mark }));
  }

  /** Corrects the rows of hashes that this sealing has taken. */
  async place({ batch, mark }: Taker, rows: readonly { readonly hash: Buffer; readonly row: number }[]): Promise<void> {
    const operations = rows.map(({ hash, row }): mongo.AnyBulkWriteOperation<Row> => ({ updateOne: { filter: { _id: hash, b: batch, m: mark }, update: { $set: { r: row } } } }));
    for (let at = 0; at < operations.length; at += AT_ONCE) await this.#run((table, session) => writeMany(table, operations.slice(at, at + AT_ONCE), session));
  }

  /** Forgets a batch's codes; how many there were. May be repeated; then it counts what was left. */
  async forget(batch: number): Promise<number> {
    const count = await this.#run((table, session) => table.countDocuments({ b: batch }, { session }));
    for (;;) {
      const some = await this.#run((table, session) => table.find({ b: batch }, { projection: { _id: 1 }, limit: AT_ONCE, session }).toArray());
      if (some.length === 0) return Number(count);
      await this.#run((table, session) => table.deleteMany({ _id: { $in: some.map(({ _id }) => _id) }, b: batch }, { session }));
    }
  }

  #run<T>(work: (table: mongo.Collection<Row>, session: mongo.ClientSession) => Promise<T>): Promise<T> {
    return this.#vault.run((attempt) => work(tableOf<Row>(attempt, CODES), attempt.session));
  }
}

export const nameOf = (hash: Uint8Array): string => Buffer.from(hash.buffer, hash.byteOffset, hash.byteLength).toString('latin1');
/** Hashes that lie one after another. */
export const hashesIn = (bytes: Uint8Array): Buffer[] =>
  Array.from({ length: bytes.length / HASH_BYTES }, (_, i) => Buffer.from(bytes.buffer, bytes.byteOffset + i * HASH_BYTES, HASH_BYTES));

const toCode = ({ _id, b, r, m, e }: Row): Code => ({ hash: _id, batch: b, row: r, mark: m, epoch: e });
const isOf = (code: Code | undefined, { batch, mark }: Pick<Taker, 'batch' | 'mark'>): boolean => code?.batch === batch && code.mark === mark;

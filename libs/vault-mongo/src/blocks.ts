import { type Mongo, writeMany } from '@vouchsafe/mongo';
import { BLOCK_ROWS, type SealedBlock } from '@vouchsafe/vault/adapter-parts';
import type { mongo } from 'mongoose';
import { tableOf, type VaultIndexes } from './vault-mongo.js';

/** `m` is the mark of the sealing: a block counts only where the batch's history has it. */
type Row = { _id: string; b: number; m: string; first: number; rows: number; key: number; body: Buffer };
const BLOCKS = 'blocks';
export const BLOCK_INDEXES: VaultIndexes = { [BLOCKS]: [{ name: 'place', key: { b: 1, m: 1, first: 1 }, unique: true }] };
const REMOVED_AT_ONCE = 2_000;

/** Sealed rows. Written once, never changed. */
export class Blocks {
  readonly #vault: Mongo;

  constructor(vault: Mongo) {
    this.#vault = vault;
  }

  async add(no: number, mark: string, blocks: readonly SealedBlock[]): Promise<void> {
    const rows = blocks.map(({ first, rows: n, key, body }): Row => ({ _id: `${no}/${mark}/${first}`, b: no, m: mark, first, rows: n, key, body: Buffer.from(body) }));
    // One that is there already is ours: nobody else has this mark.
    await this.#run((table, session) => writeMany(table, rows.map((document) => ({ insertOne: { document } })), session));
  }

  /** The blocks of finished sealings that hold rows `from` to `to`, in order. */
  async holding(no: number, marks: readonly string[], { from, to }: { readonly from: number; readonly to: number }): Promise<readonly SealedBlock[]> {
    const filter = { b: no, m: { $in: [...marks] }, first: { $gt: from - BLOCK_ROWS, $lt: to } };
    const found = await this.#run((table, session) => table.find(filter, { sort: { first: 1 }, session }).toArray());
    return found.filter(({ first, rows }) => first + rows > from);
  }

  async remove(no: number): Promise<void> {
    for (;;) {
      const some = await this.#run((table, session) => table.find({ b: no }, { projection: { _id: 1 }, limit: REMOVED_AT_ONCE, session }).toArray());
      if (some.length === 0) return;
      await this.#run((table, session) => table.deleteMany({ _id: { $in: some.map(({ _id }) => _id) } }, { session }));
    }
  }

  #run<T>(work: (table: mongo.Collection<Row>, session: mongo.ClientSession) => Promise<T>): Promise<T> {
    return this.#vault.run((attempt) => work(tableOf<Row>(attempt, BLOCKS), attempt.session));
  }
}

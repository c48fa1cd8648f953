import { createSecretKey, type KeyObject } from 'node:crypto';
import { Fault } from '@vouchsafe/kernel';
import { isDuplicateKey, type Mongo } from '@vouchsafe/mongo';
import type { Namespace, Random } from '@vouchsafe/runtime';
import type { KeyWrap } from '@vouchsafe/vault';
import { contextOf, IncarnationKey, rewrapped } from '@vouchsafe/vault/adapter-parts';
import type { mongo } from 'mongoose';
import { nextNumber, tableOf, type VaultIndexes } from './vault-mongo.js';

type Row = { _id: number; name: 'tokens' | 'subjects'; kek: string; wrapped: Buffer; only?: string };
const KEYS = 'personal_keys';
const KEY_BYTES = 32;
export const PERSONAL_KEY_INDEXES: VaultIndexes = {
  [KEYS]: [{ name: 'one of a kind', key: { only: 1 }, unique: true, partialFilterExpression: { only: { $exists: true } } }, { name: 'name', key: { name: 1, _id: 1 } }],
};
export type PersonalKeyOptions = { readonly namespace: Namespace; readonly keys: KeyWrap; readonly random: Random };

/** The vault's own keys: one for tokens, and one per process's start under which subjects' keys lie. */
export class PersonalKeyTable {
  readonly #vault: Mongo;
  readonly #options: PersonalKeyOptions;
  readonly #incarnations = new Map<number, KeyObject>();

  constructor(vault: Mongo, options: PersonalKeyOptions) {
    this.#vault = vault;
    this.#options = options;
  }

  /** Made once; the unique insert decides between processes that start at once on an empty vault. */
  async tokenKey(): Promise<Buffer> {
    const known = await this.#run((keys, session) => keys.findOne({ name: 'tokens' }, { session }));
    if (known) return this.#unwrapped(known);
    const secret = this.#options.random.bytes(KEY_BYTES);
    if ((await this.#add('tokens', secret, { only: 'tokens' })) !== undefined) return secret;
    return this.#unwrapped((await this.#run((keys, session) => keys.findOne({ name: 'tokens' }, { session })))!);
  }
  /** This process's. Fault `KEY_WRONG` where the vault's keys are under another key-encryption key. */
  async incarnation(): Promise<IncarnationKey> {
    const newest = await this.#run((keys, session) => keys.findOne({ name: 'subjects' }, { sort: { _id: -1 }, session }));
    if (newest) await this.#unwrapped(newest);
    const secret = this.#options.random.bytes(KEY_BYTES);
    const id = (await this.#add('subjects', secret, {}))!;
    const key = createSecretKey(secret);
    this.#incarnations.set(id, key);
    return new IncarnationKey(id, key);
  }
  /** The key of any process's start. */
  async key(id: number): Promise<KeyObject> {
    const known = this.#incarnations.get(id);
    if (known) return known;
    const row = await this.#run((keys, session) => keys.findOne({ _id: id }, { session }));
    if (!row) throw new Fault('VAULT_DAMAGED', 'a subject names a key that this vault lacks; restore the vault', false);
    const key = createSecretKey(await this.#unwrapped(row));
    this.#incarnations.set(id, key);
    return key;
  }

  async rewrap(next: KeyWrap): Promise<number> {
    const { keys, namespace } = this.#options;
    const rows = await this.#run((table, session) => table.find({ kek: { $ne: next.id } }, { session }).toArray());
    for (const { _id, name, wrapped, kek } of rows) {
      const fresh = await rewrapped({ wrapped, kek, context: contextOf(namespace, name) }, keys, next);
      await this.#run((table, session) => table.updateOne({ _id, kek: { $ne: next.id } }, { $set: { wrapped: fresh, kek: next.id } }, { session }));
    }
    return rows.length;
  }

  async #add(name: Row['name'], secret: Buffer, only: Pick<Row, 'only'>): Promise<number | undefined> {
    const { keys, namespace } = this.#options;
    const row: Row = { _id: await nextNumber(this.#vault, KEYS), name, kek: keys.id, wrapped: await keys.wrap(secret, contextOf(namespace, name)), ...only };
    return this.#run(async (table, session) => {
      try {
        await table.insertOne(row, { session });
        return row._id;
      } catch (error) {
        if (!isDuplicateKey(error as { code?: unknown })) throw error;
        return (await table.findOne({ _id: row._id }, { session })) ? row._id : undefined; // there: the answer to an earlier attempt was lost
      }
    });
  }
  #unwrapped({ name, wrapped }: Row): Promise<Buffer> {
    return this.#options.keys.unwrap(wrapped, contextOf(this.#options.namespace, name));
  }
  #run<T>(work: (keys: mongo.Collection<Row>, session: mongo.ClientSession) => Promise<T>): Promise<T> {
    return this.#vault.run((attempt) => work(tableOf<Row>(attempt, KEYS), attempt.session));
  }
}

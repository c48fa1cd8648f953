import { invariant } from '@vouchsafe/kernel';
import type { Attempt, Mongo } from '@vouchsafe/mongo';
import type { Collection, CollectionSpec, Doc, Query, Watchers, WriteOp } from '@vouchsafe/read-store';
import { type Documents, guardedOf, writeGuarded } from './guarded-write.js';
import { storedCollection } from './indexes.js';
import { countFilter, type Filter, findPlan } from './query-filter.js';
import { checkIndexed, docOf, type IndexedFields, indexedFieldsOf, type StoredDocument } from './stored-document.js';

export type Access = { readonly mongo: Mongo; readonly watchers: Watchers; readonly checkOpen: () => void };

const IDS_MAX = 5_000;

export class MongoCollection<T> implements Collection<T> {
  readonly #access: Access;
  readonly #name: string;
  readonly #fields: IndexedFields;

  constructor(access: Access, spec: CollectionSpec) {
    this.#access = access;
    this.#name = spec.name;
    this.#fields = indexedFieldsOf(spec);
  }

  async get(id: string): Promise<Doc<T> | undefined> {
    const found = await this.#run((documents, { session }) => documents.findOne(live({ _id: idOf(id) }), { session }));
    return found ? docOf<T>(found) : undefined;
  }

  async getMany(ids: readonly string[]): Promise<ReadonlyMap<string, Doc<T>>> {
    const docs = new Map<string, Doc<T>>();
    for (let at = 0; at < ids.length; at += IDS_MAX) {
      const part = [...new Set(ids.slice(at, at + IDS_MAX).map(idOf))];
      for (const found of await this.#find(live({ _id: { $in: part } }), { limit: part.length })) docs.set(found._id, docOf<T>(found));
    }
    return docs;
  }

  async find(query: Query): Promise<readonly Doc<T>[]> {
    const { filter, sort, limit } = findPlan(this.#fields, query);
    return (await this.#find(filter, { limit, sort: new Map(sort) })).map((found) => docOf<T>(found));
  }

  async count(where?: Query['where']): Promise<number> {
    const filter = countFilter(this.#fields, where);
    return this.#run(async (documents, { session }) => Number(await documents.countDocuments(filter, { session })));
  }

  async write(ops: readonly WriteOp<T>[]): Promise<void> {
    const writes = ops.flatMap((op) => {
      if (op.value !== undefined) checkIndexed(this.#fields, op.value);
      return guardedOf(op) ?? [];
    });
    if (writes.length > 0) await this.#run((documents, { session }) => writeGuarded(documents, writes, session));
    if (ops.length > 0) this.#access.watchers.tell(this.#name);
  }

  async forgetDeleted(): Promise<void> {
    await this.#run((documents, { session }) => documents.deleteMany({ d: true }, { session }));
  }

  watch(changed: () => void): () => void {
    return this.#access.watchers.add(this.#name, changed);
  }

  /** All in one batch where it fits: a collection that is replaced meanwhile ends the cursor, and it is asked again. */
  #find(filter: Filter, options: { readonly limit: number; readonly sort?: Map<string, 1 | -1> }): Promise<StoredDocument[]> {
    return this.#run((documents, { session }) => documents.find(filter, { ...options, batchSize: options.limit + 1, allowDiskUse: true, session }).toArray());
  }

  async #run<R>(work: (documents: Documents, attempt: Attempt) => Promise<R>): Promise<R> {
    this.#access.checkOpen();
    return this.#access.mongo.run((attempt) => work(attempt.db.collection<StoredDocument>(storedCollection(this.#name)), attempt));
  }
}

/** What came from outside past all types must not become an operator here. */
const idOf = (id: string): string => {
  invariant(typeof id === 'string', 'an id is text');
  return id;
};
const live = (filter: Filter): Filter => ({ ...filter, d: null });

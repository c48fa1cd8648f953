import { isDuplicateKey, type Mongo } from '@vouchsafe/mongo';
import type { BatchStatus, RowRefusal } from '@vouchsafe/vault';
import { ENTROPY_START, HASH_START, type RowSegment } from '@vouchsafe/vault/adapter-parts';
import type { mongo } from 'mongoose';
import { tableOf, type VaultIndexes } from './vault-mongo.js';

/** In a document what is undefined would come back as null. */
export type StoredSegment = Pick<RowSegment, 'first' | 'rows'> & { readonly expiresAt?: number };
/** What one sealing added: rows `first` to `end`, whose blocks and hashes carry the entry's mark. */
export type Part = { readonly first: number; readonly end: number; readonly segments: readonly StoredSegment[]; readonly refusals: readonly RowRefusal[] };
/** All of a batch that changes. */
export type State = {
  readonly status: BatchStatus; readonly rows: number; readonly refused: number; readonly hash: Buffer; readonly line: number; readonly entropy: number;
  /** Who may seal: the process that made the last claim, since which entry. */
  readonly writer: string; readonly epoch: number;
};
/** Entry `n` of a batch's history. `mark` is never used twice. */
export type Entry = State & { readonly n: number; readonly mark: string; readonly part?: Part };
type Row = Entry & { _id: string; b: number };

const LOG = 'batch_log';
export const LOG_INDEXES: VaultIndexes = {
  [LOG]: [
    { name: 'order', key: { b: 1, n: 1 }, unique: true },
    { name: 'mark', key: { b: 1, mark: 1 } },
    { name: 'rows', key: { b: 1, 'part.end': 1 }, partialFilterExpression: { part: { $exists: true } } },
  ],
};
const NOTHING: Entry = {
  n: 0, mark: '', status: 'open', rows: 0, refused: 0, hash: HASH_START, line: 0, entropy: ENTROPY_START, writer: '', epoch: 0,
};
const PARTS_PAGE = 200;
/** They may be many, and only {@link BatchLog.refusals} is about them. */
const WITHOUT_REFUSALS = { 'part.refusals': 0 };

/**
 * A batch's history: each change is one entry at the next number, and the unique insert decides who makes it, as the expected
 * revision does in the log of events. So a sealing, a completion and a giving up at once cannot all happen, and a process that
 * was thought dead cannot add to what another one has taken over. No transaction is needed: what an entry names was written before.
 */
export class BatchLog {
  readonly #vault: Mongo;

  constructor(vault: Mongo) {
    this.#vault = vault;
  }

  async head(no: number): Promise<Entry> {
    return (await this.#run((log, session) => log.findOne({ b: no }, { sort: { n: -1 }, projection: { part: 0 }, session }))) ?? NOTHING;
  }
  /** By batch number. */
  async heads(numbers: readonly number[]): Promise<ReadonlyMap<number, Entry>> {
    const found = await this.#run((log, session) => log.aggregate<{ _id: number; head: Row }>(
      // Sorted as the index lies, so that of each history only its end is read.
      [{ $match: { b: { $in: [...numbers] } } }, { $sort: { b: -1, n: -1 } }, { $group: { _id: '$b', head: { $first: '$$ROOT' } } }, { $project: { 'head.part': 0 } }], { session },
    ).toArray());
    const heads = new Map(found.map(({ _id, head }) => [_id, head as Entry]));
    return new Map(numbers.map((no) => [no, heads.get(no) ?? NOTHING]));
  }

  /** The entry after `before`; undefined where somebody else has made that one. */
  append(no: number, before: Entry, change: Partial<State> & { readonly mark: string; readonly part?: Part }): Promise<Entry | undefined> {
    const { part: _, ...state } = before;
    const entry: Row = { ...state, ...change, n: before.n + 1, _id: `${no}/${before.n + 1}`, b: no };
    return this.#run(async (log, session) => {
      try {
        await log.insertOne(entry, { session });
        return entry;
      } catch (error) {
        if (!isDuplicateKey(error as { code?: unknown })) throw error;
        const there = await log.findOne({ b: no, n: entry.n }, { projection: { mark: 1 }, session });
        return there?.mark === entry.mark ? entry : undefined; // ours: the answer to an earlier attempt was lost
      }
    });
  }

  /** Marks that stand in the history: what carries another one was never finished. */
  async known(no: number, marks: readonly string[]): Promise<ReadonlySet<string>> {
    const found = await this.#run((log, session) => log.find({ b: no, mark: { $in: [...marks] } }, { projection: { mark: 1 }, session }).toArray());
    return new Set(found.map(({ mark }) => mark));
  }

  /** Entries whose parts hold rows `from` to `to`, in order. */
  holding(no: number, from: number, to: number): Promise<readonly Parted[]> {
    if (to <= from) return Promise.resolve([]);
    const filter = { b: no, part: { $exists: true }, 'part.end': { $gt: from }, 'part.first': { $lt: to } };
    // Parts follow each other without gaps, so there are never more of them than rows.
    return this.#run((log, session) => log.find(filter, { sort: { 'part.end': 1 }, limit: to - from, projection: WITHOUT_REFUSALS, session }).toArray()) as Promise<readonly Parted[]>;
  }
  /** All parts of a batch in order, page by page. */
  async *parts(no: number): AsyncGenerator<readonly Parted[], void> {
    for (let after = 0; ; ) {
      const page = (await this.#run((log, session) =>
        log.find({ b: no, n: { $gt: after }, part: { $exists: true } }, { sort: { n: 1 }, limit: PARTS_PAGE, projection: WITHOUT_REFUSALS, session }).toArray())) as readonly Parted[];
      if (page.length > 0) yield page;
      if (page.length < PARTS_PAGE) return;
      after = page[page.length - 1]!.n;
    }
  }
  refusals(no: number, afterLine: number, max: number): Promise<readonly RowRefusal[]> {
    return this.#run((log, session) => log.aggregate<RowRefusal>([
      { $match: { b: no, 'part.refusals.0': { $exists: true } } }, { $unwind: '$part.refusals' }, { $replaceWith: '$part.refusals' },
      { $match: { line: { $gt: afterLine } } }, { $sort: { line: 1 } }, { $limit: max },
    ], { session }).toArray());
  }

  #run<T>(work: (log: mongo.Collection<Row>, session: mongo.ClientSession) => Promise<T>): Promise<T> {
    return this.#vault.run((attempt) => work(tableOf<Row>(attempt, LOG), attempt.session));
  }
}
export type Parted = Entry & { readonly part: Omit<Part, 'refusals'> };

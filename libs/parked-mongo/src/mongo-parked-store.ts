import type { Decision, ParkedMessage, ParkedStore } from '@vouchsafe/bus';
import { type Attempt, copyTo, type CopyOf, isDuplicateKey, Mongo, type MongoOptions, restoreCopy } from '@vouchsafe/mongo';
import type { Namespace } from '@vouchsafe/runtime';
import type { mongo } from 'mongoose';

/** `message` is JSON text, so that it comes back exactly as it was; the fields beside it are for finding it. */
type Row = { _id: string; n: number; group: string; target: string; head: boolean; message: string; decision?: Decision['what']; refused?: string };
type Counter = { _id: string; n: number };

const PARKED = 'parked';
const COUNTER = 'parked-counter';
const INDEXES: mongo.IndexDescription[] = [{ name: 'order', key: { n: 1 } }, { name: 'targets', key: { group: 1, target: 1, n: 1 } }, { name: 'heads', key: { head: 1, n: 1 } }, { name: 'decisions', key: { n: 1 }, partialFilterExpression: { decision: { $exists: true } } }];
const WAITING: mongo.Filter<Row> = { decision: { $exists: true }, refused: { $exists: false } };

/**
 * Parked messages in MongoDB, shared by all replicas of a service: whoever takes a partition over knows which targets stand still.
 * Connects when first used. Each change is at a majority when it settles.
 */
export const mongoParkedStore = (options: Omit<MongoOptions, 'codes'>): ParkedStore => {
  const mongo = new Mongo({ ...options, codes: 'PARKED' });
  let indexed: Promise<void> | undefined;
  const run = async <T>(work: (rows: mongo.Collection<Row>, attempt: Attempt) => Promise<T>): Promise<T> => {
    // A few documents: the indexes are made at once, and it does no harm where they are there.
    await (indexed ??= mongo.run(async ({ db, session }) => void (await db.collection(PARKED).createIndexes(INDEXES, { commitQuorum: 'majority', session }))).catch((error: unknown) => {
      indexed = undefined;
      throw error;
    }));
    return mongo.run((attempt) => work(attempt.db.collection<Row>(PARKED), attempt));
  };
  const found = (filter: mongo.Filter<Row>, limit: number): Promise<readonly ParkedMessage[]> =>
    run(async (rows, { session }) => (await rows.find(filter, { session, sort: { n: 1 }, limit }).toArray()).map(read));
  return {
    put: (message) => run((rows, attempt) => put(rows, attempt, message)),
    get: (id) => run(async (rows, { session }) => {
      const row = await rows.findOne({ _id: id }, { session });
      return row ? read(row) : undefined;
    }),
    list: ({ group, target, limit }) => found({ ...(group !== undefined && { group }), ...(target !== undefined && { target }) }, limit),
    heads: () => found({ head: true }, 0),
    count: () => run(async (rows, { session }) => ({ messages: await rows.countDocuments({}, { session }), halted: await rows.countDocuments({ head: true }, { session }) })),
    remove: (id) => run(async (rows, { session }) => void (await rows.deleteOne({ _id: id }, { session }))),
    decide: (id, what) => run(async (rows, { session }) => (await rows.updateOne({ _id: id }, { $set: { decision: what }, $unset: { refused: '' } }, { session })).matchedCount > 0),
    decisions: () => run(async (rows, { session }) => (await rows.find(WAITING, { session, sort: { n: 1 } }).toArray()).flatMap(decided)),
    decision: (id) => run(async (rows, { session }) => decided((await rows.findOne({ _id: id }, { session })) ?? {})[0]),
    settle: (id, refused) => run(async (rows, { session }) =>
      void (await rows.updateOne({ _id: id, decision: { $exists: true } }, refused === undefined ? { $unset: { decision: '', refused: '' } } : { $set: { refused } }, { session }))),
    close: () => mongo.close(),
  };
};

/** One that is there keeps its place. Numbers may be left out where an attempt was repeated; none is given twice. */
const put = async (rows: mongo.Collection<Row>, { db, session }: Attempt, message: ParkedMessage): Promise<void> => {
  const fields = { group: message.group, target: message.target, head: message.behind !== true, message: JSON.stringify(message) };
  const { matchedCount } = await rows.updateOne({ _id: message.id }, { $set: fields }, { session });
  if (matchedCount > 0) return;
  const counter = await db.collection<Counter>(COUNTER).findOneAndUpdate({ _id: PARKED }, { $inc: { n: 1 } }, { upsert: true, returnDocument: 'after', session });
  try {
    await rows.insertOne({ _id: message.id, n: Number(counter!.n), ...fields }, { session });
  } catch (error) {
    if (!isDuplicateKey(error as { readonly code?: unknown })) throw error;
    await rows.updateOne({ _id: message.id }, { $set: fields }, { session }); // another replica was quicker
  }
};
const decided = ({ _id: id, decision: what, refused }: Partial<Row>): readonly Decision[] => (id !== undefined && what !== undefined ? [{ id, what, ...(refused !== undefined && { refused }) }] : []);
const read = ({ message }: { readonly message: string }): ParkedMessage => JSON.parse(message) as ParkedMessage;

const copyOf = (namespace: Namespace): CopyOf => ({ what: 'parked messages', namespace, collections: [PARKED, COUNTER] });
const within = async (options: Omit<MongoOptions, 'codes'>, work: (mongo: Mongo) => Promise<void>): Promise<void> => {
  const mongo = new Mongo({ ...options, codes: 'PARKED' });
  try {
    await work(mongo);
  } finally {
    await mongo.close();
  }
};

/** Copies parked messages, as they are at one instant, into a new file, beside the service whose they are. */
export const copyParked = (options: Omit<MongoOptions, 'codes'>, namespace: Namespace, file: string): Promise<void> => within(options, (mongo) => copyTo(mongo, copyOf(namespace), file));
/** Puts a copy into an empty database. Faults, not retryable: `COPY_TARGET_NOT_EMPTY`, `COPY_WRONG`. */
export const restoreParked = (options: Omit<MongoOptions, 'codes'>, namespace: Namespace, file: string): Promise<void> => within(options, (mongo) => restoreCopy(mongo, copyOf(namespace), file));

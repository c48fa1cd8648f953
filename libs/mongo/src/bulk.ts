import { mongo } from 'mongoose';
import { isDuplicateKey, lacksMajority } from './faults.js';

/** What became of many writes: which answered "duplicate key", and how many did find or insert their document. */
export type Written = { readonly taken: readonly number[]; readonly done: number };

/** Writes all that can be written, in no order. Any error but "duplicate key" is thrown. */
export const writeMany = async <T extends mongo.Document>(
  collection: mongo.Collection<T>, operations: readonly mongo.AnyBulkWriteOperation<T>[], session: mongo.ClientSession,
): Promise<Written> => {
  if (operations.length === 0) return { taken: [], done: 0 };
  try {
    return { taken: [], done: doneOf(await collection.bulkWrite(operations, { ordered: false, session })) };
  } catch (error) {
    if (!(error instanceof mongo.MongoBulkWriteError)) throw error;
    const failed = [error.writeErrors].flat();
    if (failed.length === 0 || !failed.every(isDuplicateKey)) throw error;
    if (lacksMajority(error)) throw error; // of the others nobody knows whether a majority has them
    return { taken: failed.map(({ index }) => index), done: doneOf(error.result) };
  }
};

const doneOf = ({ insertedCount, matchedCount, upsertedCount }: mongo.BulkWriteResult): number => insertedCount + matchedCount + upsertedCount;

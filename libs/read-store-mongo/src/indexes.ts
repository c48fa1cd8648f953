import { Fault } from '@vouchsafe/kernel';
import type { Attempt } from '@vouchsafe/mongo';
import type { CollectionSpec } from '@vouchsafe/read-store';
import type { mongo } from 'mongoose';
import { storedName } from './field-names.js';

/** What `applyIndexes` did, by collection. */
export type AppliedIndexes = { readonly collection: string; readonly created: readonly string[]; readonly dropped: readonly string[] };

const VIEWS = 'views.';
const NAMESPACE_EXISTS = 48;
const PRIMARY = '_id_';
/** By default a build waits for every member, also for one that is down. */
const BUILD = { commitQuorum: 'majority' } as const;
const TOMBSTONES: mongo.IndexDescription = { name: 'deleted', key: { d: 1 }, partialFilterExpression: { d: true } };

/** A collection of the port in MongoDB; others of the database are not documents. */
export const storedCollection = (name: string): string => VIEWS + storedName(name);
export const isStoredCollection = (name: string): boolean => name.startsWith(VIEWS);
export const VIEWS_PREFIX_LENGTH = VIEWS.length;

/**
 * Two per specification: an order's ties are broken by ascending id, so newest first needs its last field descending, and one
 * index read backwards would break ties the wrong way round.
 */
export const indexesOf = ({ indexes }: CollectionSpec): readonly mongo.IndexDescription[] => [
  TOMBSTONES,
  ...indexes.flatMap(({ fields }) => [1, -1].map((direction): mongo.IndexDescription => ({
    name: `${fields.map(storedName).join('+')}${direction === 1 ? '' : ' desc'}`,
    key: Object.fromEntries([...fields.map((field, i): [string, number] => [`v.${storedName(field)}`, i === fields.length - 1 ? direction : 1]), ['_id', 1]]),
  }))),
];

/** Identities of the collections that are there, by name as stored; a rename does not change them. */
export const identitiesOf = async ({ db, session }: Attempt, names: readonly string[]): Promise<ReadonlyMap<string, string>> => {
  const found = await db.listCollections({ name: { $in: [...names] } }, { session }).toArray();
  return new Map(found.map((one) => [one.name, ('info' in one ? one.info?.uuid?.toString('hex') : undefined) ?? '']));
};

/** Creates a collection that is missing, with its indexes: it is empty, so that takes no time. Its present indexes otherwise. */
export const openCollection = async ({ db, session }: Attempt, spec: CollectionSpec): Promise<readonly string[]> => {
  const name = storedCollection(spec.name);
  const there = await db.listCollections({ name }, { nameOnly: true, session }).hasNext();
  if (!there) {
    await db.createCollection(name, { session }).catch((error: unknown) => {
      if ((error as { code?: unknown }).code !== NAMESPACE_EXISTS) throw error; // another process was quicker
    });
  }
  // Also where it was there: a process may have died between the two. Empty ones only, so that nothing big is built here.
  const empty = (await db.collection(name).findOne({}, { projection: { _id: 1 }, session })) === null;
  if (empty) await db.collection(name).createIndexes([...indexesOf(spec)], { ...BUILD, session });
  return namesOf(db.collection(name), session);
};

/** Creates what lacks and, where asked for, drops what the specification does not name. Blocks nobody; takes as long as documents are many. */
export const applyTo = async (attempt: Attempt, spec: CollectionSpec, dropOthers: boolean): Promise<AppliedIndexes> => {
  const present = await openCollection(attempt, spec);
  const collection = attempt.db.collection(storedCollection(spec.name));
  const wanted = indexesOf(spec);
  const missing = wanted.filter(({ name }) => !present.includes(name!));
  if (missing.length > 0) await collection.createIndexes(missing, { ...BUILD, session: attempt.session });
  const others = dropOthers ? present.filter((name) => name !== PRIMARY && !wanted.some((index) => index.name === name)) : [];
  for (const name of others) await collection.dropIndex(name, { session: attempt.session });
  return { collection: spec.name, created: missing.map(({ name }) => name!), dropped: others };
};

/** Fault `READ_STORE_INDEXES_MISSING` where a service would have to build indexes over documents while it starts. */
export const checkIndexes = (spec: CollectionSpec, present: readonly string[]): void => {
  const missing = indexesOf(spec).filter(({ name }) => !present.includes(name!));
  if (missing.length === 0) return;
  throw new Fault('READ_STORE_INDEXES_MISSING', `the collection ${spec.name} lacks the indexes ${missing.map(({ name }) => name).join(', ')}: apply indexes before this version is started`, false);
};

const namesOf = async (collection: mongo.Collection, session: mongo.ClientSession): Promise<readonly string[]> =>
  (await collection.listIndexes({ session }).toArray()).map((index) => (index as { name: string }).name);

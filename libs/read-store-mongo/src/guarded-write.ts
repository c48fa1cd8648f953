import { Fault, invariant } from '@vouchsafe/kernel';
import { writeMany } from '@vouchsafe/mongo';
import type { WriteOp } from '@vouchsafe/read-store';
import type { mongo } from 'mongoose';
import { toStored } from './document-bson.js';
import { storedName } from './field-names.js';
import type { StoredDocument } from './stored-document.js';

export type Documents = mongo.Collection<StoredDocument>;
type Filter = mongo.Filter<StoredDocument>;
type Update = mongo.UpdateFilter<StoredDocument>;
/** A write as MongoDB takes it: `filter` lets it through only where a revision grows and none falls back. */
export type Guarded = { readonly id: string; readonly filter: Filter; readonly update: Update };

const TURNS_MAX = 5;

export const guardedOf = ({ id, value, revisions, onlyRevisions }: WriteOp<unknown>): Guarded | undefined => {
  invariant(id.isWellFormed(), 'an id is well-formed text');
  const known = Object.entries(revisions).map(([stream, revision]) => [`r.${storedName(stream)}`, revision] as const);
  invariant(known.every(([, revision]) => Number.isSafeInteger(revision) && revision >= 0), 'a revision is a whole number');
  if (known.length === 0) return undefined; // nothing can grow
  const set = onlyRevisions ? { r: Object.fromEntries(known.map(([path, revision]) => [path.slice(2), revision])) } : Object.fromEntries(known);
  const update = value === undefined ? { $set: { ...set, d: true }, $unset: { v: '' } } : { $set: { ...set, v: toStored(value) }, $unset: { d: '' } };
  return { id, filter: { _id: id, ...guardOf(known) }, update: update as Update };
};

/** A revision not stored yet counts as smaller than any. */
const guardOf = (revisions: readonly (readonly [path: string, revision: number])[]): object => {
  const grows = revisions.map(([path, revision]) => ({ [path]: { $not: { $gte: revision } } }));
  if (grows.length === 1) return grows[0]!;
  return { $and: [...revisions.map(([path, revision]) => ({ [path]: { $not: { $gt: revision } } })), { $or: grows }] };
};

/** Writes in order, each document atomically; what is stale changes nothing. May be repeated. */
export const writeGuarded = async (documents: Documents, writes: readonly Guarded[], session: mongo.ClientSession): Promise<void> => {
  for (const round of roundsOf(writes)) await writeRound(documents, round, session);
};

/** The first write of each document, then the second ones: within a round order does not matter. */
const roundsOf = (writes: readonly Guarded[]): readonly Guarded[][] => {
  const rounds: Guarded[][] = [];
  const seen = new Map<string, number>();
  for (const write of writes) {
    const nth = seen.get(write.id) ?? 0;
    seen.set(write.id, nth + 1);
    (rounds[nth] ??= []).push(write);
  }
  return rounds;
};

/**
 * A guarded upsert that answers "duplicate key" is not yet stale: somebody may have inserted the document, with an older
 * revision, between its look and its insert. Repeated without upsert it meets the document itself, and only then the guard says.
 */
const writeRound = async (documents: Documents, round: readonly Guarded[], session: mongo.ClientSession): Promise<void> => {
  let open = round;
  for (let turn = 0; turn < TURNS_MAX; turn++) {
    const taken = await upserted(documents, open, session);
    if (taken.length === 0) return;
    const { done } = await writeMany(documents, taken.map(({ filter, update }) => ({ updateOne: { filter, update } })), session);
    if (done === taken.length) return;
    open = await withoutDocument(documents, taken, session);
    if (open.length === 0) return;
  }
  throw new Fault('READ_STORE_CONTENTION', 'documents came and went as often as they were written', true);
};

/** The writes whose document was there already, or came meanwhile. */
const upserted = async (documents: Documents, writes: readonly Guarded[], session: mongo.ClientSession): Promise<readonly Guarded[]> => {
  const { taken } = await writeMany(documents, writes.map(({ filter, update }) => ({ updateOne: { filter, update, upsert: true } })), session);
  return taken.map((index) => writes[index]!);
};

/** A tombstone may have been forgotten since it was in the way: then the write has met nothing it could be stale to. */
const withoutDocument = async (documents: Documents, writes: readonly Guarded[], session: mongo.ClientSession): Promise<readonly Guarded[]> => {
  const there = await documents.find({ _id: { $in: writes.map(({ id }) => id) } }, { projection: { _id: 1 }, session }).toArray();
  const ids = new Set(there.map(({ _id }) => _id));
  return writes.filter(({ id }) => !ids.has(id));
};

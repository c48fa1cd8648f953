import { invariant } from '@vouchsafe/kernel';
import type { CollectionSpec, Doc } from '@vouchsafe/read-store';
import { fromStored, type StoredRecord } from './document-bson.js';
import { originalName } from './field-names.js';

/** A document of a collection: its value, the newest revision of each stream that fed it; without value it is a tombstone. */
export type StoredDocument = { _id: string; v?: StoredRecord; r: Record<string, number>; d?: true };

export const docOf = <T>({ _id, v, r }: StoredDocument): Doc<T> => ({
  id: _id, value: fromStored(v!) as T, revisions: Object.fromEntries(Object.entries(r).map(([stream, revision]) => [originalName(stream), revision])),
});

/** Indexed fields of a collection; true where a field may hold a list (it comes last in an index). */
export type IndexedFields = ReadonlyMap<string, boolean>;

export const indexedFieldsOf = ({ indexes }: CollectionSpec): IndexedFields => {
  const fields = new Map<string, boolean>();
  for (const { fields: indexed } of indexes) indexed.forEach((field, i) => fields.set(field, (fields.get(field) ?? false) || i === indexed.length - 1));
  return fields;
};

/** Bug where an indexed field holds what an index cannot order. */
export const checkIndexed = (fields: IndexedFields, value: unknown): void => {
  const record = value as Readonly<Record<string, unknown>>;
  for (const [name, mayBeList] of fields) {
    const field = record[name];
    if (Array.isArray(field)) {
      invariant(mayBeList, 'only the last indexed field of an index may be a list');
      invariant(field.every((member) => typeof member === 'string'), 'an indexed list holds strings only');
    } else invariant(field === undefined || field === null || SCALARS.includes(typeof field), 'an indexed field holds a string, a number, a boolean or a list of strings');
  }
};
const SCALARS: readonly string[] = ['string', 'number', 'boolean'];

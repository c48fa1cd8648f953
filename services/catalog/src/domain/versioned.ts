import { accept, type Decider, type Decision, type Instant, type Message, reject } from '@vouchsafe/kernel';

/** Which request asked, and a digest of its body: the same again is answered, another body under it is refused. */
export type Asked = { readonly id: string; readonly print: string };
/** The present version of a catalogue record. `version` counts from 1; `recent` are the last requests seen. */
export type Versioned<S> = {
  readonly id: string;
  readonly version: number;
  readonly spec: S;
  readonly createdAt: Instant;
  readonly revisedAt: Instant;
  readonly recent: readonly Asked[];
};

export type VersionedCommand<S> =
  | Message<'Create', { readonly id: string; readonly spec: S; readonly asked?: Asked; readonly at: Instant }>
  /** `version`: only if this is the present one (etag). */
  | Message<'Revise', { readonly id: string; readonly spec: S; readonly version?: number; readonly asked?: Asked; readonly at: Instant }>;
/** Data of both events: the whole new spec, so that any version can be read by itself. */
export type VersionedData<S> = { readonly id: string; readonly version: number; readonly spec: S; readonly asked?: Asked; readonly at: Instant };
export type VersionedEvent<K extends string, S> = Message<`${K}Created`, VersionedData<S>> | Message<`${K}Revised`, VersionedData<S>>;
export type VersionedRejection = 'ALREADY_EXISTS' | 'RECORD_UNKNOWN' | 'ETAG_MISMATCH' | 'REQUEST_ID_REUSED' | 'FIELD_IMMUTABLE';

/** How many requests a record remembers. A repeat later than that is decided anew, which an etag makes harmless. */
const RECENT_MAX = 16;

/**
 * Decider of one kind of catalogue record. `frozen` are fields that never change after creation, because orders, accounts
 * or other records rest on them.
 */
export const versioned = <K extends string, S extends object>(
  kind: K,
  frozen: readonly (keyof S & string)[],
): Decider<Versioned<S> | undefined, VersionedCommand<S>, VersionedEvent<K, S>, VersionedRejection> => {
  const event = (verb: 'Created' | 'Revised', data: VersionedData<S>) => ({ type: `${kind}${verb}`, ...data }) as VersionedEvent<K, S>;
  return {
    initial: undefined,
    decide: (command, record) => {
      const { id, spec, asked, at } = command;
      const data = { id, spec, at, ...(asked && { asked }) };
      switch (command.type) {
        case 'Create': {
          if (!record) return accept(event('Created', { ...data, version: 1 }));
          return sameData(record.spec, spec) && record.version === 1 ? accept() : reject('ALREADY_EXISTS', { id });
        }
        case 'Revise': {
          if (!record) return reject('RECORD_UNKNOWN', { id });
          return mayRevise(record, command, frozen) ?? accept(event('Revised', { ...data, version: record.version + 1 }));
        }
      }
    },
    evolve: nextVersion,
  };
};

/** The record after one of its events. */
export const nextVersion = <S>(record: Versioned<S> | undefined, { id, version, spec, asked, at }: VersionedData<S>): Versioned<S> => ({
  id, version, spec, createdAt: record?.createdAt ?? at, revisedAt: at,
  recent: asked ? [...(record?.recent ?? []), asked].slice(-RECENT_MAX) : (record?.recent ?? []),
});

/** undefined: go ahead; else the answer. Asking for what is already so is a yes whatever the etag says. */
const mayRevise = <S extends object>(
  record: Versioned<S>,
  { id, spec, version, asked }: { readonly id: string; readonly spec: S; readonly version?: number; readonly asked?: Asked },
  frozen: readonly (keyof S & string)[],
): Decision<never, VersionedRejection> | undefined => {
  const before = asked && record.recent.find((one) => one.id === asked.id);
  if (before) return before.print === asked.print ? accept() : reject('REQUEST_ID_REUSED', { id });
  if (sameData(record.spec, spec)) return accept();
  if (version !== undefined && version !== record.version) return reject('ETAG_MISMATCH', { id, version: String(record.version) });
  const changed = frozen.find((field) => !sameData(record.spec[field], spec[field]));
  return changed ? reject('FIELD_IMMUTABLE', { id, field: changed }) : undefined;
};

/** Whether two plain values (records, lists, primitives, bigint) are equal; absent and undefined are the same. */
export const sameData = (a: unknown, b: unknown): boolean => {
  if (a === b) return true;
  if (a === null || b === null || typeof a !== 'object' || typeof b !== 'object' || Array.isArray(a) !== Array.isArray(b)) return false;
  const [left, right] = [a as Record<string, unknown>, b as Record<string, unknown>];
  return [...new Set([...Object.keys(left), ...Object.keys(right)])].every((key) => sameData(left[key], right[key]));
};

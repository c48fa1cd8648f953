import { accept, type Decider, type Decision, type Instant, type Message, type Of, reject } from '@vouchsafe/kernel';
import { Map as ImmutableMap } from 'immutable';

/** What its entries are: `ip` addresses and blocks, `email_domain` domains, else tokens. */
export const LIST_SUBJECTS = ['ip', 'device', 'buyer', 'payee', 'email_domain'] as const;
export type ListSubject = (typeof LIST_SUBJECTS)[number];
/** `network`: names the kind of network; `disposable`: throw-away e-mail domains. */
export const LIST_PURPOSES = ['block', 'allow', 'watch', 'network', 'disposable'] as const;
export type ListPurpose = (typeof LIST_PURPOSES)[number];
export type ListHead = {
  readonly id: string; readonly zh: string; readonly en: string; readonly subject: ListSubject; readonly purpose: ListPurpose;
  /** purpose `network`: tor, datacenter, vpn or another word. */
  readonly network?: string;
};
/** `value`: a token, a block (never a single address: that is personal, its token stands for it), or a domain. */
export type Entry = { readonly value: string; readonly until?: Instant };
/** Entries that lie in a file named by its SHA-256; a newer one takes the place of the one before. */
export type ListFile = { readonly sha256: string; readonly name: string; readonly entries: number };

export type List = { readonly head: ListHead; readonly entries: ImmutableMap<string, Entry>; readonly file?: ListFile } | undefined;
export type ListCommand =
  | Message<'CreateList', ListHead & { readonly at: Instant }>
  | Message<'AddEntries', { readonly entries: readonly Entry[]; readonly at: Instant }>
  | Message<'RemoveEntries', { readonly values: readonly string[]; readonly at: Instant }>
  | Message<'LoadFile', ListFile & { readonly at: Instant }>;
export type ListEvent =
  | Message<'ListCreated', ListHead & { readonly at: Instant }>
  | Message<'ListEntriesAdded', { readonly entries: readonly Entry[]; readonly at: Instant }>
  | Message<'ListEntriesRemoved', { readonly values: readonly string[]; readonly at: Instant }>
  | Message<'ListFileLoaded', ListFile & { readonly at: Instant }>;
export type ListRejection = 'LIST_UNKNOWN' | 'LIST_EXISTS' | 'LIST_FULL';

/** Entries beside a file. A longer list comes as a file. */
export const ENTRIES_MAX = 50_000;

/** Stream `list-<id>`. */
export const listDecider: Decider<List, ListCommand, ListEvent, ListRejection> = {
  initial: undefined,
  decide: (command, list) => {
    if (command.type === 'CreateList') return create(command, list);
    if (!list) return reject('LIST_UNKNOWN');
    switch (command.type) {
      case 'AddEntries': return add(command, list);
      case 'RemoveEntries': {
        const there = command.values.filter((value) => list.entries.has(value));
        return there.length === 0 ? accept() : accept({ type: 'ListEntriesRemoved', values: there, at: command.at });
      }
      case 'LoadFile': {
        const { type: _, ...loaded } = command;
        return list.file?.sha256 === command.sha256 ? accept() : accept({ type: 'ListFileLoaded', ...loaded });
      }
    }
  },
  evolve: (list, event) => {
    switch (event.type) {
      case 'ListCreated': {
        const { type: _, at: __, ...head } = event;
        return { head, entries: ImmutableMap() };
      }
      case 'ListEntriesAdded': return list && { ...list, entries: list.entries.withMutations((entries) => event.entries.forEach((entry) => entries.set(entry.value, entry))) };
      case 'ListEntriesRemoved': return list && { ...list, entries: list.entries.deleteAll(event.values) };
      case 'ListFileLoaded': return list && { ...list, file: { sha256: event.sha256, name: event.name, entries: event.entries } };
    }
  },
};

type Answer = Decision<ListEvent, ListRejection>;
const HEAD = ['zh', 'en', 'subject', 'purpose', 'network'] as const;
const create = ({ type: _, ...created }: Of<ListCommand, 'CreateList'>, list: List): Answer => {
  if (!list) return accept({ type: 'ListCreated', ...created });
  return HEAD.every((field) => list.head[field] === created[field]) ? accept() : reject('LIST_EXISTS');
};
const add = ({ entries, at }: Of<ListCommand, 'AddEntries'>, list: Extract<List, object>): Answer => {
  const fresh = entries.filter(({ value, until }) => !list.entries.has(value) || list.entries.get(value)!.until !== until);
  if (fresh.length === 0) return accept();
  return list.entries.size + fresh.length > ENTRIES_MAX ? reject('LIST_FULL', { max: String(ENTRIES_MAX) }) : accept({ type: 'ListEntriesAdded', entries: fresh, at });
};

import type { KeyObject } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';
import { type Instant, invariant } from '@vouchsafe/kernel';
import type { Ids, Log, Namespace, Random } from '@vouchsafe/runtime';
import { PersonalCommits } from './personal-commits.js';
import { IncarnationKey, SubjectKey, unwrapWith } from './personal-keys.js';
import { bindingOf, type Entry, PAGE_VALUES, type Place, placeIn } from './personal-pages.js';
import type { PersonalKind } from './personal-vault.js';
import type { PersonalTables, SubjectRow } from './sqlite-personal-tables.js';

/** A value to be kept; `owner`: its owner's token as latin1 text, which passes between threads without a copy of more than itself. */
export type ToKeep = readonly [kind: PersonalKind, value: string, owner: string];
export type KeptAt = Place & { readonly subject: string };
export type ShelfCounts = { readonly commits: number; readonly flushes: number };

/**
 * Who writes the personal vault's file: one at a time. Everything is durable when it settles. Faults as the
 * {@link PersonalVault} has them.
 */
export interface PersonalShelf {
  /** Where each value lies; one that its owner has already stays where it is. */
  keep(values: readonly ToKeep[]): Promise<readonly KeptAt[]>;
  /** Puts a value on a subject of its own; that subject. */
  keepApart(entry: Entry): Promise<string>;
  erase(subject: string): Promise<boolean>;
  /** Numbers whose time was over at `now` are forgotten. */
  claim(scope: string, nonce: string, until: Instant, now: Instant): Promise<boolean>;
  rewrap(kek: string, keys: readonly { readonly id: number; readonly wrapped: Uint8Array }[]): Promise<void>;
  copyTo(file: string): Promise<void>;
  counts(): ShelfCounts;
  close(): Promise<void>;
}

/** The keys of subjects: the newest, and those of earlier starts. */
export type SubjectKeys = { readonly namespace: Namespace; readonly incarnation: { readonly id: number; readonly key: KeyObject }; readonly incarnations: ReadonlyMap<number, KeyObject> };
export type SubjectShelfOptions = {
  readonly tables: PersonalTables;
  readonly keys: SubjectKeys;
  readonly random: Random;
  readonly ids: Ids;
  readonly log: Log;
  readonly flush: (wal: FileHandle) => Promise<void>;
  readonly wal: FileHandle | undefined;
};

/** A subject opened within one commit. */
type Open = { readonly id: string; row: SubjectRow; readonly key: SubjectKey; entries: Entry[]; dirty: boolean; readonly isNew: boolean };

/** The shelf in this thread. */
export class SubjectShelf implements PersonalShelf {
  readonly #options: SubjectShelfOptions;
  readonly #commits: PersonalCommits;
  readonly #incarnation: IncarnationKey;
  /** Subjects opened by jobs of the commit under way, by owner; empty between commits. */
  readonly #open = new Map<string, Open>();

  constructor(options: SubjectShelfOptions) {
    this.#options = options;
    this.#incarnation = new IncarnationKey(options.keys.incarnation.id, options.keys.incarnation.key);
    const { tables, log, wal, flush } = options;
    this.#commits = new PersonalCommits({
      db: tables.db, log,
      flush: async () => { if (wal) await flush(wal); },
      beforeCommit: () => this.#writeOpen(),
      afterCommit: () => this.#open.clear(),
    });
  }

  keep(values: readonly ToKeep[]): Promise<readonly KeptAt[]> {
    return this.#commits.run(() => values.map((value) => this.#keepIn(value)));
  }
  #keepIn([kind, value, owner]: ToKeep): KeptAt {
    const subject = this.#subject(owner);
    let at = placeIn(subject.entries, { kind, value });
    if (at < 0) at = this.#add(subject, [kind, value]);
    return { subject: subject.id, page: subject.row.page, at };
  }

  /** A full page is laid down for good; the subject goes on with an empty one. */
  #add(subject: Open, entry: Entry): number {
    if (subject.entries.length >= PAGE_VALUES) {
      this.#options.tables.addPage(subject.id, subject.row.page, this.#sealed(subject));
      subject.row = { ...subject.row, page: subject.row.page + 1 };
      subject.entries = [];
    }
    subject.dirty = true;
    return subject.entries.push(entry) - 1;
  }

  #subject(owner: string): Open {
    const known = this.#open.get(owner);
    if (known) return known;
    const token = Buffer.from(owner, 'latin1');
    const open = this.#stored(token) ?? this.#made(token);
    this.#open.set(owner, open);
    return open;
  }
  #stored(owner: Buffer): Open | undefined {
    const row = this.#options.tables.subjectByOwner(owner);
    if (!row) return undefined;
    const key = subjectKeyOf(this.#options.keys, row, this.#options.random);
    return { id: row.id, row, key, entries: JSON.parse(key.open(row.sealed, this.#aad(row.id, row.page))) as Entry[], dirty: false, isNew: false };
  }
  #made(owner: Buffer | null): Open {
    const { ids, random } = this.#options;
    const id = ids.mint('subject');
    const { key, bytes } = SubjectKey.fresh(random);
    const wrapped = this.#incarnation.wrap(bytes, this.#aad(id, 'key'));
    const row: SubjectRow = { id, owner, keyId: this.#incarnation.id, key: wrapped, page: 0, sealed: wrapped };
    return { id, row, key, entries: [], dirty: true, isNew: true };
  }
  #aad(subject: string, part: number | 'key'): string {
    return bindingOf(this.#options.keys.namespace, subject, part);
  }
  #sealed({ id, key, entries, row }: Open): Buffer {
    return key.seal(JSON.stringify(entries), this.#aad(id, row.page));
  }

  #writeOpen(): void {
    for (const subject of this.#open.values()) if (subject.dirty) this.#write(subject);
  }
  #write(subject: Open): void {
    const row = { ...subject.row, sealed: this.#sealed(subject) };
    if (subject.isNew) this.#options.tables.insert(row);
    else this.#options.tables.update(row);
  }

  keepApart(entry: Entry): Promise<string> {
    return this.#commits.run(() => {
      const subject = this.#made(null);
      subject.entries.push(entry);
      this.#write(subject);
      return subject.id;
    });
  }

  async erase(subject: string): Promise<boolean> {
    const gone = await this.#commits.run(() => {
      for (const [owner, open] of this.#open) {
        if (open.id !== subject) continue;
        if (open.isNew) this.#write(open); // made in this very commit: written, so that it is counted as erased below
        this.#open.delete(owner);
      }
      return this.#options.tables.erase(subject);
    });
    this.#options.tables.checkpoint();
    return gone;
  }

  claim(scope: string, nonce: string, until: Instant, now: Instant): Promise<boolean> {
    return this.#commits.run(() => {
      this.#options.tables.forgetNonces(now);
      return this.#options.tables.claim(scope, nonce, until, now);
    });
  }

  async rewrap(kek: string, keys: readonly { readonly id: number; readonly wrapped: Uint8Array }[]): Promise<void> {
    await this.#commits.run(() => keys.forEach(({ id, wrapped }) => this.#options.tables.rewrap(id, kek, wrapped)));
    this.#options.tables.checkpoint();
  }

  copyTo(file: string): Promise<void> {
    return this.#options.tables.copyTo(file);
  }
  counts(): ShelfCounts {
    const { commits, flushes } = this.#commits;
    return { commits, flushes };
  }
  async close(): Promise<void> {
    await this.#commits.close();
    await this.#options.wal?.close();
    this.#options.tables.db.close();
  }
}

/** The key of a subject, whichever start's key it is wrapped with. */
export const subjectKeyOf = ({ namespace, incarnations }: SubjectKeys, { id, keyId, key }: SubjectRow, random: Random): SubjectKey => {
  const wrapping = incarnations.get(keyId);
  invariant(wrapping, 'every subject names a key of this vault');
  return new SubjectKey(unwrapWith(wrapping, key, bindingOf(namespace, id, 'key')), random);
};

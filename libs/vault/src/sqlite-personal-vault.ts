import { createSecretKey, type KeyObject } from 'node:crypto';
import { type FileHandle, open as openFile } from 'node:fs/promises';
import { type Instant, invariant } from '@vouchsafe/kernel';
import type { Clock, Ids, Log, Namespace, Random } from '@vouchsafe/runtime';
import { LRUCache } from 'lru-cache';
import { type KeyWrap, rewrapped } from './key-wrap.js';
import { PersonalCommits } from './personal-commits.js';
import { IncarnationKey, SubjectKey, Tokens, unwrapWith } from './personal-keys.js';
import { bindingOf, checkKept, contextOf, type Entry, keptRef, PAGE_VALUES, placeIn, placeOfRef, protectedAt, tokenText, type Wanted, wantedOf } from './personal-pages.js';
import { type Nonces, type PersonalOwner, type PersonalValue, type PersonalVault, type ProtectedValue, subjectOfRef } from './personal-vault.js';
import { PersonalTables, type SubjectRow } from './sqlite-personal-tables.js';

export type SqlitePersonalVaultOptions = {
  /** `:memory:` in tests that do not ask for durability. */
  readonly file: string;
  readonly namespace: Namespace;
  readonly keys: KeyWrap;
  readonly random: Random;
  readonly ids: Ids;
  readonly clock: Clock;
  readonly log: Log;
  /** Makes what was written to the write-ahead file durable; fdatasync unless a test fails it. */
  readonly flush?: (wal: FileHandle) => Promise<void>;
  /** Values remembered, so that a known one costs no write. */
  readonly rememberMax?: number;
};

/** Counts for tests and metrics: commits asked for, flushes done, values remembered. */
export type PersonalVaultStats = { readonly commits: number; readonly flushes: number; readonly remembered: number };

const REMEMBER_MAX = 100_000;
const KEY_BYTES = 32;

/** By what a value is remembered: whose it is, and its token. */
const memoryOf = ({ owner, token }: Wanted): string => owner.toString('latin1') + token.toString('latin1');

/** A subject opened within one commit. */
type Open = { readonly id: string; row: SubjectRow; readonly key: SubjectKey; entries: Entry[]; dirty: boolean; readonly isNew: boolean };

/** Opens (or makes) the vault of one namespace. Fault `KEY_WRONG` where the key file is not the one it was made with. */
export const sqlitePersonalVault = async (options: SqlitePersonalVaultOptions): Promise<PersonalVault & Nonces & { stats(): PersonalVaultStats }> => {
  const { file, namespace, keys, random } = options;
  const tables = new PersonalTables(file);
  try {
    const tokenKey = await keyNamed(tables, options, 'tokens');
    const incarnations = new Map<number, KeyObject>();
    for (const { id, wrapped } of tables.keysNamed('subjects')) incarnations.set(id, createSecretKey(await keys.unwrap(wrapped, contextOf(namespace, 'subjects'))));
    const fresh = random.bytes(KEY_BYTES);
    const id = tables.addKey('subjects', keys.id, await keys.wrap(fresh, contextOf(namespace, 'subjects')));
    const incarnation = new IncarnationKey(id, createSecretKey(fresh));
    incarnations.set(id, incarnation.key);
    tables.checkpoint(); // the new key is durable before anything is sealed under it
    const wal = file === ':memory:' ? undefined : await openFile(`${file}-wal`, 'r');
    return new SqlitePersonalVault(options, tables, { tokens: new Tokens(namespace, tokenKey), incarnation, incarnations }, wal);
  } catch (error) {
    tables.db.close();
    throw error;
  }
};

const keyNamed = async (tables: PersonalTables, { namespace, keys, random }: SqlitePersonalVaultOptions, name: string): Promise<Buffer> => {
  const [known] = tables.keysNamed(name);
  if (known) return keys.unwrap(known.wrapped, contextOf(namespace, name));
  const fresh = random.bytes(KEY_BYTES);
  tables.addKey(name, keys.id, await keys.wrap(fresh, contextOf(namespace, name)));
  return fresh;
};

type Keys = { readonly tokens: Tokens; readonly incarnation: IncarnationKey; readonly incarnations: ReadonlyMap<number, KeyObject> };

class SqlitePersonalVault implements PersonalVault, Nonces {
  readonly #commits: PersonalCommits;
  readonly #remembered: LRUCache<string, ProtectedValue>;
  /** Subjects opened by jobs of the commit under way, by owner; empty between commits. */
  readonly #open = new Map<string, Open>();

  constructor(
    readonly options: SqlitePersonalVaultOptions, readonly tables: PersonalTables, readonly keys: Keys, readonly wal: FileHandle | undefined,
  ) {
    this.#remembered = new LRUCache({ max: options.rememberMax ?? REMEMBER_MAX });
    const flush = options.flush ?? ((handle: FileHandle) => handle.datasync());
    this.#commits = new PersonalCommits({
      db: tables.db, log: options.log,
      flush: async () => { if (wal) await flush(wal); },
      beforeCommit: () => this.#writeOpen(),
      afterCommit: () => this.#open.clear(),
    });
  }

  async protect(values: readonly PersonalValue[], owner: PersonalOwner = { channelId: '' }): Promise<readonly ProtectedValue[]> {
    const wanted = wantedOf(this.keys.tokens, values, owner);
    const known = wanted.map((one) => this.#remembered.get(memoryOf(one)));
    if (known.every((value) => value !== undefined)) return known;
    const kept = await this.#commits.run(() => wanted.map((one) => this.#keepIn(one)));
    kept.forEach((value, i) => this.#remembered.set(memoryOf(wanted[i]!), value));
    return kept;
  }

  #keepIn(wanted: Wanted): ProtectedValue {
    const subject = this.#subject(wanted.owner);
    let at = placeIn(subject.entries, wanted.value);
    if (at < 0) at = this.#add(subject, [wanted.value.kind, wanted.value.value]);
    return protectedAt(subject.id, { page: subject.row.page, at }, wanted);
  }

  /** A full page is laid down for good; the subject goes on with an empty one. */
  #add(subject: Open, entry: Entry): number {
    if (subject.entries.length >= PAGE_VALUES) {
      this.tables.addPage(subject.id, subject.row.page, this.#sealed(subject));
      subject.row = { ...subject.row, page: subject.row.page + 1 };
      subject.entries = [];
    }
    subject.dirty = true;
    return subject.entries.push(entry) - 1;
  }

  #subject(owner: Buffer): Open {
    const name = owner.toString('latin1');
    const open = this.#open.get(name) ?? this.#stored(owner) ?? this.#made(owner);
    this.#open.set(name, open);
    return open;
  }
  #stored(owner: Buffer): Open | undefined {
    const row = this.tables.subjectByOwner(owner);
    if (!row) return undefined;
    const key = this.#keyOf(row);
    return { id: row.id, row, key, entries: JSON.parse(key.open(row.sealed, this.#aad(row.id, row.page))) as Entry[], dirty: false, isNew: false };
  }
  #made(owner: Buffer | null): Open {
    const { ids, random } = this.options;
    const id = ids.mint('subject');
    const { key, bytes } = SubjectKey.fresh(random);
    const { incarnation } = this.keys;
    const wrapped = incarnation.wrap(bytes, this.#aad(id, 'key'));
    const row: SubjectRow = { id, owner, keyId: incarnation.id, key: wrapped, page: 0, sealed: wrapped };
    return { id, row, key, entries: [], dirty: true, isNew: true };
  }
  #keyOf({ id, keyId, key }: SubjectRow): SubjectKey {
    const wrapping = this.keys.incarnations.get(keyId);
    invariant(wrapping, 'every subject names a key of this vault');
    return new SubjectKey(unwrapWith(wrapping, key, this.#aad(id, 'key')), this.options.random);
  }
  #aad(subject: string, part: number | 'key'): string {
    return bindingOf(this.options.namespace, subject, part);
  }
  #sealed({ id, key, entries, row }: Open): Buffer {
    return key.seal(JSON.stringify(entries), this.#aad(id, row.page));
  }

  #writeOpen(): void {
    for (const subject of this.#open.values()) if (subject.dirty) this.#write(subject);
  }
  #write(subject: Open): void {
    const row = { ...subject.row, sealed: this.#sealed(subject) };
    if (subject.isNew) this.tables.insert(row);
    else this.tables.update(row);
  }

  async keep(purpose: string, value: string): Promise<string> {
    checkKept(value);
    return this.#commits.run(() => {
      const subject = this.#made(null);
      subject.entries.push([purpose, value]);
      this.#write(subject);
      return keptRef(subject.id);
    });
  }

  async reveal(ref: string): Promise<string | undefined> {
    const place = placeOfRef(ref);
    const row = place && this.tables.subject(place.subject);
    if (!row) return undefined;
    const sealed = place.page === row.page ? row.sealed : this.tables.page(row.id, place.page);
    if (!sealed) return undefined;
    const entries = JSON.parse(this.#keyOf(row).open(sealed, this.#aad(row.id, place.page))) as Entry[];
    return entries[place.at]?.[1];
  }

  tokenOf(value: PersonalValue, channelId = ''): string {
    return tokenText(this.keys.tokens.of(value, channelId));
  }
  async subjectOf(value: PersonalValue, channelId = ''): Promise<string | undefined> {
    return this.tables.subjectByOwner(this.keys.tokens.of(value, channelId))?.id;
  }

  async erase(ref: string): Promise<boolean> {
    const id = subjectOfRef(ref);
    const gone = await this.#commits.run(() => {
      for (const [name, open] of this.#open) {
        if (open.id !== id) continue;
        if (open.isNew) this.#write(open); // made in this very commit: written, so that it is counted as erased below
        this.#open.delete(name);
      }
      return this.tables.erase(id);
    });
    for (const [memory, { ref: known }] of this.#remembered.entries()) if (subjectOfRef(known) === id) this.#remembered.delete(memory);
    this.tables.checkpoint();
    return gone;
  }

  claim(scope: string, nonce: string, until: Instant): Promise<boolean> {
    return this.#commits.run(() => {
      const now = this.options.clock.now();
      this.tables.forgetNonces(now);
      return this.tables.claim(scope, nonce, until, now);
    });
  }

  async rotateKek(next: KeyWrap): Promise<number> {
    const { keys, namespace } = this.options;
    const fresh: { readonly id: number; readonly wrapped: Uint8Array }[] = [];
    for (const { id, name, kek, wrapped } of this.tables.allKeys()) {
      if (kek === next.id) continue; // a rotation that was interrupted goes on
      fresh.push({ id, wrapped: await rewrapped({ wrapped, kek, context: contextOf(namespace, name) }, keys, next) });
    }
    await this.#commits.run(() => fresh.forEach(({ id, wrapped }) => this.tables.rewrap(id, next.id, wrapped)));
    this.tables.checkpoint();
    return fresh.length;
  }

  stats(): PersonalVaultStats {
    const { commits, flushes } = this.#commits;
    return { commits, flushes, remembered: this.#remembered.size };
  }
  copyTo(file: string): Promise<void> {
    return this.tables.copyTo(file);
  }
  async close(): Promise<void> {
    await this.#commits.close();
    await this.wal?.close();
    this.tables.db.close();
  }
}

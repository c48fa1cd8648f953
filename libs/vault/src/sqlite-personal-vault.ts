import { createSecretKey, type KeyObject } from 'node:crypto';
import { existsSync } from 'node:fs';
import { type FileHandle, open as openFile } from 'node:fs/promises';
import path from 'node:path';
import type { Instant } from '@vouchsafe/kernel';
import type { Clock, Ids, Log, Namespace, Random } from '@vouchsafe/runtime';
import { LRUCache } from 'lru-cache';
import { type KeyWrap, rewrapped } from './key-wrap.js';
import { Tokens } from './personal-keys.js';
import { bindingOf, checkKept, contextOf, type Entry, keptRef, placeOfRef, protectedAt, tokenText, type Wanted, wantedOf } from './personal-pages.js';
import { type PersonalShelf, type ShelfCounts, type SubjectKeys, subjectKeyOf, SubjectShelf } from './personal-shelf.js';
import { type Nonces, type PersonalOwner, type PersonalValue, type PersonalVault, type ProtectedValue, subjectOfRef } from './personal-vault.js';
import { PersonalTables } from './sqlite-personal-tables.js';
import { PersonalThread } from './thread/personal-thread.js';

export type SqlitePersonalVaultOptions = {
  /** `:memory:` in tests that do not ask for durability. */
  readonly file: string;
  readonly namespace: Namespace;
  readonly keys: KeyWrap;
  readonly random: Random;
  readonly ids: Ids;
  readonly clock: Clock;
  readonly log: Log;
  /** Makes what was written to the write-ahead file durable; fdatasync unless a test fails it, in this thread then. */
  readonly flush?: (wal: FileHandle) => Promise<void>;
  /**
   * Compiled script of the thread that seals and writes; false does both in the caller's thread. By default the one beside this
   * code, if it is compiled and the clock is real.
   */
  readonly thread?: string | false;
  /** Values remembered, so that a known one costs no write. */
  readonly rememberMax?: number;
};

/** Counts for tests and metrics: commits asked for, flushes done, values remembered. */
export type PersonalVaultStats = ShelfCounts & { readonly remembered: number };

const REMEMBER_MAX = 100_000;
const KEY_BYTES = 32;

/** By what a value is remembered: whose it is, and its token. */
const memoryOf = ({ owner, token }: Wanted): string => owner.toString('latin1') + token.toString('latin1');

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
    const key = createSecretKey(fresh);
    incarnations.set(id, key);
    tables.checkpoint(); // the new key is durable before anything is sealed under it
    const subjects = { namespace, incarnation: { id, key }, incarnations };
    return new SqlitePersonalVault({ options, tables, tokens: new Tokens(namespace, tokenKey), subjects, shelf: await shelfOf(options, tables, subjects) });
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

const shelfOf = async ({ file, thread, flush, clock, log, random, ids }: SqlitePersonalVaultOptions, tables: PersonalTables, keys: SubjectKeys): Promise<PersonalShelf> => {
  const apart = file !== ':memory:' && !flush && clock.simulated !== true;
  const script = thread ?? (apart ? scriptBeside() : false);
  if (script !== false) return new PersonalThread({ script, file, keys, log });
  const wal = file === ':memory:' ? undefined : await openFile(`${file}-wal`, 'r');
  return new SubjectShelf({ tables, keys, random, ids, log, wal, flush: flush ?? ((handle) => handle.datasync()) });
};
const scriptBeside = (): string | false => {
  const beside = path.join(__dirname, 'thread', 'personal-worker.js');
  return existsSync(beside) ? beside : false;
};

type Parts = { readonly options: SqlitePersonalVaultOptions; readonly tables: PersonalTables; readonly tokens: Tokens; readonly subjects: SubjectKeys; readonly shelf: PersonalShelf };

/** Tokens, masks and what is known already are told at once; the shelf keeps the rest. What is read is read here. */
class SqlitePersonalVault implements PersonalVault, Nonces {
  readonly #parts: Parts;
  readonly #remembered: LRUCache<string, ProtectedValue>;

  constructor(parts: Parts) {
    this.#parts = parts;
    this.#remembered = new LRUCache({ max: parts.options.rememberMax ?? REMEMBER_MAX });
  }

  async protect(values: readonly PersonalValue[], owner: PersonalOwner = { channelId: '' }): Promise<readonly ProtectedValue[]> {
    const wanted = wantedOf(this.#parts.tokens, values, owner);
    const known = wanted.map((one) => this.#remembered.get(memoryOf(one)));
    if (known.every((value) => value !== undefined)) return known;
    const places = await this.#parts.shelf.keep(wanted.map((one) => [one.value.kind, one.value.value, one.owner.toString('latin1')]));
    return wanted.map((one, i) => {
      const { subject, page, at } = places[i]!;
      const kept = protectedAt(subject, { page, at }, one);
      this.#remembered.set(memoryOf(one), kept);
      return kept;
    });
  }

  async keep(purpose: string, value: string): Promise<string> {
    checkKept(value);
    return keptRef(await this.#parts.shelf.keepApart([purpose, value]));
  }

  async reveal(ref: string): Promise<string | undefined> {
    const { tables, subjects, options } = this.#parts;
    const place = placeOfRef(ref);
    const row = place && tables.subject(place.subject);
    if (!row) return undefined;
    const sealed = place.page === row.page ? row.sealed : tables.page(row.id, place.page);
    if (!sealed) return undefined;
    const entries = JSON.parse(subjectKeyOf(subjects, row, options.random).open(sealed, bindingOf(options.namespace, row.id, place.page))) as Entry[];
    return entries[place.at]?.[1];
  }

  tokenOf(value: PersonalValue, channelId = ''): string {
    return tokenText(this.#parts.tokens.of(value, channelId));
  }
  async subjectOf(value: PersonalValue, channelId = ''): Promise<string | undefined> {
    return this.#parts.tables.subjectByOwner(this.#parts.tokens.of(value, channelId))?.id;
  }

  async erase(ref: string): Promise<boolean> {
    const id = subjectOfRef(ref);
    const gone = await this.#parts.shelf.erase(id);
    for (const [memory, { ref: known }] of this.#remembered.entries()) if (subjectOfRef(known) === id) this.#remembered.delete(memory);
    return gone;
  }

  claim(scope: string, nonce: string, until: Instant): Promise<boolean> {
    return this.#parts.shelf.claim(scope, nonce, until, this.#parts.options.clock.now());
  }

  async rotateKek(next: KeyWrap): Promise<number> {
    const { tables, shelf, options: { keys, namespace } } = this.#parts;
    const fresh: { readonly id: number; readonly wrapped: Uint8Array }[] = [];
    for (const { id, name, kek, wrapped } of tables.allKeys()) {
      if (kek === next.id) continue; // a rotation that was interrupted goes on
      fresh.push({ id, wrapped: await rewrapped({ wrapped, kek, context: contextOf(namespace, name) }, keys, next) });
    }
    await shelf.rewrap(next.id, fresh);
    return fresh.length;
  }

  stats(): PersonalVaultStats {
    return { ...this.#parts.shelf.counts(), remembered: this.#remembered.size };
  }
  copyTo(file: string): Promise<void> {
    return this.#parts.shelf.copyTo(file);
  }
  async close(): Promise<void> {
    await this.#parts.shelf.close();
    if (this.#parts.tables.db.isOpen) this.#parts.tables.db.close(); // a shelf in this thread has closed it
  }
}

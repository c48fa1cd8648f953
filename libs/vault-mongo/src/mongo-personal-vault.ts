import { Fault, type Instant } from '@vouchsafe/kernel';
import { copyTo, type CopyOf, type Mongo } from '@vouchsafe/mongo';
import type { Clock, Ids, Namespace, Random } from '@vouchsafe/runtime';
import { type KeyWrap, type Nonces, type PersonalOwner, type PersonalValue, type PersonalVault, type ProtectedValue, subjectOfRef } from '@vouchsafe/vault';
import {
  bindingOf, checkKept, type Entry, type IncarnationKey, keptRef, PAGE_VALUES, placeIn, placeOfRef, protectedAt, SubjectKey, Tokens, tokenText, unwrapWith, type Wanted, wantedOf,
} from '@vouchsafe/vault/adapter-parts';
import { MongoNonces, NONCE_INDEXES } from './mongo-nonces.js';
import { PERSONAL_KEY_INDEXES, PersonalKeyTable } from './personal-key-table.js';
import { type Subject, SUBJECT_INDEXES, Subjects } from './subjects.js';
import { Turns } from './turns.js';
import { openVaultMongo, type VaultIndexes, type VaultMongoOptions } from './vault-mongo.js';

export type MongoPersonalVaultOptions = {
  readonly place: VaultMongoOptions; readonly namespace: Namespace; readonly keys: KeyWrap; readonly random: Random; readonly ids: Ids; readonly clock: Clock;
};

export const PERSONAL_VAULT_INDEXES: VaultIndexes = { ...SUBJECT_INDEXES, ...PERSONAL_KEY_INDEXES, ...NONCE_INDEXES };
/** All of a vault of personal data, as a copy has it. */
export const personalVaultCopy = (namespace: Namespace): CopyOf => ({ what: 'personal vault', namespace, collections: [...Object.keys(PERSONAL_VAULT_INDEXES), 'counters'] });

/**
 * Opens (or makes) the vault of personal data of one namespace in a database of its own. Any number of processes may have it open.
 * Fault `KEY_WRONG` where the key-encryption key is not the one it was made with; those of MongoDB begin with `VAULT_`.
 */
export const mongoPersonalVault = async (options: MongoPersonalVaultOptions): Promise<PersonalVault & Nonces> => {
  const mongo = await openVaultMongo(options.place, PERSONAL_VAULT_INDEXES);
  try {
    const table = new PersonalKeyTable(mongo, options);
    const tokens = new Tokens(options.namespace, await table.tokenKey());
    return new Vault(options, mongo, { table, tokens, incarnation: await table.incarnation() });
  } catch (error) {
    await mongo.close();
    throw error;
  }
};

type Keys = { readonly table: PersonalKeyTable; readonly tokens: Tokens; readonly incarnation: IncarnationKey };
/** A page being filled. */
type Page = { readonly page: number; readonly entries: Entry[] };

const TURNS_MAX = 20;
const PAUSE_MAX_MS = 200;

class Vault implements PersonalVault, Nonces {
  readonly #subjects: Subjects;
  readonly #nonces: MongoNonces;
  readonly #turns = new Turns();

  constructor(readonly options: MongoPersonalVaultOptions, readonly mongo: Mongo, readonly keys: Keys) {
    this.#subjects = new Subjects(mongo);
    this.#nonces = new MongoNonces(mongo, options.random, options.clock);
  }

  /** Nothing is remembered between calls: another process may have erased the subject since. */
  async protect(values: readonly PersonalValue[], owner: PersonalOwner = { channelId: '' }): Promise<readonly ProtectedValue[]> {
    const wanted = wantedOf(this.keys.tokens, values, owner);
    const byOwner = Map.groupBy(wanted, (one) => one.owner.toString('base64'));
    const kept = new Map<Wanted, ProtectedValue>();
    await Promise.all([...byOwner].map(([name, own]) => this.#turns.run(name, async () => {
      (await this.#keepFor(own)).forEach((value, i) => kept.set(own[i]!, value));
    })));
    return wanted.map((one) => kept.get(one)!);
  }

  async #keepFor(wanted: readonly Wanted[]): Promise<readonly ProtectedValue[]> {
    const { owner } = wanted[0]!;
    for (let turn = 0; turn < TURNS_MAX; turn++) {
      const there = await this.#subjects.byOwner(owner);
      const kept = there ? await this.#keepIn(there, wanted) : await this.#keepInNew(owner, wanted);
      if (kept) return kept;
      await this.#pause(turn);
    }
    throw new Fault('VAULT_CONTENTION', 'a subject changes too often to be written', true);
  }
  /** Longer each time, so that of two processes each gets its turn. */
  #pause(turn: number): Promise<void> {
    const { clock, random } = this.options.place;
    return clock.sleep(Math.min(PAUSE_MAX_MS, 2 ** turn) * random.fraction());
  }

  /** Undefined where another process was quicker. */
  async #keepInNew(owner: Buffer, wanted: readonly Wanted[]): Promise<readonly ProtectedValue[] | undefined> {
    const { subject, key } = this.#made(owner);
    const page: Page = { page: 0, entries: [] };
    const kept = wanted.map((one) => keepOn(subject._id, page, one)!);
    return (await this.#subjects.insert({ ...subject, sealed: this.#seal(subject._id, key, page) })) ? kept : undefined;
  }
  /** Undefined where another process was quicker, or the page is full by now and some values go to the next. */
  async #keepIn(subject: Subject, wanted: readonly Wanted[]): Promise<readonly ProtectedValue[] | undefined> {
    const key = await this.#keyOf(subject);
    const before: Page = { page: subject.page, entries: JSON.parse(key.open(subject.sealed, this.#aad(subject._id, subject.page))) as Entry[] };
    if (wanted.every(({ value }) => placeIn(before.entries, value) >= 0)) return wanted.map((one) => keepOn(subject._id, before, one)!);
    const isFull = before.entries.length >= PAGE_VALUES;
    // A full page never changes, so it is the same whoever lays it down, and however often.
    if (isFull) await this.#subjects.layDown(subject._id, before.page, this.#seal(subject._id, key, before));
    const page: Page = isFull ? { page: before.page + 1, entries: [] } : { page: before.page, entries: [...before.entries] };
    const kept = wanted.map((one) => keepOn(subject._id, placeIn(before.entries, one.value) < 0 ? page : before, one));
    const changed = await this.#subjects.change(subject, { page: page.page, sealed: this.#seal(subject._id, key, page) });
    return changed && kept.every((one) => one !== undefined) ? kept : undefined;
  }

  #made(owner: Buffer | undefined): { readonly subject: Subject; readonly key: SubjectKey } {
    const id = this.options.ids.mint('subject');
    const { key, bytes } = SubjectKey.fresh(this.options.random);
    const wrapped = this.keys.incarnation.wrap(bytes, this.#aad(id, 'key'));
    return { key, subject: { _id: id, ...(owner && { owner }), keyId: this.keys.incarnation.id, key: wrapped, page: 0, sealed: wrapped, v: 0 } };
  }
  async #keyOf({ _id, keyId, key }: Subject): Promise<SubjectKey> {
    return new SubjectKey(unwrapWith(await this.keys.table.key(keyId), key, this.#aad(_id, 'key')), this.options.random);
  }
  #seal(id: string, key: SubjectKey, { page, entries }: Page): Buffer {
    return key.seal(JSON.stringify(entries), this.#aad(id, page));
  }
  #aad(subject: string, part: number | 'key'): string {
    return bindingOf(this.options.namespace, subject, part);
  }

  async keep(purpose: string, value: string): Promise<string> {
    checkKept(value);
    const { subject, key } = this.#made(undefined);
    await this.#subjects.insert({ ...subject, sealed: this.#seal(subject._id, key, { page: 0, entries: [[purpose, value]] }) });
    return keptRef(subject._id);
  }

  async reveal(ref: string): Promise<string | undefined> {
    const place = placeOfRef(ref);
    const subject = place && (await this.#subjects.byId(place.subject));
    if (!subject) return undefined;
    const sealed = place.page === subject.page ? subject.sealed : await this.#subjects.page(subject._id, place.page);
    if (!sealed) return undefined;
    const entries = JSON.parse((await this.#keyOf(subject)).open(sealed, this.#aad(subject._id, place.page))) as Entry[];
    return entries[place.at]?.[1];
  }

  tokenOf(value: PersonalValue, channelId = ''): string {
    return tokenText(this.keys.tokens.of(value, channelId));
  }
  async subjectOf(value: PersonalValue, channelId = ''): Promise<string | undefined> {
    return (await this.#subjects.byOwner(this.keys.tokens.of(value, channelId)))?._id;
  }
  erase(ref: string): Promise<boolean> {
    return this.#subjects.erase(subjectOfRef(ref));
  }
  claim(scope: string, nonce: string, until: Instant): Promise<boolean> {
    return this.#nonces.claim(scope, nonce, until);
  }

  rotateKek(next: KeyWrap): Promise<number> {
    return this.keys.table.rewrap(next);
  }
  copyTo(file: string): Promise<void> {
    return copyTo(this.mongo, personalVaultCopy(this.options.namespace), file);
  }
  close(): Promise<void> {
    return this.mongo.close();
  }
}

/** Finds the value on the page or adds it; undefined where it has no room. */
const keepOn = (subject: string, { page, entries }: Page, wanted: Wanted): ProtectedValue | undefined => {
  let at = placeIn(entries, wanted.value);
  if (at < 0 && entries.length >= PAGE_VALUES) return undefined;
  if (at < 0) at = entries.push([wanted.value.kind, wanted.value.value]) - 1;
  return protectedAt(subject, { page, at }, wanted);
};

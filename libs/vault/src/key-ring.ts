import { createSecretKey, type KeyObject } from 'node:crypto';
import { Fault } from '@vouchsafe/kernel';
import type { Clock, Namespace, Random } from '@vouchsafe/runtime';
import { type KeyWrap, rewrapped } from './key-wrap.js';

export type KeyPurpose = 'data' | 'spool' | 'lookup' | 'voucher-id';
export type RingKey = { readonly id: number; readonly purpose: KeyPurpose; readonly version: number; readonly batchId: string | undefined; readonly key: KeyObject };

/** A key as it is stored: sealed, or without the sealed bytes where it was destroyed, so that its loss can be told from damage. */
export type StoredKey = {
  readonly id: number; readonly purpose: KeyPurpose; readonly version: number; readonly batchId: string | undefined; readonly wrapped: Uint8Array | undefined; readonly kek: string;
};
export type NewKey = Omit<StoredKey, 'id' | 'wrapped'> & { readonly wrapped: Uint8Array; readonly createdAt: number };
type Awaitable<T> = T | Promise<T>;
/** Where the keys of a ring lie. */
export interface StoredKeys {
  /** Durable when it settles; the key's number (32 bits, never given twice). Undefined where the store lets only one have this purpose and version, and there is one. */
  add(key: NewKey): Awaitable<number | undefined>;
  byId(id: number): Awaitable<StoredKey | undefined>;
  /** Those not destroyed, by number. */
  ofPurpose(purpose: KeyPurpose): Awaitable<readonly StoredKey[]>;
  /** Those not destroyed that another key-encryption key sealed. */
  notUnder(kek: string): Awaitable<readonly StoredKey[]>;
  /** All or none where the store can; else those not yet done are found by {@link StoredKeys.notUnder} again. */
  rewrap(keys: readonly { readonly id: number; readonly wrapped: Uint8Array }[], kek: string): Awaitable<void>;
}

const KEY_BYTES = 32;
const CACHE_MAX = 4_096;

/** Data keys, each wrapped by the key-encryption key. Unwrapped ones are held in memory, bounded. */
export class KeyRing {
  readonly #stored: StoredKeys;
  readonly #open = new Map<number, RingKey>();
  #wrap: KeyWrap;

  constructor(stored: StoredKeys, wrap: KeyWrap, readonly namespace: Namespace, readonly random: Random, readonly clock: Clock) {
    this.#stored = stored;
    this.#wrap = wrap;
  }

  get kekId(): string {
    return this.#wrap.id;
  }

  /** A fresh key, never used before. */
  async create(purpose: KeyPurpose, batchId?: string, version = 1): Promise<RingKey> {
    return this.#add(purpose, this.random.bytes(KEY_BYTES), version, batchId);
  }
  /** A key sealed elsewhere by the same key-encryption key. */
  async adopt(purpose: KeyPurpose, version: number, wrapped: Uint8Array): Promise<RingKey> {
    return this.#add(purpose, await this.#wrap.unwrap(wrapped, this.#context(purpose)), version);
  }
  async #add(purpose: KeyPurpose, secret: Buffer, version: number, batchId?: string): Promise<RingKey> {
    const wrapped = await this.#wrap.wrap(secret, this.#context(purpose));
    const id = await this.#stored.add({ purpose, batchId, version, wrapped, kek: this.#wrap.id, createdAt: this.clock.now() });
    if (id !== undefined) return this.#remember({ id, purpose, version, batchId, key: createSecretKey(secret) });
    const theirs = (await this.all(purpose)).find((key) => key.version === version);
    if (!theirs) throw new Fault('KEY_ERASED', `the ${purpose} key ${version} was destroyed`, false);
    return theirs;
  }

  /** Fault `KEY_ERASED` where it was destroyed. */
  async get(id: number): Promise<RingKey> {
    const known = this.#open.get(id);
    if (known) return known;
    const stored = await this.#stored.byId(id);
    if (!stored?.wrapped) throw new Fault('KEY_ERASED', 'the key of these codes was destroyed; they cannot be read any more', false);
    return this.#load(stored);
  }
  async all(purpose: KeyPurpose): Promise<readonly RingKey[]> {
    const stored = await this.#stored.ofPurpose(purpose);
    return Promise.all(stored.map(async (key) => this.#open.get(key.id) ?? this.#load(key)));
  }
  /** As stored: sealed. */
  async sealed(purpose: KeyPurpose): Promise<readonly { version: number; kekId: string; wrapped: Uint8Array }[]> {
    return (await this.#stored.ofPurpose(purpose)).map(({ version, kek, wrapped }) => ({ version, kekId: kek, wrapped: wrapped! }));
  }

  /** Drops a batch's keys from memory; where they lie they are destroyed by the vault. */
  forgetBatch(batchId: string): void {
    for (const [id, { batchId: of }] of this.#open) if (of === batchId) this.#open.delete(id);
  }
  forget(id: number): void {
    this.#open.delete(id);
  }

  /** Wraps every key anew under `next`; from here the old key-encryption key opens nothing. Returns how many. */
  async rewrap(next: KeyWrap): Promise<number> {
    const fresh: { id: number; wrapped: Buffer }[] = [];
    for (const { id, purpose, wrapped, kek } of await this.#stored.notUnder(next.id)) {
      fresh.push({ id, wrapped: await rewrapped({ wrapped: wrapped!, kek, context: this.#context(purpose) }, this.#wrap, next) });
    }
    await this.#stored.rewrap(fresh, next.id);
    this.#wrap = next;
    return fresh.length;
  }

  async #load({ id, purpose, batchId, version, wrapped }: StoredKey): Promise<RingKey> {
    const secret = await this.#wrap.unwrap(wrapped!, this.#context(purpose));
    const key = createSecretKey(secret);
    secret.fill(0);
    return this.#remember({ id, purpose, version, batchId, key });
  }
  #remember(key: RingKey): RingKey {
    if (this.#open.size >= CACHE_MAX) for (const id of this.#open.keys()) { this.#open.delete(id); break; }
    this.#open.set(key.id, key);
    return key;
  }
  #context(purpose: KeyPurpose): string {
    return `vouchsafe/${this.namespace}/${purpose}`;
  }
}

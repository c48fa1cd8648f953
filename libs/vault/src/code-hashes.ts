import type { KeyObject } from 'node:crypto';
import { hashInto, identitiesOf, identityOf } from './code-hash.js';
import { HASH_BYTES, type PlainRow, type SealedLookupKey } from './code-vault.js';
import type { KeyRing, RingKey } from './key-ring.js';

/** Hashes of some rows, 16 bytes each, under every look-up key, the newest first. */
export type RowHashes = { readonly newest: Uint8Array; readonly version: number; readonly older: readonly Uint8Array[] };
type Identified = Pick<PlainRow, 'code' | 'number'>;

/** Keyed hashes of codes, under every version of the look-up key. */
export class CodeHashes {
  readonly #ring: KeyRing;
  #keys: readonly RingKey[];

  constructor(ring: KeyRing, keys: readonly RingKey[]) {
    this.#ring = ring;
    this.#keys = keys.toSorted((a, b) => a.version - b.version);
  }

  /** The newest version: what new codes are hashed under. */
  get version(): number {
    return this.#newest().version;
  }
  of(own: boolean, rows: readonly Identified[]): RowHashes {
    const newest = this.#newest();
    return { newest: hashAll(newest.key, rows, own), version: newest.version, older: this.#keys.slice(0, -1).map(({ key }) => hashAll(key, rows, own)) };
  }
  ofNewest(own: boolean, rows: readonly Identified[]): Uint8Array {
    return hashAll(this.#newest().key, rows, own);
  }
  /** Every hash a presented code can have: as many as its text allows, whatever the vault has. */
  ofPresented(code: string): readonly Buffer[] {
    return this.#keys.flatMap(({ key }) => identitiesOf(code).map((identity) => {
      const hash = Buffer.alloc(HASH_BYTES);
      hashInto(key, identity, hash, 0);
      return hash;
    }));
  }

  has(version: number): boolean {
    return this.#keys.some((key) => key.version === version);
  }
  async adopt({ version, wrapped }: SealedLookupKey): Promise<void> {
    if (this.has(version)) return;
    const key = await this.#ring.adopt('lookup', version, wrapped);
    this.#keys = [...this.#keys, key].sort((a, b) => a.version - b.version);
  }
  /** From here new codes are hashed under a new key; older ones are found under theirs until they are hashed anew. */
  async addVersion(): Promise<void> {
    this.#keys = [...this.#keys, await this.#ring.create('lookup', undefined, this.#newest().version + 1)];
  }
  /** Looks whether another process has added a version. */
  async reload(): Promise<void> {
    this.#keys = [...(await this.#ring.all('lookup'))].sort((a, b) => a.version - b.version);
  }

  #newest(): RingKey {
    return this.#keys[this.#keys.length - 1]!;
  }
}

const hashAll = (key: KeyObject, rows: readonly Identified[], own: boolean): Uint8Array => {
  const hashes = new Uint8Array(rows.length * HASH_BYTES);
  rows.forEach((row, i) => hashInto(key, identityOf(row, own), hashes, i * HASH_BYTES));
  return hashes;
};

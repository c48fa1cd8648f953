import type { KeyObject } from 'node:crypto';
import { Fault, invariant, isFault } from '@vouchsafe/kernel';
import type { Clock, Namespace, Random } from '@vouchsafe/runtime';
import {
  type BatchUnits, type Erasure, HASH_BYTES, KEEP_HASH_BITS, type KeyWrap, type MaintainedCodeVault, type NewBatch, type OpenedUnit, type PlainRow, type RowRefusal,
  type SealedLookupKey, type SealResult, type Segment, type SpoolKeys, type UnitRef, type VaultBatch,
} from '@vouchsafe/vault';
import { batchTag, CodeHashes, KeyRing, nameUnits, namingOf, unitOf } from '@vouchsafe/vault/adapter-parts';
import { LRUCache } from 'lru-cache';
import { BATCH_INDEXES, type Batch, Batches } from './batches.js';
import { BatchLog, type Entry, LOG_INDEXES } from './batch-log.js';
import { BLOCK_INDEXES } from './blocks.js';
import { CODE_INDEXES, Codes, hashesIn, nameOf, NO_BATCH } from './codes.js';
import { KEY_INDEXES, MongoKeys } from './mongo-keys.js';
import type { Parts } from './parts.js';
import { SealedRows } from './sealed-rows.js';
import { Sealing } from './sealing.js';
import { Turns } from './turns.js';
import { openVaultMongo, type VaultIndexes, type VaultMongoOptions } from './vault-mongo.js';

export type MongoCodeVaultOptions = {
  readonly place: VaultMongoOptions; readonly namespace: Namespace; readonly wrap: KeyWrap; readonly random: Random; readonly clock: Clock;
};

export const CODE_VAULT_INDEXES: VaultIndexes = { ...BATCH_INDEXES, ...LOG_INDEXES, ...BLOCK_INDEXES, ...CODE_INDEXES, ...KEY_INDEXES };

/**
 * Opens the vault of codes of one namespace in a database of its own. Any number of processes may have it open. Fault `KEY_WRONG`
 * where the key-encryption key is not the one it was sealed under; those of MongoDB begin with `VAULT_`.
 */
export const openMongoCodeVault = async ({ place, namespace, wrap, random, clock }: MongoCodeVaultOptions): Promise<MaintainedCodeVault> => {
  const mongo = await openVaultMongo(place, CODE_VAULT_INDEXES);
  try {
    const stored = new MongoKeys(mongo, clock);
    const ring = new KeyRing(stored, wrap, namespace, random, clock);
    const [voucherKey] = await ring.all('voucher-id');
    const voucher = voucherKey ?? (await ring.create('voucher-id'));
    const lookup = await ring.all('lookup');
    const hashes = new CodeHashes(ring, lookup.length > 0 ? lookup : [await ring.create('lookup')]);
    return new Vault({ mongo, stored, ring, hashes, writer: random.bytes(WRITER_BYTES).toString('hex') }, voucher.key);
  } catch (error) {
    await mongo.close();
    throw error;
  }
};

const WRITER_BYTES = 12;
const TAGS_MAX = 10_000;
const TURNS_MAX = 10;
const REHASHED_AT_ONCE = 1_024;

class Vault implements MaintainedCodeVault {
  readonly #batches: Batches;
  readonly #log: BatchLog;
  readonly #rows: SealedRows;
  readonly #codes: Codes;
  readonly #sealing: Sealing;
  readonly #turns = new Turns();
  readonly #tags = new LRUCache<string, Buffer>({ max: TAGS_MAX });
  readonly spoolKeys: SpoolKeys;

  constructor(readonly parts: Parts, readonly voucherKey: KeyObject) {
    const { mongo, ring, stored } = parts;
    this.#batches = new Batches(mongo);
    this.#log = new BatchLog(mongo);
    this.#rows = new SealedRows(mongo, this.#log, ring);
    this.#codes = new Codes(mongo);
    this.#sealing = new Sealing({ ...parts, log: this.#log, rows: this.#rows, codes: this.#codes });
    const retire = async (id: number): Promise<void> => {
      ring.forget(id);
      await stored.destroy(id);
    };
    this.spoolKeys = { create: (name) => ring.create('spool', name), get: async (id) => (await ring.get(id)).key, retire };
  }

  begin(batch: NewBatch): Promise<void> {
    return this.#batches.begin(batch);
  }
  async seal(batchId: string, rows: readonly PlainRow[], progress: { line: number; refusals: readonly RowRefusal[] }): Promise<SealResult> {
    const batch = await this.#batches.mustHave(batchId);
    return this.#turns.run(batchId, () => this.#sealing.seal(batch, rows, progress));
  }

  async batch(batchId: string): Promise<VaultBatch | undefined> {
    const batch = await this.#batches.byId(batchId);
    return batch && toVaultBatch(batch, await this.#log.head(batch.no));
  }
  async batches(): Promise<readonly VaultBatch[]> {
    const batches = await this.#batches.all();
    const heads = await this.#log.heads(batches.map(({ no }) => no));
    return batches.map((batch) => toVaultBatch(batch, heads.get(batch.no)!));
  }
  async segments(batchId: string): Promise<readonly Segment[]> {
    return this.#rows.segments(await this.#batches.mustHave(batchId));
  }
  async refusals(batchId: string, afterLine: number, max: number): Promise<readonly RowRefusal[]> {
    return this.#log.refusals((await this.#batches.mustHave(batchId)).no, afterLine, max);
  }

  async complete(batchId: string): Promise<void> {
    const batch = await this.#batches.mustHave(batchId);
    await this.#end(batch, 'complete', ({ status }) => {
      invariant(status !== 'aborted', 'an aborted batch is not completed');
      return status !== 'open';
    });
  }
  async abort(batchId: string): Promise<void> {
    const batch = await this.#batches.byId(batchId);
    if (!batch) return;
    await this.#end(batch, 'aborted', ({ status }) => {
      invariant(status === 'open' || status === 'aborted', 'a complete batch is not aborted');
      return status === 'aborted';
    });
    // Also where it was over before: a process may have died in the midst of this.
    await this.#destroyKeys(batchId);
    await this.#rows.remove(batch.no);
    await this.#codes.forget(batch.no);
  }
  async erase(batchId: string): Promise<Erasure> {
    const batch = await this.#batches.mustHave(batchId);
    const { status, entropy, rows } = await this.#end(batch, 'erased', (head) => head.status === 'erased' || head.status === 'aborted');
    await this.#destroyKeys(batchId);
    const guessable = status === 'erased' && rows > 0 && entropy < KEEP_HASH_BITS;
    return { batchId, hashesDeleted: guessable ? await this.#codes.forget(batch.no) : 0 };
  }

  /** Ends a batch one way, unless `isOver` says that it is; the unique insert decides between this and a sealing that is under way. */
  #end(batch: Batch, status: 'complete' | 'aborted' | 'erased', isOver: (head: Entry) => boolean): Promise<Entry> {
    return this.#turns.run(batch.batchId, async () => {
      for (let turn = 0; turn < TURNS_MAX; turn++) {
        const head = await this.#log.head(batch.no);
        const ended = isOver(head) ? head : await this.#log.append(batch.no, head, { status, mark: this.#sealing.mark() });
        if (!ended) continue;
        this.#sealing.close(batch);
        return ended;
      }
      throw new Fault('VAULT_CONTENTION', `batch ${batch.batchId} changes too often to be ended`, true);
    });
  }
  async #destroyKeys(batchId: string): Promise<void> {
    this.parts.ring.forgetBatch(batchId);
    await this.parts.stored.destroyBatch(batchId);
  }

  async open(ranges: readonly BatchUnits[]): Promise<readonly OpenedUnit[]> {
    const opened: OpenedUnit[] = [];
    for (const { batchId, from, to } of ranges) {
      const batch = await this.#batches.mustHave(batchId);
      const first = Math.floor(from / batch.uses);
      const rows = await this.#rows.open(batch, first, Math.ceil(to / batch.uses));
      for (let index = from; index < to; index++) opened.push({ batchId, index, ...rows[Math.floor(index / batch.uses) - first]! });
    }
    return opened;
  }
  async find(code: string): Promise<(UnitRef & { uses: number }) | undefined> {
    const hashes = this.parts.hashes.ofPresented(code);
    const known = await this.#codes.find(hashes);
    const candidates = hashes.flatMap((hash) => known.get(nameOf(hash)) ?? []).filter(({ batch }) => batch !== NO_BATCH);
    // Asked also where there is none, so that the time taken does not tell.
    for (const { batch: no, row, mark } of candidates.length > 0 ? candidates : [NOWHERE]) {
      const [batches, head, marks] = await Promise.all([this.#batches.byNumbers([no]), this.#log.head(no), this.#log.known(no, [mark])]);
      const [batch] = batches;
      if (batch && head.status === 'complete' && row < head.rows && marks.has(mark)) return { batchId: batch.batchId, index: row * batch.uses, uses: batch.uses };
    }
    return undefined;
  }

  nameUnits(units: readonly UnitRef[]): readonly string[] {
    return nameUnits(namingOf(this.voucherKey), units, (batchId) => this.#tagOf(batchId));
  }
  async resolveIds(ids: readonly string[]): Promise<readonly (UnitRef | undefined)[]> {
    const units = ids.map((id) => unitOf(this.voucherKey, id));
    const batches = await this.#batches.byTags(units.flatMap((unit) => unit?.tag ?? []));
    const heads = await this.#log.heads([...batches.values()].map(({ no }) => no));
    return units.map((unit) => {
      const batch = unit && batches.get(unit.tag.toString('hex'));
      return unit && batch && unit.index < heads.get(batch.no)!.rows * batch.uses ? { batchId: batch.batchId, index: unit.index } : undefined;
    });
  }

  async hashesOf(batchId: string, fromRow: number, toRow: number): Promise<Pick<SealResult, 'hashes' | 'hashVersion'>> {
    const batch = await this.#batches.mustHave(batchId);
    const { hashes } = this.parts;
    return { hashes: hashes.ofNewest(batch.own, await this.#rows.open(batch, fromRow, toRow)), hashVersion: hashes.version };
  }
  async verify(batchId: string): Promise<boolean> {
    const batch = await this.#batches.mustHave(batchId);
    const head = await this.#log.head(batch.no);
    const { rows, hash } = await this.#rows.measure(batch.no);
    return rows === head.rows && hash.equals(head.hash);
  }

  async adoptHashes(hashes: Uint8Array, hashVersion: number): Promise<number | undefined> {
    if (!this.parts.hashes.has(hashVersion)) await this.parts.hashes.reload();
    return this.parts.hashes.has(hashVersion) ? this.#sealing.adopt(hashesIn(hashes)) : undefined;
  }
  lookupKeys(): Promise<readonly SealedLookupKey[]> {
    return this.parts.ring.sealed('lookup');
  }
  async adoptLookupKey(key: SealedLookupKey): Promise<boolean> {
    try {
      await this.parts.hashes.adopt(key);
      return true;
    } catch (error) {
      if (isFault(error) && error.code === 'KEY_WRONG') return false;
      throw error;
    }
  }

  rotateKek(next: KeyWrap): Promise<number> {
    return this.parts.ring.rewrap(next);
  }
  async rotateLookups(): Promise<number> {
    await this.parts.hashes.addVersion();
    let hashed = 0;
    for (const batch of await this.#batches.all()) {
      const { status } = await this.#log.head(batch.no);
      if (status !== 'open' && status !== 'complete') continue;
      for await (const parts of this.#log.parts(batch.no)) {
        for (const { mark, epoch, part: { first, end } } of parts) {
          for (let from = first; from < end; from += REHASHED_AT_ONCE) hashed += await this.#rehash(batch, { mark, epoch }, { from, to: Math.min(from + REHASHED_AT_ONCE, end) });
        }
      }
    }
    return hashed;
  }
  async #rehash(batch: Batch, sealing: { mark: string; epoch: number }, { from, to }: { from: number; to: number }): Promise<number> {
    const bytes = this.parts.hashes.ofNewest(batch.own, await this.#rows.open(batch, from, to));
    await this.#codes.take({ batch: batch.no, ...sealing }, hashesIn(bytes).map((hash, i) => ({ hash, row: from + i, from: undefined })));
    return bytes.length / HASH_BYTES;
  }

  close(): Promise<void> {
    return this.parts.mongo.close();
  }

  #tagOf(batchId: string): Buffer {
    const known = this.#tags.get(batchId);
    if (known) return known;
    const tag = batchTag(batchId);
    this.#tags.set(batchId, tag);
    return tag;
  }
}

const NOWHERE = { batch: -1, row: 0, mark: '' };

const toVaultBatch = ({ batchId, importId, uses }: Batch, { status, rows, refused, hash, line, entropy }: Entry): VaultBatch => ({
  batchId, importId, status, uses, rows, refused, hash: hash.toString('hex'), line, entropyBits: rows === 0 ? 0 : entropy,
});

import { createHash } from 'node:crypto';
import { Fault } from '@vouchsafe/kernel';
import { BLOCK_ROWS, type BlockPlace, decodeRows, openBlock, type OpenedRow, sealBlock } from './blocks.js';
import type { PlainRow } from './code-vault.js';
import type { KeyRing, RingKey } from './key-ring.js';

/** Sealed rows `first` to `first + rows` of a batch, under the ring's key of that number. */
export type SealedBlock = { readonly first: number; readonly rows: number; readonly key: number; readonly body: Uint8Array };
/** Where sealing goes on: the batch's rows so far and the running hash over them. */
export type BatchHead = { readonly batchId: string; readonly rows: number; readonly hash: Uint8Array };
type Incarnation = { readonly key: RingKey; counter: number };

/** The running hash over a batch's blocks; it begins with 32 zero bytes. */
export const HASH_START = Buffer.alloc(32);
export const nextHash = (before: Uint8Array, first: number, body: Uint8Array): Buffer => createHash('sha256').update(before).update(String(first)).update(body).digest();

/** Seals rows into blocks and opens them. A data key is made per batch and process, so that no counter has to survive anything. */
export class BlockSealer {
  readonly #keys: KeyRing;
  readonly #incarnations = new Map<string, Incarnation>();

  constructor(keys: KeyRing) {
    this.#keys = keys;
  }

  /** This process's key for a batch; {@link BlockSealer.seal} needs it made beforehand. */
  async prepare(batchId: string): Promise<void> {
    if (!this.#incarnations.has(batchId)) this.#incarnations.set(batchId, { key: await this.#keys.create('data', batchId), counter: 0 });
  }
  /** No more is sealed into the batch by this process. */
  close(batchId: string): void {
    this.#incarnations.delete(batchId);
  }

  /** Blocks of rows behind those the batch has, and the running hash with them. */
  seal({ batchId, rows: before, hash }: BatchHead, rows: readonly PlainRow[]): { readonly blocks: readonly SealedBlock[]; readonly hash: Uint8Array } {
    const data = this.#incarnations.get(batchId)!;
    const blocks: SealedBlock[] = [];
    let running = hash;
    for (let i = 0; i < rows.length; i += BLOCK_ROWS) {
      const part = rows.slice(i, i + BLOCK_ROWS);
      const first = before + i;
      const body = sealBlock(data.key.key, data.counter++, this.#place(batchId, { first, rows: part.length, key: data.key.id }), part);
      blocks.push({ first, rows: part.length, key: data.key.id, body });
      running = nextHash(running, first, body);
    }
    return { blocks, hash: running };
  }

  /** Rows `from` to `to` in the clear, out of the blocks that hold them, in order. Faults: `KEY_ERASED`, `VAULT_DAMAGED`, `BATCH_NOT_IN_VAULT` (rows are missing). */
  async open(batchId: string, blocks: readonly SealedBlock[], from: number, to: number): Promise<readonly OpenedRow[]> {
    const opened: OpenedRow[] = [];
    for (const block of blocks) {
      const { key } = await this.#keys.get(block.key);
      const plain = openBlock(key, this.#place(batchId, block), block.body);
      opened.push(...decodeRows(plain, Math.max(0, from - block.first), Math.min(block.rows, to - block.first)));
      plain.fill(0);
    }
    if (opened.length !== to - from) throw new Fault('BATCH_NOT_IN_VAULT', `the vault lacks rows of batch ${batchId}: it is older than the log`, false);
    return opened;
  }

  #place(batchId: string, { first, rows, key }: Omit<SealedBlock, 'body'>): BlockPlace {
    return { namespace: this.#keys.namespace, batchId, first, rows, keyId: key };
  }
}

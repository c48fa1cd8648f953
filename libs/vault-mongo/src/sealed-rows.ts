import { Fault } from '@vouchsafe/kernel';
import type { Mongo } from '@vouchsafe/mongo';
import type { PlainRow, Segment } from '@vouchsafe/vault';
import { type BatchHead, BlockSealer, HASH_START, type KeyRing, nextHash, type SealedBlock } from '@vouchsafe/vault/adapter-parts';
import type { Batch } from './batches.js';
import type { BatchLog, Parted, StoredSegment } from './batch-log.js';
import { Blocks } from './blocks.js';

type OpenedRow = Pick<PlainRow, 'code' | 'number' | 'expiresAt'>;

/** A batch's rows, sealed in blocks; which blocks count is said by the batch's history. */
export class SealedRows {
  readonly #log: BatchLog;
  readonly #blocks: Blocks;
  readonly #sealer: BlockSealer;

  constructor(mongo: Mongo, log: BatchLog, ring: KeyRing) {
    this.#log = log;
    this.#blocks = new Blocks(mongo);
    this.#sealer = new BlockSealer(ring);
  }

  /** Seals rows behind those the batch has, under a mark that does not count yet; the running hash with them. */
  async add(no: number, mark: string, { head, rows }: { readonly head: BatchHead; readonly rows: readonly PlainRow[] }): Promise<Buffer> {
    await this.#sealer.prepare(head.batchId);
    const { blocks, hash } = this.#sealer.seal(head, rows);
    await this.#blocks.add(no, mark, blocks);
    return Buffer.from(hash);
  }
  /** No more is sealed into the batch by this process. */
  close(batchId: string): void {
    this.#sealer.close(batchId);
  }

  /** Faults: `KEY_ERASED`, `VAULT_DAMAGED`, `BATCH_NOT_IN_VAULT`. */
  async open({ no, batchId }: Batch, from: number, to: number): Promise<readonly OpenedRow[]> {
    const [{ status }, parts] = await Promise.all([this.#log.head(no), this.#log.holding(no, from, to)]);
    // Said by the history, for this process may have the key in memory that another one has destroyed.
    if (status === 'erased') throw new Fault('KEY_ERASED', 'the key of these codes was destroyed; they cannot be read any more', false);
    const blocks = await this.#blocks.holding(no, parts.map(({ mark }) => mark), { from, to });
    return this.#sealer.open(batchId, blocks, from, to);
  }

  async segments({ no, uses }: Batch): Promise<readonly Segment[]> {
    const segments: StoredSegment[] = [];
    for await (const page of this.#log.parts(no)) {
      for (const segment of page.flatMap(({ part }) => part.segments)) {
        const last = segments[segments.length - 1];
        if (last && last.expiresAt === segment.expiresAt) segments[segments.length - 1] = { ...last, rows: last.rows + segment.rows };
        else segments.push(segment);
      }
    }
    return segments.map(({ first, rows, expiresAt }) => ({ from: first * uses, to: (first + rows) * uses, ...(expiresAt !== undefined && { expiresAt }) }));
  }

  /** Rows and running hash as the blocks themselves say. */
  async measure(no: number): Promise<{ readonly rows: number; readonly hash: Buffer }> {
    let hash: Buffer = HASH_START;
    let rows = 0;
    for await (const page of this.#log.parts(no)) {
      for (const block of await this.#blocksOf(no, page)) {
        hash = nextHash(hash, block.first, block.body);
        rows += block.rows;
      }
    }
    return { rows, hash };
  }
  #blocksOf(no: number, parts: readonly Parted[]): Promise<readonly SealedBlock[]> {
    return this.#blocks.holding(no, parts.map(({ mark }) => mark), { from: parts[0]!.part.first, to: parts[parts.length - 1]!.part.end });
  }

  remove(no: number): Promise<void> {
    return this.#blocks.remove(no);
  }
}

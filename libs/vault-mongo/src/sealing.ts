import { Fault, invariant } from '@vouchsafe/kernel';
import { HASH_BYTES, type PlainRow, type RowRefusal, type SealResult } from '@vouchsafe/vault';
import { leastEntropy, REFUSALS_MAX, segmentsAfter } from '@vouchsafe/vault/adapter-parts';
import type { Batch } from './batches.js';
import type { BatchLog, Entry } from './batch-log.js';
import { type Codes, nameOf, NO_BATCH } from './codes.js';
import { Duplicates, Superseded } from './duplicates.js';
import type { Parts } from './parts.js';
import type { SealedRows } from './sealed-rows.js';

export type SealingParts = Parts & { readonly log: BatchLog; readonly rows: SealedRows; readonly codes: Codes };
type Progress = { readonly line: number; readonly refusals: readonly RowRefusal[] };

const TRIES_MAX = 5;
const ADOPTED = 'adopted';

/**
 * Takes rows into a batch: their hashes first, then their blocks, both under a mark that is never used twice, then the entry in the
 * batch's history that makes them count, all of them at once. What a death in between leaves counts for nothing: the next process's
 * claim shuts it out, and then its hashes are taken over.
 */
export class Sealing {
  readonly #parts: SealingParts;
  readonly #duplicates: Duplicates;
  /** Batches this process holds, with the epoch of its claim; none where an attempt failed, for that one may still arrive. */
  readonly #held = new Map<number, number>();
  #marks = 0;

  constructor(parts: SealingParts) {
    this.#parts = parts;
    this.#duplicates = new Duplicates(parts.codes, parts.log);
  }

  mark(): string {
    return `${this.#parts.writer}.${++this.#marks}`;
  }
  close({ no, batchId }: Batch): void {
    this.#held.delete(no);
    this.#parts.rows.close(batchId);
  }

  /** One at a time for each batch. */
  async seal(batch: Batch, rows: readonly PlainRow[], progress: Progress): Promise<SealResult> {
    for (let attempt = 0; attempt < TRIES_MAX; attempt++) {
      const head = await this.#claimed(batch);
      if (!head) continue;
      this.#held.delete(batch.no);
      try {
        const sealed = await this.#sealOnce(batch, head, { rows, progress });
        if (!sealed) continue;
        this.#held.set(batch.no, head.epoch);
        return sealed;
      } catch (error) {
        if (!(error instanceof Superseded)) throw error;
      }
    }
    throw new Fault('VAULT_CONTENTION', `another process seals into batch ${batch.batchId}`, true);
  }

  /** The batch's state, this process being the one that seals; undefined where another was quicker. */
  async #claimed({ no }: Batch): Promise<Entry | undefined> {
    const { log, writer } = this.#parts;
    const head = await log.head(no);
    invariant(head.status === 'open', 'rows are sealed into an open batch');
    if (head.writer === writer && this.#held.get(no) === head.epoch) return head;
    return log.append(no, head, { writer, epoch: head.n + 1, mark: this.mark() });
  }

  async #sealOnce(batch: Batch, head: Entry, { rows, progress }: { readonly rows: readonly PlainRow[]; readonly progress: Progress }): Promise<SealResult | undefined> {
    const { hashes, log } = this.#parts;
    await hashes.reload(); // a code must be looked for under every key that any process hashes with
    const hashed = hashes.of(batch.own, rows);
    const mark = this.mark();
    const { kept, refused } = await this.#duplicates.take({ batch: batch.no, mark, epoch: head.epoch }, { rows, hashes: hashed, first: head.rows });
    const sealed = kept.map((i) => rows[i]!);
    const hash = await this.#parts.rows.add(batch.no, mark, { head: { batchId: batch.batchId, rows: head.rows, hash: head.hash }, rows: sealed });
    const refusals = [...progress.refusals, ...refused];
    const end = head.rows + sealed.length;
    const entry = await log.append(batch.no, head, {
      mark, rows: end, hash, refused: head.refused + refusals.length, line: Math.max(progress.line, head.line), entropy: leastEntropy(head.entropy, sealed),
      part: {
        first: head.rows, end, segments: segmentsAfter(undefined, head.rows, sealed).map(({ expiresAt, ...rest }) => (expiresAt === undefined ? rest : { ...rest, expiresAt })),
        refusals: refusals.slice(0, Math.max(0, REFUSALS_MAX - head.refused)),
      },
    });
    if (!entry) return undefined;
    const own = Buffer.concat(kept.map((i) => hashed.newest.subarray(i * HASH_BYTES, (i + 1) * HASH_BYTES)));
    return { sealed: sealed.length, refused, firstRow: head.rows, hashes: new Uint8Array(own), hashVersion: hashed.version };
  }

  /** Hashes that block for ever and find nothing; how many did not block before. What only an aborted import left is taken over. */
  async adopt(hashes: readonly Buffer[]): Promise<number> {
    const { codes, log } = this.#parts;
    const known = await codes.find(hashes);
    const heads = await log.heads([...new Set([...known.values()].map(({ batch }) => batch))]);
    const fresh = new Map(hashes.flatMap((hash) => {
      const there = known.get(nameOf(hash));
      const blocks = there && (there.batch === NO_BATCH || heads.get(there.batch)!.status !== 'aborted');
      return blocks ? [] : [[nameOf(hash), { hash, row: 0, from: there }] as const];
    }));
    await codes.take({ batch: NO_BATCH, mark: ADOPTED, epoch: 0 }, [...fresh.values()]);
    return fresh.size;
  }
}

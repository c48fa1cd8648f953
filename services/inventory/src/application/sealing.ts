import type { Journal } from '@vouchsafe/journal';
import type { Clock, Random } from '@vouchsafe/runtime';
import { type CodeVault, HASH_BYTES, type PlainRow, type RowRefusal, type SealResult, type Spool } from '@vouchsafe/vault';
import type { BatchPlan, MintPlan } from '../domain/batch.js';
import { type Read, readCodes } from './intake/reader.js';
import { codeMaker } from './minting.js';

export type SealingOptions = {
  readonly vault: CodeVault; readonly spool: Spool; readonly journal: Journal; readonly clock: Clock; readonly random: Random;
  /** Rows sealed in one transaction. */
  readonly sealRows: number;
};
const JOURNAL_ROWS = 4_096;

/** The vault has given this batch up already, after the backup this log comes from was taken. */
export class AbandonedBatch extends Error {
  override readonly name = 'AbandonedBatch';
}

/**
 * Brings a batch's codes into the vault, from its upload or out of thin air. Goes on behind the last line the vault has
 * noted, so a crash at any byte costs nothing. False where `stopped` said so before the end; throws UnreadableFile.
 */
export const sealBatch = async (options: SealingOptions, plan: BatchPlan, stopped: () => boolean): Promise<boolean> => {
  await options.vault.begin({ batchId: plan.batchId, importId: plan.importId, uses: plan.uses, own: plan.source.type === 'mint' });
  // A backup's vault may be ahead of its log: what it has completed needs no sealing, what it has given up is given up.
  const { status } = (await options.vault.batch(plan.batchId))!;
  if (status !== 'open') return status === 'complete' ? true : Promise.reject(new AbandonedBatch());
  await journalAgain(options, plan);
  return plan.source.type === 'mint' ? mintAll(options, plan, { mint: plan.source.plan, stopped }) : readAll(options, plan, stopped);
};

const readAll = async (options: SealingOptions, plan: BatchPlan, stopped: () => boolean): Promise<boolean> => {
  const { vault, spool, clock, sealRows } = options;
  if (plan.source.type !== 'file') return true;
  const done = (await vault.batch(plan.batchId))?.line ?? 0;
  let rows: PlainRow[] = [];
  let refusals: RowRefusal[] = [];
  const flush = async (line: number): Promise<void> => {
    await seal(options, plan, rows, { line, refusals });
    rows = [];
    refusals = [];
  };
  let last = done;
  for await (const read of readCodes(spool.read(plan.batchId), { format: plan.source.format, zone: plan.zone, now: clock.now(), validUntil: plan.validUntil })) {
    for (const item of inLines(read)) {
      if (item.line <= done) continue;
      if ('reason' in item) refusals.push(item);
      else rows.push(item);
      if (rows.length + refusals.length < sealRows) continue;
      if (stopped()) return false;
      await flush(item.line);
    }
    last = Math.max(last, read.line);
  }
  if (stopped()) return false;
  await flush(last);
  return true;
};
/** Rows and refusals of a piece in the order of their lines. */
function* inLines({ rows, refusals }: Read): Generator<PlainRow | RowRefusal> {
  let next = 0;
  for (const row of rows) {
    for (let refusal = refusals[next]; refusal && refusal.line < row.line; refusal = refusals[next]) {
      yield refusal;
      next++;
    }
    yield row;
  }
  for (; next < refusals.length; next++) yield refusals[next]!;
}

/** A code that exists already (which chance all but forbids) is refused by the vault and drawn again. */
const mintAll = async (options: SealingOptions, plan: BatchPlan, { mint, stopped }: { mint: MintPlan; stopped: () => boolean }): Promise<boolean> => {
  const { vault, random, sealRows } = options;
  const make = codeMaker(mint, random);
  for (let rows = (await vault.batch(plan.batchId))?.rows ?? 0; rows < mint.quantity; ) {
    if (stopped()) return false;
    const n = Math.min(sealRows, mint.quantity - rows);
    const fresh = Array.from({ length: n }, (_, i) => ({ line: rows + i + 1, code: make(), ...(plan.validUntil !== undefined && { expiresAt: plan.validUntil }) }));
    rows += (await seal(options, plan, fresh, { line: rows + n, refusals: [] })).sealed;
  }
  return true;
};

const seal = async (options: SealingOptions, plan: BatchPlan, rows: readonly PlainRow[], progress: { line: number; refusals: readonly RowRefusal[] }): Promise<SealResult> => {
  const sealed = await options.vault.seal(plan.batchId, rows, progress);
  journalHashes(options.journal, plan, { row: sealed.firstRow, ...sealed });
  return sealed;
};

/** What an earlier run sealed may not have reached the journal before it died. */
const journalAgain = async ({ vault, journal }: SealingOptions, plan: BatchPlan): Promise<void> => {
  const { rows } = (await vault.batch(plan.batchId))!;
  for (let row = 0; row < rows; row += JOURNAL_ROWS) {
    journalHashes(journal, plan, { row, ...(await vault.hashesOf(plan.batchId, row, Math.min(row + JOURNAL_ROWS, rows))) });
    await journal.flush();
  }
};
const journalHashes = (journal: Journal, { importId, batchId }: BatchPlan, { row, hashes, hashVersion }: { row: number; hashes: Uint8Array; hashVersion: number }): void => {
  if (hashes.length === 0) return;
  journal.record({ type: 'Imported', importId, batchId, row, hashVersion, hashBytes: HASH_BYTES, hashes: Buffer.from(hashes).toString('base64') });
};

import { accept, type Decider, type Decision, type Instant, lineAmount, type Message, type Money, type Of, reject } from '@vouchsafe/kernel';
import type { BatchTerms, Units } from './stock-types.js';

/** How many random bits, which characters: how vouchers of our own are made. */
export type MintPlan = { readonly quantity: number; readonly pattern: string; readonly alphabet: string; readonly randomBits: number };
/** How an uploaded file is to be read; what is absent is found out from the file. */
export type FileFormat = { readonly encoding?: 'UTF8' | 'GB18030'; readonly delimiter?: string; readonly header?: boolean; readonly columns?: readonly ColumnName[] };
export type ColumnName = 'code' | 'number' | 'expiry' | 'ignore';

export type BatchPlan = {
  readonly batchId: string; readonly importId: string; readonly productId: string; readonly terms: BatchTerms;
  /** Paid out of an advance to the supplier. */
  readonly fromPrepayment: boolean;
  /** Units per code (RULES, Secrets 6). */
  readonly uses: number;
  /** Of all codes that name none themselves. */
  readonly validUntil?: Instant;
  /** Where a date without a time ends. */
  readonly zone: string;
  readonly lowStockAt: number;
  readonly source: { readonly type: 'file'; readonly format: FileFormat } | { readonly type: 'mint'; readonly plan: MintPlan };
};
/** What the vault says of a batch: compared at every start. */
export type VaultState = { readonly rows: number; readonly hash: string };

export type BatchCommand =
  | Message<'StartBatch', { plan: BatchPlan; at: Instant }>
  | Message<'FinishContent', { bytes: number; at: Instant }>
  | Message<'NoteSealed', { vault: VaultState; refused: number; segments: readonly Units[]; at: Instant }>
  /** `expected`: rows the person counts on; `maxRefused`: more refused lines than that and nothing is taken. */
  | Message<'CompleteBatch', { expected?: number; maxRefused?: number; at: Instant }>
  | Message<'AbortBatch', { reason: string; at: Instant }>
  /** The key of its codes is to be destroyed for ever; the pool has withdrawn what was free. */
  | Message<'EraseBatch', { reason: string; at: Instant }>
  /** Vault, pool and spool are as the batch's end demands. */
  | Message<'SettleBatch', { at: Instant }>;
export type BatchEvent =
  | Message<'BatchStarted', { plan: BatchPlan; at: Instant }>
  | Message<'ContentFinished', { bytes: number; at: Instant }>
  | Message<'BatchSealed', { vault: VaultState; refused: number; segments: readonly Units[]; at: Instant }>
  | Message<'ImportCompleted', { plan: BatchPlan; vault: VaultState; quantity: number; cost: Money; inputTax: Money; segments: readonly Units[]; at: Instant }>
  | Message<'ImportAborted', { batchId: string; reason: string; at: Instant }>
  | Message<'BatchErased', { batchId: string; reason: string; at: Instant }>
  | Message<'ImportSettled', { batchId: string; at: Instant }>;
export type BatchRejection =
  | 'IMPORT_UNKNOWN' | 'IMPORT_DIFFERS' | 'CONTENT_MISSING' | 'CONTENT_FINISHED' | 'IMPORT_PROCESSING' | 'IMPORT_EMPTY' | 'COUNT_DIFFERS' | 'TOO_MANY_REFUSED'
  | 'IMPORT_ABORTED' | 'IMPORT_COMPLETED' | 'BATCH_UNKNOWN';

export type Batch =
  | { readonly step: 'none' }
  | { readonly step: 'receiving' | 'processing'; readonly plan: BatchPlan }
  | { readonly step: 'aborted'; readonly plan: BatchPlan; readonly settled: boolean }
  | { readonly step: 'ready'; readonly plan: BatchPlan; readonly vault: VaultState; readonly refused: number; readonly segments: readonly Units[] }
  | { readonly step: 'completed'; readonly plan: BatchPlan; readonly vault: VaultState; readonly segments: readonly Units[]; readonly settled: boolean; readonly erased: boolean };
type Verdict = Decision<BatchEvent, BatchRejection>;

/** One batch from its first byte to `complete`; from there the pool alone decides about its units. Stream `batch-<id>`. */
const decide = (command: BatchCommand, batch: Batch): Verdict => {
  if (command.type === 'StartBatch') {
    if (batch.step === 'none') return accept({ type: 'BatchStarted', plan: command.plan, at: command.at });
    return samePlan(batch.plan, command.plan) ? accept() : reject('IMPORT_DIFFERS');
  }
  if (batch.step === 'none') return reject('IMPORT_UNKNOWN');
  switch (command.type) {
    case 'FinishContent': return finish(command, batch);
    case 'NoteSealed': return noteSealed(command, batch);
    case 'CompleteBatch': return complete(command, batch);
    case 'AbortBatch': return abort(command, batch);
    case 'EraseBatch': return erase(command, batch);
    case 'SettleBatch': return settle(command, batch);
  }
};
type Begun = Exclude<Batch, { step: 'none' }>;

const noteSealed = ({ vault, refused, segments, at }: Of<BatchCommand, 'NoteSealed'>, batch: Begun): Verdict => {
  if (batch.step === 'aborted') return reject('IMPORT_ABORTED');
  return batch.step === 'processing' ? accept({ type: 'BatchSealed', vault, refused, segments, at }) : accept();
};
const abort = ({ reason, at }: Of<BatchCommand, 'AbortBatch'>, batch: Begun): Verdict => {
  if (batch.step === 'completed') return reject('IMPORT_COMPLETED');
  return batch.step === 'aborted' ? accept() : accept({ type: 'ImportAborted', batchId: batch.plan.batchId, reason, at });
};
const erase = ({ reason, at }: Of<BatchCommand, 'EraseBatch'>, batch: Begun): Verdict => {
  if (batch.step !== 'completed') return reject('BATCH_UNKNOWN');
  return batch.erased ? accept() : accept({ type: 'BatchErased', batchId: batch.plan.batchId, reason, at });
};
const settle = ({ at }: Of<BatchCommand, 'SettleBatch'>, batch: Begun): Verdict =>
  (batch.step === 'aborted' || batch.step === 'completed') && !batch.settled ? accept({ type: 'ImportSettled', batchId: batch.plan.batchId, at }) : accept();

const finish = ({ bytes, at }: Of<BatchCommand, 'FinishContent'>, batch: Begun): Verdict => {
  switch (batch.step) {
    case 'receiving': return accept({ type: 'ContentFinished', bytes, at });
    case 'processing':
    case 'ready':
    case 'completed': return accept();
    case 'aborted': return reject('IMPORT_ABORTED');
  }
};

const complete = ({ expected, maxRefused, at }: Of<BatchCommand, 'CompleteBatch'>, batch: Begun): Verdict => {
  switch (batch.step) {
    case 'receiving': return reject('CONTENT_MISSING');
    case 'processing': return reject('IMPORT_PROCESSING');
    case 'aborted': return reject('IMPORT_ABORTED');
    case 'completed': return accept();
    case 'ready': {
      const { plan, vault, refused, segments } = batch;
      if (vault.rows === 0) return reject('IMPORT_EMPTY', { refused: String(refused) });
      if (expected !== undefined && expected !== vault.rows) return reject('COUNT_DIFFERS', { expected: String(expected), sealed: String(vault.rows), refused: String(refused) });
      if (maxRefused !== undefined && refused > maxRefused) return reject('TOO_MANY_REFUSED', { refused: String(refused), maxRefused: String(maxRefused) });
      const quantity = vault.rows * plan.uses;
      const { unitCostMicros, unitTaxMicros, currency } = plan.terms;
      const cost = lineAmount(unitCostMicros, quantity, currency);
      return accept({ type: 'ImportCompleted', plan, vault, quantity, cost, inputTax: lineAmount(unitTaxMicros, quantity, currency), segments, at });
    }
  }
};
/** What a repeated start must agree in; a plan asked again finds out the same from the catalogue or not, that is not the caller's doing. */
const samePlan = (a: BatchPlan, b: BatchPlan): boolean =>
  a.productId === b.productId && a.uses === b.uses && a.validUntil === b.validUntil && a.terms.unitCostMicros === b.terms.unitCostMicros &&
  a.terms.supplierId === b.terms.supplierId && sameSource(a.source, b.source);
/** What is to be minted, or how the file is to be read. */
const sameSource = (a: BatchPlan['source'], b: BatchPlan['source']): boolean => {
  if (a.type === 'mint') return b.type === 'mint' && a.plan.quantity === b.plan.quantity && a.plan.pattern === b.plan.pattern && a.plan.alphabet === b.plan.alphabet;
  if (b.type === 'mint') return false;
  const [one, other] = [a.format, b.format];
  return one.encoding === other.encoding && one.delimiter === other.delimiter && one.header === other.header && one.columns?.join() === other.columns?.join();
};

const evolve = (batch: Batch, event: BatchEvent): Batch => {
  const plan = batch.step === 'none' ? undefined : batch.plan;
  switch (event.type) {
    case 'BatchStarted': return { step: event.plan.source.type === 'mint' ? 'processing' : 'receiving', plan: event.plan };
    case 'ContentFinished': return { step: 'processing', plan: plan! };
    case 'BatchSealed': return { step: 'ready', plan: plan!, vault: event.vault, refused: event.refused, segments: event.segments };
    case 'ImportCompleted': return { step: 'completed', plan: event.plan, vault: event.vault, segments: event.segments, settled: false, erased: false };
    case 'BatchErased': return batch.step === 'completed' ? { ...batch, settled: false, erased: true } : batch;
    case 'ImportAborted': return { step: 'aborted', plan: plan!, settled: false };
    case 'ImportSettled': return batch.step === 'aborted' || batch.step === 'completed' ? { ...batch, settled: true } : batch;
  }
};

export const batch: Decider<Batch, BatchCommand, BatchEvent, BatchRejection> = { decide, evolve, initial: { step: 'none' } };

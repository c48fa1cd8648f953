import type { MessageInitShape } from '@bufbuild/protobuf';
import type { JobSchema } from '@vouchsafe/proto/inventory/v1/imports';
import type { Collection } from '@vouchsafe/read-store';
import type { BatchAnswer, Imports } from '../application/imports.js';
import type { Batch, BatchPlan, BatchRejection } from '../domain/batch.js';
import type { Details } from '@vouchsafe/kernel';
import type { BatchCard, BatchState } from '../projections/batches.js';
import { failureOf } from './errors.js';
import { type ImportFacts, STATES } from './messages.js';

export type FactsOptions = { readonly imports: Imports; readonly cards: Collection<BatchCard> };

const STEPS: Readonly<Record<Exclude<Batch['step'], 'none'>, BatchState>> = {
  receiving: 'RECEIVING', processing: 'PROCESSING', ready: 'READY', completed: 'COMPLETED', aborted: 'ABORTED',
};
/** Whoever reads COMPLETED may sell: until the pool has received the batch, it is told as what it was before. */
const stateOf = (batch: Exclude<Batch, { step: 'none' }>): BatchState => {
  if (batch.step !== 'completed' || batch.settled || batch.erased) return STEPS[batch.step];
  return batch.plan.source.type === 'mint' ? 'PROCESSING' : 'READY';
};
/** State from the stream, counts from vault and spool, times from the view, which may lag a moment. */
export const factsOf = async ({ imports, cards }: FactsOptions, batchId: string): Promise<ImportFacts> => {
  const batch = await imports.load(batchId);
  if (batch.step === 'none') throw failureOf('IMPORT_UNKNOWN');
  const { startedAt, endedAt, reason, bytes, version } = (await cards.get(batchId))?.value ?? UNSEEN;
  const { rows, refused, line } = await imports.progress(batchId);
  const nextOffset = batch.step === 'receiving' ? await imports.received(batchId) : bytes;
  return { ...planned(batch.plan, stateOf(batch), startedAt), nextOffset, lines: line, accepted: rows, refused, reason, endedAt, version };
};
const UNSEEN = { startedAt: 0, endedAt: 0, reason: '', bytes: 0, version: 0 };

export const planned = ({ importId, batchId, productId, source }: BatchPlan, state: BatchState, startedAt: number): ImportFacts => ({
  importId, batchId, productId, state, nextOffset: 0, lines: 0, accepted: 0, refused: 0, reason: '', startedAt, endedAt: 0, minted: source.type === 'mint', version: 0,
});

/** A minting as a job; `plan` where it is only being looked at. */
export const jobOf = async ({ imports, cards }: FactsOptions, batchId: string, plan?: BatchPlan): Promise<MessageInitShape<typeof JobSchema>> => {
  const batch = await imports.load(batchId);
  const of = batch.step === 'none' ? plan : batch.plan;
  if (of?.source.type !== 'mint') throw failureOf('JOB_UNKNOWN');
  const state = batch.step === 'none' ? 'PROCESSING' : stateOf(batch);
  const [{ rows }, card] = [await imports.progress(batchId), await cards.get(batchId)];
  return { jobId: batchId.replace(/^bat_/, 'job_'), state: STATES[state], batchId, done: BigInt(rows), total: BigInt(of.source.plan.quantity), reason: card?.value.reason ?? '' };
};

/** Throws what a refused command means to the caller. */
export const answered = (answer: BatchAnswer | { readonly ok: true } | { readonly ok: false; readonly code: BatchRejection; readonly details: Details }): void => {
  if (!answer.ok) throw failureOf(answer.code, answer.details);
};

import type { DeciderHost, Envelope, EventStore, Handled } from '@vouchsafe/event-store';
import type { Journal } from '@vouchsafe/journal';
import { type Decision, instant, invariant } from '@vouchsafe/kernel';
import type { Clock, Log, Random } from '@vouchsafe/runtime';
import type { CodeVault, Spool } from '@vouchsafe/vault';
import type { InventoryConfig } from '../config.js';
import { type Batch, type BatchCommand, type BatchEvent, type BatchPlan, type BatchRejection, batch as decider } from '../domain/batch.js';
import type { Units } from '../domain/stock-types.js';
import { UnreadableFile } from './intake/reader.js';
import type { Pools } from './pools.js';
import { AbandonedBatch, sealBatch } from './sealing.js';
import { Slots } from './slots.js';
import { batchStream } from './streams.js';

export type BatchHost = DeciderHost<Batch, BatchCommand, BatchEvent, BatchRejection>;
export type BatchAnswer = Handled<Batch, BatchEvent, BatchRejection>;
export type ImportsOptions = {
  readonly store: EventStore; readonly batches: BatchHost; readonly pools: Pools; readonly vault: CodeVault; readonly spool: Spool; readonly journal: Journal;
  readonly clock: Clock; readonly random: Random; readonly log: Log; readonly config: InventoryConfig;
};

/** Segments one batch may have: each is a range the pool keeps. A file sorted by expiry needs one per expiry. */
const SEGMENTS_MAX = 4_096;

/** An import's way: opened, filled, its codes sealed into the vault, then completed into the pool or aborted. */
export class Imports {
  readonly #options: ImportsOptions;
  readonly #running = new Map<string, Promise<void>>();
  readonly #slots: Slots;
  /** Given up while being sealed: sealing stops at the next chance. */
  readonly #aborting = new Set<string>();
  #stopped = false;

  constructor(options: ImportsOptions) {
    this.#options = options;
    this.#slots = new Slots(options.config.importsAtOnce);
  }

  /** Idempotent by the plan's batch id. */
  async start(plan: BatchPlan, envelope: Envelope): Promise<BatchAnswer> {
    const answer = await this.#decide(plan.batchId, { type: 'StartBatch', plan, at: envelope.at }, envelope);
    if (answer.ok && plan.source.type === 'mint') this.process(plan.batchId);
    return answer;
  }
  async load(batchId: string): Promise<Batch> {
    return (await this.#options.batches.load(batchStream(batchId))).state;
  }
  /** What a command would be answered; changes nothing. */
  async check(batchId: string, command: BatchCommand): Promise<Decision<BatchEvent, BatchRejection>> {
    return decider.decide(command, await this.load(batchId));
  }
  /** Bytes on the disk: where the next chunk belongs. */
  received(batchId: string): Promise<number> {
    return this.#options.spool.size(batchId);
  }
  /** Adds a chunk; on the disk when this settles. Answers the next offset. */
  append(batchId: string, offset: number, chunk: Uint8Array): Promise<number> {
    return this.#options.spool.append(batchId, offset, chunk);
  }
  /** Codes sealed and lines refused so far. */
  async progress(batchId: string): Promise<{ rows: number; refused: number; line: number }> {
    return (await this.#options.vault.batch(batchId)) ?? { rows: 0, refused: 0, line: 0 };
  }

  /** No more content comes; the codes are checked and sealed from now on. May be called again. */
  async finishContent(batchId: string, envelope: Envelope): Promise<BatchAnswer> {
    const bytes = await this.#options.spool.size(batchId);
    const answer = await this.#decide(batchId, { type: 'FinishContent', bytes, at: envelope.at }, envelope);
    if (answer.ok) this.process(batchId);
    return answer;
  }

  /** Puts the accepted codes on sale. Idempotent. */
  async complete(batchId: string, limits: { readonly expected?: number; readonly maxRefused?: number }, envelope: Envelope): Promise<BatchAnswer> {
    const answer = await this.#decide(batchId, { type: 'CompleteBatch', ...limits, at: envelope.at }, envelope);
    if (answer.ok) await this.settle(batchId, envelope);
    return answer;
  }
  async abort(batchId: string, reason: string, envelope: Envelope): Promise<BatchAnswer> {
    const answer = await this.#decide(batchId, { type: 'AbortBatch', reason, at: envelope.at }, envelope);
    if (!answer.ok) return answer;
    this.#aborting.add(batchId);
    try {
      await this.#running.get(batchId);
      await this.settle(batchId, envelope);
    } finally {
      this.#aborting.delete(batchId);
    }
    return answer;
  }

  /** Destroys the key of a completed batch, whose free units have left stock before. Idempotent. */
  async erase(batchId: string, reason: string, envelope: Envelope): Promise<BatchAnswer> {
    const answer = await this.#decide(batchId, { type: 'EraseBatch', reason, at: envelope.at }, envelope);
    if (answer.ok) await this.settle(batchId, envelope);
    return answer;
  }

  /**
   * Carries out what the batch's end means, in this order: vault, journal, pool, spool. Each step may be repeated; a crash
   * between them is finished by a deadline.
   */
  async settle(batchId: string, envelope: Envelope): Promise<void> {
    const { store, vault, journal, spool, clock, log } = this.#options;
    const batch = await this.load(batchId);
    if ((batch.step !== 'completed' && batch.step !== 'aborted') || batch.settled) return;
    await store.durable(store.head()); // the vault must not run ahead of the log
    const { importId } = batch.plan;
    const ended = { type: 'ImportEnded', importId, batchId, outcome: batch.step, principal: envelope.principal } as const;
    if (batch.step === 'aborted') {
      await vault.abort(batchId);
      journal.record(ended);
    } else if (batch.erased) {
      const { hashesDeleted } = await vault.erase(batchId);
      log.warn({ batchId, hashesDeleted }, 'destroyed the key of a batch; its codes can never be read again');
      journal.record({ type: 'Erased', kind: 'batch', id: batchId, principal: envelope.principal, reason: 'batch erased' });
      await journal.flush();
    } else {
      await vault.complete(batchId);
      journal.record(ended);
      await journal.flush();
      await this.#shelve(batch.plan, batch.segments, envelope);
    }
    await spool.remove(batchId);
    await this.#decide(batchId, { type: 'SettleBatch', at: clock.now() }, { ...envelope, commandId: `${batchId}/settle/${batch.step === 'completed' && batch.erased ? 'erased' : batch.step}` });
  }
  async #shelve({ batchId, productId, terms, lowStockAt }: BatchPlan, segments: readonly Units[], envelope: Envelope): Promise<void> {
    const { pools, clock } = this.#options;
    const receive = { type: 'ReceiveBatch', batchId, productId, terms, segments, lowStockAt, at: clock.now() } as const;
    const received = await pools.decide(productId, receive, { ...envelope, commandId: `${batchId}/receive` });
    invariant(received.ok, 'a pool receives a completed batch');
  }

  /** Checks and seals a batch's codes in the background; goes on where an earlier run stopped. */
  process(batchId: string): void {
    if (this.#running.has(batchId) || this.#stopped) return;
    const run = this.#slots
      .run(() => this.#process(batchId))
      .catch((error: unknown) => this.#options.log.error({ batchId, error }, 'sealing an import stopped; it is tried again'))
      .finally(() => this.#running.delete(batchId));
    this.#running.set(batchId, run);
  }
  /** Settles when the batch's codes are no longer being sealed. */
  async processed(batchId: string): Promise<void> {
    await this.#running.get(batchId);
  }
  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.all(this.#running.values());
    await this.#options.spool.close();
  }

  async #process(batchId: string): Promise<void> {
    const { clock, config } = this.#options;
    const batch = await this.load(batchId);
    if (batch.step !== 'processing') return;
    const envelope: Envelope = { commandId: `${batchId}/sealed`, correlation: batchId, principal: 'svc_inventory', at: clock.now() };
    const done = await sealBatch({ ...this.#options, sealRows: config.sealRows }, batch.plan, () => this.#stopped || this.#aborting.has(batchId)).catch((error: unknown) => {
      if (error instanceof UnreadableFile) return error.problem;
      if (error instanceof AbandonedBatch) return 'ABANDONED_AFTER_BACKUP';
      throw error;
    });
    if (typeof done === 'string') await this.#giveUp(batchId, done, envelope);
    else if (done) await this.#noteSealed(batch.plan, envelope);
  }
  async #noteSealed({ batchId, importId, source }: BatchPlan, envelope: Envelope): Promise<void> {
    const { vault, journal, clock, log } = this.#options;
    const segments = (await vault.segments(batchId)).map(({ from, to, expiresAt }) => ({ batchId, from, to, ...(expiresAt !== undefined && { validUntil: instant(expiresAt) }) }));
    if (segments.length > SEGMENTS_MAX) return this.#giveUp(batchId, 'TOO_MANY_EXPIRIES', envelope);
    const sealed = await vault.batch(batchId);
    invariant(sealed, 'a sealed batch is in the vault');
    await journal.flush();
    const { rows, hash, refused } = sealed;
    const answer = await this.#decide(batchId, { type: 'NoteSealed', vault: { rows, hash }, refused, segments, at: clock.now() }, envelope);
    log.info({ importId, accepted: rows, refused }, 'the codes of an import are sealed');
    if (answer.ok && source.type === 'mint') await this.complete(batchId, {}, { ...envelope, commandId: `${batchId}/minted` });
  }
  async #giveUp(batchId: string, reason: string, envelope: Envelope): Promise<void> {
    await this.#decide(batchId, { type: 'AbortBatch', reason, at: this.#options.clock.now() }, { ...envelope, commandId: `${batchId}/give-up` });
    await this.settle(batchId, envelope);
  }

  #decide(batchId: string, command: BatchCommand, envelope: Envelope): Promise<BatchAnswer> {
    return this.#options.batches.handle(batchStream(batchId), command, { ...envelope, at: command.at });
  }
}

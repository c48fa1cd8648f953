import { Fault } from '@vouchsafe/kernel';
import type { Clock, Log } from '@vouchsafe/runtime';
import type { Consumer, ConsumerConfig, EachBatchPayload, KafkaMessage } from 'kafkajs';
import { RETRY } from '../client.js';
import { type Incoming, textHeaders } from '../wire.js';
import { within } from '../within.js';
import { PartitionProgress } from './progress.js';

export type Assignment = Readonly<Record<string, readonly number[]>>;
export type IntakeOptions = {
  readonly groupId: string;
  readonly topics: readonly string[];
  readonly connect: (config: ConsumerConfig) => Consumer;
  readonly sessionTimeoutMs: number;
  /** The effect of one message. Called in order per partition, without awaiting the one before. A rejection begins the intake anew from what is committed. */
  readonly handle: (message: Incoming) => Promise<void>;
  /** Told of the partitions before any of their messages; the former assignment is over then. */
  readonly onAssigned?: (assignment: Assignment) => Promise<void>;
  /** For one who reads what is live: nothing is committed, and each term begins where this says. */
  readonly startAt?: (topic: string, partition: number) => number | undefined;
  readonly clock: Clock;
  readonly log: Log;
};

/** Messages of one partition handled at once, from which on it is paused, and below which it is resumed. */
const HIGH = 500;
const LOW = 100;
const COMMIT_EVERY_MS = 250;
const CLOSE_MS = 8000;
const DRAIN_MS = 15_000;
const BACKOFF_MS = 200;
const BACKOFF_MAX_MS = 10_000;
const MAX_WAIT_MS = 500;
const COMMIT_MS = 5000;
/** Others are waited for so long in a rebalance; who has no partitions after so many times that has been forgotten. */
const rebalanceMs = (sessionTimeoutMs: number): number => Math.max(sessionTimeoutMs, 10_000);
const LOST_AFTER_REBALANCES = 3;
/** What one fetch may bring of a partition beyond {@link HIGH}. */
const PARTITION_BYTES = 262_144;

/** One membership of the group: what is assigned until the next rebalance. Its messages count no more once it is over. */
type Term = { readonly assignment: Assignment; readonly progress: Map<string, PartitionProgress>; readonly committed: Map<string, number>; readonly paused: Set<string>; readonly ready: Promise<void> };

/**
 * A member of a consumer group: effect first, offsets after. Messages of a batch are handed over at once, in order; committed is
 * the offset below which all are done. What was taken before a rebalance is finished but not committed after it.
 */
export class Intake {
  readonly #options: IntakeOptions;
  readonly #abort = new AbortController();
  #consumer: Consumer | undefined;
  #term: Term | undefined;
  #joined = Promise.withResolvers<void>();
  #restarting: Promise<void> | undefined;
  /** How often a beginning was asked for. */
  #wanted = 0;
  #committing: Promise<void> | undefined;
  #running = 0;
  #idle: (() => void)[] = [];
  #failing: unknown;
  /** Since when a rebalance has left it without partitions, monotonic. */
  #withoutSince: number | undefined;
  restarts = 0;

  constructor(options: IntakeOptions) {
    this.#options = options;
  }

  get groupId(): string {
    return this.#options.groupId;
  }
  get topics(): readonly string[] {
    return this.#options.topics;
  }
  /** Why it takes nothing in; undefined where all is well. */
  get failing(): unknown {
    return this.#failing;
  }
  /** Messages being handled. */
  get inFlight(): number {
    return this.#running;
  }
  get assignment(): Assignment {
    return this.#term?.assignment ?? {};
  }
  /** Below these offsets everything is done; of partitions of which something was taken. */
  watermark(topic: string, partition: number): number | undefined {
    return this.#term?.progress.get(`${topic}/${partition}`)?.watermark;
  }

  /** Settles when partitions are assigned. Tries again until then, or until it is stopped. */
  async start(): Promise<void> {
    this.#begin(undefined);
    await this.#joined.promise;
  }

  /** Leaves the group and joins it again, from what is committed. May be called at any time. */
  restart(reason: unknown): void {
    if (this.#abort.signal.aborted) return;
    this.#options.log.warn({ group: this.groupId, reason: String(reason) }, 'a consumer begins anew');
    this.#begin(reason);
  }

  #begin(reason: unknown): void {
    this.#failing = reason;
    this.#wanted++;
    this.#restarting ??= this.#beginAnew(reason !== undefined);
  }

  /** Until it has joined, and nobody has asked for another beginning since. */
  async #beginAnew(again: boolean): Promise<void> {
    const { clock, log } = this.#options;
    const { signal } = this.#abort;
    await Promise.resolve(); // so that whoever began it has it noted
    if (again) this.restarts++;
    try {
      for (let failures = again ? 1 : 0; !signal.aborted; failures++) {
        await this.#close();
        if (failures > 0) await clock.sleep(Math.min(BACKOFF_MAX_MS, BACKOFF_MS * 2 ** (failures - 1)), signal);
        if (signal.aborted) break;
        const wanted = this.#wanted;
        try {
          await this.#join();
          if (wanted === this.#wanted) return;
        } catch (error) {
          this.#failing = error;
          log.warn({ group: this.groupId, error: String(error) }, 'a consumer could not join its group; it tries again');
        }
      }
      this.#joined.resolve();
    } finally {
      this.#restarting = undefined; // in the same turn as the last look
    }
  }

  async #join(): Promise<void> {
    const { connect, groupId, topics, sessionTimeoutMs } = this.#options;
    const consumer = connect({
      groupId, sessionTimeout: sessionTimeoutMs, heartbeatInterval: Math.floor(sessionTimeoutMs / 5), rebalanceTimeout: rebalanceMs(sessionTimeoutMs),
      maxWaitTimeInMs: MAX_WAIT_MS, minBytes: 1, maxBytesPerPartition: PARTITION_BYTES, allowAutoTopicCreation: false,
      // kafkajs restarts some crashed consumers by itself, some never: we restart all of them, in one way.
      retry: { ...RETRY, restartOnFailure: async () => false },
    });
    this.#consumer = consumer;
    const joined = Promise.withResolvers<void>();
    joined.promise.catch(() => {}); // told to whoever awaits the run below, or begun anew by restart()
    consumer.on(consumer.events.GROUP_JOIN, ({ payload }) => {
      if (this.#consumer === consumer) this.#begun(payload.memberAssignment);
      joined.resolve();
    });
    consumer.on(consumer.events.REBALANCING, () => {
      if (this.#consumer !== consumer) return;
      this.#term = undefined;
      this.#withoutSince ??= this.#options.clock.monotonicMs();
    });
    consumer.on(consumer.events.CRASH, ({ payload }) => {
      joined.reject(payload.error);
      if (this.#consumer === consumer) this.restart(payload.error);
    });
    await consumer.connect();
    await consumer.subscribe({ topics: [...topics], fromBeginning: true });
    await consumer.run({
      autoCommit: false, eachBatchAutoResolve: false, partitionsConsumedConcurrently: 8, eachBatch: (payload) => this.#batch(consumer, payload),
    });
    await joined.promise;
  }

  #begun(assignment: Assignment): void {
    const { onAssigned, log } = this.#options;
    log.info({ group: this.groupId, assignment }, 'a consumer has its partitions');
    const ready = Promise.resolve(onAssigned?.(assignment));
    ready.catch((error: unknown) => this.restart(error));
    this.#term = { assignment, progress: new Map(), committed: new Map(), paused: new Set(), ready };
    this.#failing = undefined;
    this.#withoutSince = undefined;
    const paused = this.#consumer?.paused() ?? [];
    if (paused.length > 0) this.#consumer?.resume(paused);
    this.#seek(assignment);
    this.#joined.resolve();
  }

  #seek(assignment: Assignment): void {
    const { startAt } = this.#options;
    if (!startAt) return;
    for (const [topic, partitions] of Object.entries(assignment)) {
      for (const partition of partitions) {
        const offset = startAt(topic, partition);
        if (offset !== undefined) this.#consumer?.seek({ topic, partition, offset: String(offset) });
      }
    }
  }

  async #batch(consumer: Consumer, { batch, resolveOffset, isRunning, isStale, pause }: EachBatchPayload): Promise<void> {
    if (consumer !== this.#consumer) return;
    const term = this.#term;
    if (!term) return this.restart('messages come, but nobody told of partitions');
    await term.ready;
    // From here to the end nothing else runs: a rebalance cannot come between what is taken and what is resolved.
    if (term !== this.#term || consumer !== this.#consumer || this.#abort.signal.aborted || !isRunning() || isStale()) return;
    const { topic, partition } = batch;
    const progress = term.progress.get(`${topic}/${partition}`) ?? new PartitionProgress();
    term.progress.set(`${topic}/${partition}`, progress);
    for (const message of batch.messages) this.#take(term, progress, incoming(topic, partition, message));
    resolveOffset(batch.lastOffset());
    if (progress.inFlight < HIGH) return;
    term.paused.add(`${topic}/${partition}`);
    pause();
  }

  #take(term: Term, progress: PartitionProgress, message: Incoming): void {
    const done = progress.take(Number(message.offset));
    this.#running++;
    const failed = (error: unknown): void => {
      if (term === this.#term) this.restart(error);
    };
    void this.#handle(message).then(done, failed).finally(() => this.#ended(term, message, progress));
  }

  async #handle(message: Incoming): Promise<void> {
    await this.#options.handle(message);
  }

  #ended(term: Term, { topic, partition }: Incoming, progress: PartitionProgress): void {
    this.#running--;
    if (this.#running === 0) for (const tell of this.#idle.splice(0)) tell();
    if (term !== this.#term) return;
    if (term.paused.size > 0 && progress.inFlight <= LOW && term.paused.delete(`${topic}/${partition}`)) this.#consumer?.resume([{ topic, partitions: [partition] }]);
    this.#committing ??= this.#commitSoon();
  }

  async #commitSoon(): Promise<void> {
    await this.#options.clock.sleep(COMMIT_EVERY_MS, this.#abort.signal);
    this.#committing = undefined;
    await this.#commit();
  }

  /** Commits what is done in the present term. What cannot be committed is only handled again. */
  async #commit(): Promise<void> {
    const [term, consumer] = [this.#term, this.#consumer];
    if (!term || !consumer || this.#options.startAt) return;
    const offsets: { topic: string; partition: number; offset: string }[] = [];
    for (const [key, { watermark }] of term.progress) {
      if (watermark === undefined || term.committed.get(key) === watermark) continue;
      const at = key.lastIndexOf('/');
      offsets.push({ topic: key.slice(0, at), partition: Number(key.slice(at + 1)), offset: String(watermark) });
    }
    if (offsets.length === 0) return;
    try {
      await consumer.commitOffsets(offsets);
      for (const { topic, partition, offset } of offsets) term.committed.set(`${topic}/${partition}`, Number(offset));
    } catch (error) {
      this.#options.log.debug({ group: this.groupId, error: String(error) }, 'offsets could not be committed; what was handled since comes again');
    }
  }

  async #close(): Promise<void> {
    const consumer = this.#consumer;
    this.#consumer = undefined;
    this.#term = undefined;
    this.#withoutSince = undefined;
    if (!consumer) return;
    const closed = consumer.disconnect().catch((error: unknown) => this.#options.log.debug({ group: this.groupId, error: String(error) }, 'a consumer did not leave in good order'));
    await within(this.#options.clock, CLOSE_MS, closed);
  }

  /** Takes nothing more, lets what runs finish (bounded), commits, leaves the group. */
  async stop(): Promise<void> {
    this.#abort.abort();
    await this.#restarting;
    this.#consumer?.pause(Object.entries(this.assignment).map(([topic, partitions]) => ({ topic, partitions: [...partitions] })));
    if (this.#running > 0) {
      const idle = new Promise<void>((resolve) => this.#idle.push(resolve));
      if (!(await within(this.#options.clock, DRAIN_MS, idle))) this.#options.log.warn({ group: this.groupId, running: this.#running }, 'a consumer stops although messages are still being handled; they come again');
    }
    await within(this.#options.clock, COMMIT_MS, this.#commit());
    await this.#close();
  }

  /** The error as a fault, for those who ask how it is. */
  get problem(): Fault | undefined {
    return this.#failing === undefined ? this.lost : new Fault('CONSUMER_FAILING', `${this.groupId}: ${String(this.#failing)}`, true, { cause: this.#failing });
  }
  /** Without partitions for longer than any rebalance takes. */
  get lost(): Fault | undefined {
    const forMs = this.#withoutSince === undefined ? 0 : this.#options.clock.monotonicMs() - this.#withoutSince;
    if (forMs <= LOST_AFTER_REBALANCES * rebalanceMs(this.#options.sessionTimeoutMs)) return undefined;
    return new Fault('CONSUMER_WITHOUT_PARTITIONS', `${this.groupId}: a rebalance began ${Math.round(forMs / 1000)} s ago and has not ended`);
  }
}

const incoming = (topic: string, partition: number, { offset, key, value, headers }: KafkaMessage): Incoming => ({
  topic, partition, offset, key: key?.toString() ?? '', value: value?.toString() ?? '', headers: textHeaders(headers),
});

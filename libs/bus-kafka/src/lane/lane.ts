import { Fault } from '@vouchsafe/kernel';
import type { Clock, Log } from '@vouchsafe/runtime';
import { CompressionTypes, type Message, type Producer } from 'kafkajs';
import type { Outgoing } from '../wire.js';
import { within } from '../within.js';
import { type PartitionedMessage, recordingPartitioner } from './partitioner.js';

export type LaneOptions = {
  readonly name: string;
  readonly compression: 'gzip' | 'zstd';
  readonly clock: Clock;
  readonly log: Log;
  readonly connect: (partitioner: ReturnType<typeof recordingPartitioner>['create']) => Producer;
};
type Entry = {
  readonly topic: string;
  readonly message: PartitionedMessage;
  readonly bytes: number;
  /** Not sent any more after this (monotonic). */
  readonly until: number;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
};

const BATCH_MESSAGES = 500;
const BATCH_BYTES = 512 * 1024;
const MESSAGE_BYTES = 900 * 1024;
/** About what headers and key take. */
const HEADERS_BYTES = 512;
/** Smaller batches cost more to compress than to send. */
const COMPRESS_FROM_BYTES = 16_384;
const WAITING_MAX = 20_000;
const ACK_TIMEOUT_MS = 5000;
const BACKOFF_MS = 100;
const BACKOFF_MAX_MS = 2000;
const CLOSE_MS = 5000;
/** What is wrong with a message or its topic, not with the world. */
const REFUSED = new Set([
  'UNKNOWN_TOPIC_OR_PARTITION', 'INVALID_TOPIC_EXCEPTION', 'TOPIC_AUTHORIZATION_FAILED', 'MESSAGE_TOO_LARGE', 'RECORD_LIST_TOO_LARGE', 'INVALID_RECORD', 'POLICY_VIOLATION',
]);

/**
 * Sends messages in the order they were handed over: one batch is on its way at a time, and what comes meanwhile gathers for the
 * next. Un-awaited sends are reordered when a leader falls; and a batch to several leaders, of which one falls, is called sent by
 * kafkajs although its part was not. So each partition's acknowledgement is looked for, and what has none is sent again.
 */
export class Lane {
  readonly #options: LaneOptions;
  readonly #partitioner = recordingPartitioner();
  #producer: Promise<Producer> | undefined;
  #waiting: Entry[] = [];
  #pumping: Promise<void> | undefined;
  readonly #abort = new AbortController();
  #failing: unknown;

  constructor(options: LaneOptions) {
    this.#options = options;
  }

  /** Why nothing can be sent just now; undefined where all is well. */
  get failing(): unknown {
    return this.#failing;
  }

  /** Settles when all in-sync replicas have it. After `forMs` it is not sent any more if it was not yet; the promise then rejects. */
  send(topic: string, message: Outgoing, forMs = Infinity): Promise<void> {
    const bytes = Buffer.byteLength(message.value) + HEADERS_BYTES;
    if (this.#abort.signal.aborted) return Promise.reject(new Fault('BUS_STOPPED', 'the bus is stopped'));
    if (bytes > MESSAGE_BYTES) return Promise.reject(new Fault('MESSAGE_TOO_LARGE', `a message of ${bytes} bytes for ${topic}`, false));
    if (this.#waiting.length >= WAITING_MAX) return Promise.reject(new Fault('BUSY', 'too many messages wait to be sent; try again'));
    return new Promise((resolve, reject) => {
      const { key, value, headers } = message;
      this.#waiting.push({ topic, message: { key, value, headers: { ...headers } }, bytes, until: this.#options.clock.monotonicMs() + forMs, resolve, reject });
      this.#pumping ??= this.#pump();
    });
  }

  /** Connects, so that the first message does not wait for it. */
  async open(): Promise<void> {
    await (this.#producer ??= this.#connect());
  }

  async #connect(): Promise<Producer> {
    const producer = this.#options.connect(this.#partitioner.create);
    try {
      await producer.connect();
      return producer;
    } catch (error) {
      this.#producer = undefined;
      throw error;
    }
  }

  async #pump(): Promise<void> {
    await Promise.resolve(); // what is handed over in this turn goes together
    try {
      for (let failures = 0; this.#waiting.length > 0; ) {
        const rest = await this.#attempt(this.#take());
        if (rest.length === 0) {
          failures = 0;
          this.#failing = undefined;
          continue;
        }
        this.#waiting.unshift(...rest);
        if (this.#abort.signal.aborted) return this.#giveUp();
        await this.#options.clock.sleep(Math.min(BACKOFF_MAX_MS, BACKOFF_MS * 2 ** failures++), this.#abort.signal);
      }
    } finally {
      this.#pumping = undefined; // in the same turn as the last look: whoever comes later begins anew
    }
  }

  #take(): Entry[] {
    const now = this.#options.clock.monotonicMs();
    const batch: Entry[] = [];
    let bytes = 0;
    let taken = 0;
    for (const entry of this.#waiting) {
      if (batch.length >= BATCH_MESSAGES || (bytes > 0 && bytes + entry.bytes > BATCH_BYTES)) break;
      taken++;
      if (entry.until < now) entry.reject(new Fault('SILENT', `a message for ${entry.topic} could not be sent in its time`));
      else {
        batch.push(entry);
        bytes += entry.bytes;
      }
    }
    this.#waiting = this.#waiting.slice(taken);
    return batch;
  }

  /** Those that are to be sent again. A failure with several topics is looked at topic by topic, so that one does not hold up all. */
  async #attempt(batch: readonly Entry[]): Promise<readonly Entry[]> {
    const topics = new Set(batch.map(({ topic }) => topic));
    try {
      return await this.#sendOnce(batch);
    } catch (error) {
      if (topics.size === 1) return this.#failed(batch, error);
    }
    const rest: Entry[] = [];
    for (const topic of topics) {
      const part = batch.filter((entry) => entry.topic === topic);
      rest.push(...await this.#sendOnce(part).catch((error: unknown) => this.#failed(part, error)));
    }
    return rest;
  }

  async #sendOnce(batch: readonly Entry[]): Promise<readonly Entry[]> {
    if (batch.length === 0) return [];
    const producer = await (this.#producer ??= this.#connect());
    const byTopic = new Map<string, Message[]>();
    for (const { topic, message } of batch) {
      const known = byTopic.get(topic);
      if (known) known.push(message);
      else byTopic.set(topic, [message]);
    }
    const compress = batch.reduce((sum, { bytes }) => sum + bytes - HEADERS_BYTES, 0) >= COMPRESS_FROM_BYTES;
    const answers = await producer.sendBatch({
      acks: -1, timeout: ACK_TIMEOUT_MS,
      compression: compress ? (this.#options.compression === 'zstd' ? CompressionTypes.ZSTD : CompressionTypes.GZIP) : CompressionTypes.None,
      topicMessages: [...byTopic].map(([topic, messages]) => ({ topic, messages })),
    });
    const acknowledged = new Set(answers.filter(({ errorCode }) => errorCode === 0).map(({ topicName, partition }) => `${topicName}/${partition}`));
    const rest: Entry[] = [];
    for (const entry of batch) {
      if (acknowledged.has(`${entry.topic}/${this.#partitioner.partitionOf(entry.message)}`)) entry.resolve();
      else rest.push(entry);
    }
    if (rest.length > 0) this.#options.log.warn({ lane: this.#options.name, messages: rest.length }, 'a part of a batch was not acknowledged; it is sent again');
    return rest;
  }

  /** Entries of one topic that could not be sent. */
  async #failed(batch: readonly Entry[], error: unknown): Promise<readonly Entry[]> {
    const type = typeOf(error);
    const { name, log } = this.#options;
    if (type !== undefined && REFUSED.has(type)) {
      if (batch.length > 1 && type !== 'UNKNOWN_TOPIC_OR_PARTITION' && type !== 'TOPIC_AUTHORIZATION_FAILED') return this.#oneByOne(batch);
      for (const { topic, reject } of batch) reject(new Fault(type === 'UNKNOWN_TOPIC_OR_PARTITION' ? 'TOPIC_MISSING' : 'MESSAGE_REFUSED', `${topic}: ${type}`, type !== 'MESSAGE_TOO_LARGE', { cause: error }));
      return [];
    }
    this.#failing = error;
    log.warn({ lane: name, error: String(error) }, 'messages could not be sent; a fresh producer tries again');
    await this.#forget();
    return batch;
  }

  async #oneByOne(batch: readonly Entry[]): Promise<readonly Entry[]> {
    const rest: Entry[] = [];
    for (const entry of batch) {
      if (rest.length > 0) rest.push(entry); // behind one that waits, to keep the order
      else rest.push(...await this.#sendOnce([entry]).catch((error: unknown) => this.#failed([entry], error)));
    }
    return rest;
  }

  /** A producer whose send failed for good is done with: its sequence numbers may be broken. */
  async #forget(): Promise<void> {
    const producer = await this.#producer?.catch(() => undefined);
    this.#producer = undefined;
    if (!producer) return;
    await within(this.#options.clock, CLOSE_MS, producer.disconnect().catch((error: unknown) => {
      this.#options.log.debug({ error: String(error) }, 'a producer did not leave in good order');
    }));
  }

  #giveUp(): void {
    for (const { reject } of this.#waiting.splice(0)) reject(new Fault('BUS_STOPPED', 'the bus stopped before the message could be sent'));
  }

  /** Sends what waits, as far as that is possible at once, and closes. */
  async stop(): Promise<void> {
    this.#abort.abort();
    await this.#pumping;
    await this.#forget();
  }
}

/** Kafka's name of an error, however deep kafkajs wrapped it. */
export const typeOf = (error: unknown): string | undefined => {
  for (let cause: unknown = error; cause instanceof Error; cause = cause.cause) {
    if ('type' in cause && typeof cause.type === 'string') return cause.type;
  }
  return undefined;
};

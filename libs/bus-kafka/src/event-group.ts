import { describeError, type EventHandler, type EventMessage, type ParkedMessage, type ParkedStore, type Retried, Subscription } from '@vouchsafe/bus';
import { Fault } from '@vouchsafe/kernel';
import type { Clock, Log, Namespace } from '@vouchsafe/runtime';
import type { Assignment } from './intake/intake.js';
import { partitionFor } from './lane/partitioner.js';
import { within } from './within.js';
import { type Incoming, readEvent, WireError } from './wire.js';

export type EventGroupOptions = {
  readonly group: string;
  readonly contexts: readonly string[];
  readonly namespace: Namespace;
  readonly handler: EventHandler;
  readonly skip: EventHandler | undefined;
  readonly parked: ParkedStore;
  readonly topicOf: (context: string) => string;
  readonly partitionsOf: (topic: string) => Promise<number | undefined>;
  readonly readPublished: (context: string, stream: string, fromPub: number, max: number) => Promise<readonly EventMessage[]>;
  readonly clock: Clock;
  readonly log: Log;
};

const SWEEP_MS = 1000;
/** Handlers of a term that is over are waited for so long (well below a session, which nobody keeps alive meanwhile); after that both may run, which effects bear. */
const OVERLAP_MS = 1500;

/**
 * The events of one consumer group as far as their partitions are ours. Each term has a {@link Subscription} of its own, which
 * knows from the parking which streams stand still.
 */
export class EventGroup {
  readonly #options: EventGroupOptions;
  readonly #abort = new AbortController();
  #subscription: Subscription | undefined;
  #assignment: Assignment = {};
  #sweeping: Promise<void> | undefined;

  constructor(options: EventGroupOptions) {
    this.#options = options;
  }

  /** Told of the partitions of a new term, before any of their messages. */
  async assigned(assignment: Assignment): Promise<void> {
    const { group, contexts, handler, skip, parked, clock, log, readPublished } = this.#options;
    const before = this.#subscription;
    if (before) await within(clock, OVERLAP_MS, before.stop());
    this.#assignment = assignment;
    const subscription = new Subscription({
      group, contexts: new Set(contexts), handler, skip, parked, clock, log, readPublished, onRetryLater: () => this.#sweepLater(),
    });
    for (const head of await parked.heads()) if (head.group === group && (await this.#owns(head))) await subscription.restore(head);
    this.#subscription = subscription;
    this.#sweepLater();
  }

  /** Settles when the event is handled or parked; rejects when it could not even be parked. */
  async take(message: Incoming): Promise<void> {
    let event: EventMessage;
    try {
      event = readEvent(this.#options.namespace, message);
    } catch (error) {
      if (!(error instanceof WireError)) throw error;
      return this.#parkUnreadable(message, error);
    }
    const subscription = this.#subscription;
    if (!subscription) throw new Fault('BUS_STOPPED', 'no partitions are assigned');
    await subscription.deliver([event]);
  }

  async #parkUnreadable({ topic, partition, offset, key }: Incoming, error: WireError): Promise<void> {
    const { group, parked, clock, log } = this.#options;
    const id = `${group}/${topic}/${partition}/${offset}`;
    await parked.put({ id, group, target: id, message: { topic, partition, offset, key }, error: describeError(error), attempts: 1, parkedAt: clock.now() });
    log.error({ group, topic, partition, offset, error: error.message }, 'a message that is no event is parked');
  }

  async retry(message: ParkedMessage): Promise<Retried> {
    return (await this.#owning(message)).retry(message.target);
  }
  async drop(message: ParkedMessage): Promise<Retried> {
    if (!isEvent(message)) {
      await this.#options.parked.remove(message.id);
      return { handled: 0 };
    }
    return (await this.#owning(message)).drop(message);
  }
  async #owning(message: ParkedMessage): Promise<Subscription> {
    if (!isEvent(message)) throw new Fault('MESSAGE_UNREADABLE', 'the message is no event; it can only be dropped', false);
    if (!this.#subscription || !(await this.#owns(message))) throw new Fault('NOT_THE_OWNER', `another instance has the partition of ${message.target}`);
    return this.#subscription;
  }
  async #owns(parked: ParkedMessage): Promise<boolean> {
    if (!isEvent(parked)) return false;
    const { context, stream } = parked.message as unknown as EventMessage;
    const topic = this.#options.topicOf(context);
    const partitions = await this.#options.partitionsOf(topic);
    return partitions !== undefined && (this.#assignment[topic]?.includes(partitionFor(stream, partitions)) ?? false);
  }

  #sweepLater(): void {
    this.#sweeping ??= this.#sweep();
  }
  /** Tries halted streams again whose fault may have passed, as long as there are any. */
  async #sweep(): Promise<void> {
    const { clock } = this.#options;
    const { signal } = this.#abort;
    await Promise.resolve(); // so that whoever began it has it noted
    try {
      for (;;) {
        const next = this.#subscription?.nextRetryAt ?? Infinity;
        if (next === Infinity || signal.aborted) return;
        await clock.sleep(Math.max(SWEEP_MS, next - clock.now()), signal);
        await this.#tryAgain();
      }
    } finally {
      this.#sweeping = undefined; // in the same turn as the last look
    }
  }
  async #tryAgain(): Promise<void> {
    const { clock, log, group } = this.#options;
    const subscription = this.#subscription;
    for (const stream of subscription?.retriableBy(clock.now()) ?? []) {
      if (this.#abort.signal.aborted) return;
      await subscription?.retry(stream).catch((error: unknown) => log.warn({ group, stream, error: String(error) }, 'a halted stream could not be tried again'));
    }
  }

  async stop(): Promise<void> {
    this.#abort.abort();
    await this.#sweeping;
    await this.#subscription?.stop();
  }
}

const isEvent = ({ message }: ParkedMessage): boolean => typeof message === 'object' && message !== null && 'stream' in message && 'pub' in message;

import { Fault, type Instant, isFault } from '@vouchsafe/kernel';
import type { Clock, Log } from '@vouchsafe/runtime';
import { KeyedQueue } from './keyed-queue.js';
import type { ParkedStore } from './parked-store.js';
import type { EventHandler, EventMessage, ParkedMessage, Retried } from './port.js';

export type SubscriptionOptions = {
  readonly group: string;
  readonly contexts: ReadonlySet<string>;
  readonly handler: EventHandler;
  readonly skip: EventHandler | undefined;
  readonly parked: ParkedStore;
  readonly clock: Clock;
  readonly log: Log;
  /** Told when a stream was halted that may be tried again by itself. */
  readonly onRetryLater: () => void;
  readonly readPublished: (context: string, stream: string, fromPub: number, max: number) => Promise<readonly EventMessage[]>;
};

/** Streams of one group handled at once. */
const CONCURRENT = 32;
const WAITING_MAX = 100_000;
const ATTEMPTS = 5;
const BACKOFF_MS = 20;
/** Later messages of a halted stream kept behind it; those beyond are fetched from their owner when it goes on. */
const BEHIND_MAX = 100;
/** More halted streams than this are no poisoned messages but a broken consumer: then the publisher is held up. */
const HALTED_MAX = 10_000;
const RETRY_MS = 1000;
const RETRY_MAX_MS = 5 * 60_000;
const REFETCH_PAGE = 100;

type Halt = { behind: number; readonly headId: string; retryAt: Instant | undefined };

/** Delivers events to one consumer group: in order per stream, with bounded attempts; then the stream is halted. */
export class Subscription {
  readonly #options: SubscriptionOptions;
  readonly #queue = new KeyedQueue({ concurrent: CONCURRENT, waitingMax: WAITING_MAX });
  readonly #halted = new Map<string, Halt>();
  readonly #abort = new AbortController();

  constructor(options: SubscriptionOptions) {
    this.#options = options;
  }

  get group(): string {
    return this.#options.group;
  }

  /** Takes up what an earlier process parked. */
  async restore(head: ParkedMessage): Promise<void> {
    const { parked, group } = this.#options;
    const waiting = await parked.list({ group, target: head.target, limit: BEHIND_MAX + 1 });
    this.#halted.set(head.target, { behind: waiting.length - 1, headId: head.id, retryAt: head.retryAt });
  }

  /** Settles when each event is handled or parked. Rejects only when it could not even be parked. */
  async deliver(events: readonly EventMessage[]): Promise<void> {
    const byStream = new Map<string, EventMessage[]>();
    for (const event of events) {
      if (!this.#options.contexts.has(event.context)) continue;
      const known = byStream.get(event.stream);
      if (known) known.push(event);
      else byStream.set(event.stream, [event]);
    }
    if (byStream.size === 0) return;
    const settled: Promise<void>[] = [];
    for (const [stream, list] of byStream) settled.push(this.#inTurn(stream, () => this.#deliverInOrder(stream, list)));
    await Promise.all(settled);
  }

  #inTurn<T>(stream: string, work: () => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const ended = (): void => this.#queue.ended(stream);
      this.#queue.push({ key: stream, start: () => void work().then(resolve, reject).then(ended) });
    });
  }

  async #deliverInOrder(stream: string, events: readonly EventMessage[]): Promise<void> {
    for (const event of events) {
      const halt = this.#halted.get(stream);
      if (halt) await this.#parkBehind(event, halt);
      else await this.#attempt(event);
    }
  }

  /** A first attempt that succeeds, as nearly all do, costs no more than the handler and its answer. */
  #attempt(event: EventMessage): Promise<void> {
    return this.#try(event).then((error) => (error === undefined ? undefined : this.#attemptAgain(event, error)));
  }
  async #attemptAgain(event: EventMessage, first: unknown): Promise<void> {
    for (let [attempt, error] = [1, first]; error !== undefined; attempt++, error = await this.#try(event)) {
      if (this.#abort.signal.aborted) throw new Fault('BUS_STOPPED', 'the bus stops');
      if (attempt >= ATTEMPTS) return this.#park(event, error, attempt);
      await this.#options.clock.sleep(BACKOFF_MS * 2 ** (attempt - 1), this.#abort.signal);
    }
  }

  /** The error, or undefined where the event was handled. */
  #try(event: EventMessage): Promise<unknown> {
    try {
      return this.#options.handler(event).then(handled, errorOf);
    } catch (error) {
      return Promise.resolve(errorOf(error));
    }
  }

  async #park(event: EventMessage, error: unknown, attempts: number): Promise<void> {
    const { group, parked, clock, log } = this.#options;
    if (!this.#halted.has(event.stream) && this.#halted.size >= HALTED_MAX) throw new Fault('TOO_MANY_PARKED', `group ${group} has parked ${HALTED_MAX} streams`);
    const id = this.#idOf(event);
    const now = clock.now();
    const retryAt = isFault(error) && error.retryable ? ((now + Math.min(RETRY_MAX_MS, RETRY_MS * 2 ** (attempts - ATTEMPTS))) as Instant) : undefined;
    await parked.put({
      id, group, target: event.stream, message: event, error: describe(error), attempts, parkedAt: now, ...(retryAt !== undefined && { retryAt }),
    });
    this.#halted.set(event.stream, { behind: this.#halted.get(event.stream)?.behind ?? 0, headId: id, retryAt });
    if (retryAt !== undefined) this.#options.onRetryLater();
    log.error({ group, stream: event.stream, event: event.id, type: event.type, trace: event.trace, attempts, retryAt, error: describe(error) }, 'a message is parked and its stream halted');
  }

  async #parkBehind(event: EventMessage, halt: Halt): Promise<void> {
    const id = this.#idOf(event);
    if (halt.behind >= BEHIND_MAX || id === halt.headId) return;
    const { parked, group, clock } = this.#options;
    await parked.put({ id, group, target: event.stream, message: event, error: '', attempts: 0, parkedAt: clock.now(), behind: true });
    halt.behind++;
  }

  #idOf(event: EventMessage): string {
    return `${this.#options.group}/${event.id}`;
  }

  /** Handles a halted stream from its first parked message on. */
  retry(stream: string): Promise<Retried> {
    return this.#inTurn(stream, () => this.#resume(stream));
  }

  /** Gives up the message that halts a stream; the stream goes on with the next. */
  drop({ id, target, message }: ParkedMessage): Promise<Retried> {
    const event = message as EventMessage;
    return this.#inTurn(target, async () => {
      if (this.#halted.get(target)?.headId !== id) throw new Fault('NOT_THE_FIRST', 'only the message that halts a stream can be dropped', false);
      await this.#options.skip?.(event);
      await this.#options.parked.remove(id);
      return this.#resume(target, event);
    });
  }

  /** `last`: the newest event of the stream that is dealt with already. */
  async #resume(stream: string, last?: EventMessage): Promise<Retried> {
    const { parked, group } = this.#options;
    for (let handled = 0; ; handled++) {
      const [next] = await parked.list({ group, target: stream, limit: 1 });
      if (!next) {
        this.#halted.delete(stream);
        return { handled: handled + (last ? await this.#refetch(last) : 0) };
      }
      const event = next.message as EventMessage;
      const error = await this.#try(event);
      if (error !== undefined) {
        await this.#park(event, error, next.attempts + 1);
        return { handled, error: describe(error) };
      }
      await parked.remove(next.id);
      last = event;
    }
  }

  /** What came while too many waited already was not kept; its owner has it. */
  async #refetch({ context, stream, pub }: EventMessage): Promise<number> {
    for (let [handled, from] = [0, pub + 1]; ; ) {
      const page = await this.#options.readPublished(context, stream, from, REFETCH_PAGE);
      for (const event of page) {
        await this.#attempt(event);
        if (this.#halted.has(stream)) return handled;
        handled++;
      }
      if (page.length < REFETCH_PAGE) return handled;
      from = page[page.length - 1]!.pub + 1;
    }
  }

  /** When the next halted stream may be tried again; Infinity where none may by itself. */
  get nextRetryAt(): number {
    let next = Infinity;
    for (const { retryAt } of this.#halted.values()) if (retryAt !== undefined && retryAt < next) next = retryAt;
    return next;
  }

  retriableBy(now: Instant): readonly string[] {
    return [...this.#halted].filter(([, { retryAt }]) => retryAt !== undefined && retryAt <= now).map(([stream]) => stream);
  }

  async stop(): Promise<void> {
    this.#abort.abort();
    await this.#queue.idle();
  }
}

const handled = (): undefined => undefined;
const errorOf = (error: unknown): unknown => error ?? new Error('rejected without a reason');

export const describe = (error: unknown): string => (error instanceof Error ? `${error.name}: ${error.message}\n${error.stack ?? ''}` : String(error));

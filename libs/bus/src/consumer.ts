import type { EventCodec } from '@vouchsafe/codec';
import { Fault } from '@vouchsafe/kernel';
import type { ReadStore } from '@vouchsafe/read-store';
import type { Clock, Log } from '@vouchsafe/runtime';
import { ConsumedPubs, type Progress } from './consumed-pubs.js';
import type { Bus, EventMessage } from './port.js';

export type ConsumerOptions<E extends { readonly type: string }> = {
  readonly bus: Bus;
  /** Names the consumer; each group gets every event. */
  readonly group: string;
  readonly contexts: readonly string[];
  readonly readStore: ReadStore;
  readonly codec: EventCodec<E>;
  /** The effect of one event. Idempotent, for it may come again; a rejection is tried again, then parked with its stream halted. */
  readonly on: (event: E, message: EventMessage) => Promise<void>;
  /** Only these events reach `on`; the others are counted. */
  readonly only?: readonly E['type'][];
  readonly log: Log;
  readonly clock: Clock;
};

const REFETCH_PAGE = 100;
const UNKNOWN_TYPES_LOGGED = 100;

/** Ends a consumer: what it remembers of its progress is written. The bus is stopped apart. */
export type Consuming = { stop(): Promise<void> };

/**
 * Consumes other contexts' events: a (stream, pub) seen before is dropped, a gap is fetched from the owner before the event
 * that showed it. What was handled is remembered in the read store after the effect. Call it before the bus starts.
 */
export const consume = async <E extends { readonly type: string }>(options: ConsumerOptions<E>): Promise<Consuming> => {
  const { bus, group, contexts, readStore } = options;
  const collection = await readStore.collection<Progress>({ name: `consumed_${group}`, indexes: [] });
  const consumer = new Consumer(options, new ConsumedPubs({ collection, clock: options.clock, log: options.log }));
  bus.subscribe(group, contexts, (message) => consumer.take(message), (message) => consumer.skip(message));
  return { stop: () => consumer.stop() };
};

class Consumer<E extends { readonly type: string }> {
  readonly #options: ConsumerOptions<E>;
  readonly #consumed: ConsumedPubs;
  readonly #unknown = new Set<string>();
  readonly #only: ReadonlySet<string> | undefined;

  constructor(options: ConsumerOptions<E>, consumed: ConsumedPubs) {
    this.#options = options;
    this.#consumed = consumed;
    this.#only = options.only && new Set(options.only);
  }

  /** Called for one event of a stream at a time. */
  async take(message: EventMessage): Promise<void> {
    const seen = await this.#consumed.before(message);
    if (message.pub <= seen) return;
    if (message.pub > seen + 1) await this.#fetchGap(message, seen);
    await this.#handle(message);
  }

  /** A person gave the event up: it counts as handled. */
  async skip(message: EventMessage): Promise<void> {
    if (message.pub > (await this.#consumed.before(message))) await this.#consumed.set(message.stream, message.pub);
  }

  async #fetchGap({ context, stream, pub }: EventMessage, seen: number): Promise<void> {
    const { bus, log, group } = this.#options;
    log.debug({ group, stream, from: seen + 1, to: pub - 1 }, 'fetches missed events from their owner');
    for (let next = seen + 1; next < pub; ) {
      const page = await bus.readPublished(context, stream, next, Math.min(REFETCH_PAGE, pub - next));
      if (page[0]?.pub !== next) throw new Fault('GAP', `event ${next} of ${stream} is not to be had from ${context}`);
      for (const missed of page) if (missed.pub === next && next++ < pub) await this.#handle(missed);
    }
  }

  async #handle(message: EventMessage): Promise<void> {
    const { codec, on } = this.#options;
    const event = codec.decode(message.type, message.data);
    if (event === undefined) this.#tellUnknown(message.type);
    else if (!this.#only || this.#only.has(event.type)) await on(event, message);
    await this.#consumed.set(message.stream, message.pub);
  }

  #tellUnknown(type: string): void {
    if (this.#unknown.has(type) || this.#unknown.size >= UNKNOWN_TYPES_LOGGED) return;
    this.#unknown.add(type);
    this.#options.log.warn({ type, group: this.#options.group }, 'events of an unknown type are skipped by a consumer');
  }

  stop(): Promise<void> {
    return this.#consumed.flush();
  }
}

import type { Soon } from '@vouchsafe/event-store';
import { Fault } from '@vouchsafe/kernel';
import { type Clock, type Log, silentLog } from '@vouchsafe/runtime';
import { CommandDesk, COMMANDS } from './command-desk.js';
import { frozenCopy } from './frozen-copy.js';
import { memoryParkedStore, type ParkedStore } from './parked-store.js';
import type { Bus, CommandHandler, CommandLoad, CommandMessage, EventHandler, EventMessage, Outcome, ParkedMessage, Parking, Retried } from './port.js';
import { Subscription } from './subscription.js';

type ReadOwn = (stream: string, fromPub: number, max: number) => Promise<readonly EventMessage[]>;
export type InProcessBusOptions = {
  readonly log?: Log;
  /** Where messages that cannot be handled are kept; without it they are forgotten with the process. Closed by whoever made it. */
  readonly parked?: ParkedStore;
  /** Commands pass between services as they are, without becoming JSON on the way; tests leave it, so that contracts are kept. */
  readonly direct?: boolean;
};

/** Streams whose fault may have passed are tried again no more often. */
const SWEEP_MS = 1000;

/**
 * The bus of one process. What a receiver sees is a frozen copy, as if it had passed through bytes. Events wait until
 * {@link Bus.start}, so that no consumer misses one because it subscribed later.
 */
export const inProcessBus = (clock: Clock, options: InProcessBusOptions = {}): Bus => new InProcessBus(clock, options);

class InProcessBus implements Bus {
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #parked: ParkedStore;
  readonly #desk: CommandDesk;
  readonly #owners = new Map<string, ReadOwn>();
  readonly #subscriptions = new Map<string, Subscription>();
  readonly #abort = new AbortController();
  readonly #started = Promise.withResolvers<void>();
  #sweeping: Promise<void> | undefined;

  constructor(clock: Clock, { log = silentLog, parked = memoryParkedStore(), direct = false }: InProcessBusOptions) {
    this.#clock = clock;
    this.#log = log;
    this.#parked = parked;
    this.#desk = new CommandDesk({ clock, log, parked, direct });
  }

  readonly parking: Parking = {
    list: (options) => this.#parked.list(options),
    count: () => this.#parked.count(),
    retry: async (id) => this.#retry(await this.#known(id)),
    drop: async (id) => this.#drop(await this.#known(id)),
  };

  serve(target: string, handler: CommandHandler): void {
    this.#desk.serve(target, handler);
  }
  load(): CommandLoad {
    return this.#desk.load();
  }
  ask(message: CommandMessage, deadlineMs: number): Soon<Outcome> {
    return this.#desk.ask(message, deadlineMs);
  }

  async publish(events: readonly EventMessage[]): Promise<void> {
    await this.#started.promise;
    if (this.#abort.signal.aborted) throw new Fault('BUS_STOPPED', 'the bus is stopped');
    const frozen = events.map(frozenMessage);
    await Promise.all([...this.#subscriptions.values()].map((subscription) => subscription.deliver(frozen)));
  }

  subscribe(group: string, contexts: readonly string[], handler: EventHandler, skip?: EventHandler): void {
    if (this.#subscriptions.has(group)) throw new Fault('GROUP_TAKEN', `two consumers call themselves ${group}`, false);
    this.#subscriptions.set(group, new Subscription({
      group, contexts: new Set(contexts), handler, skip, parked: this.#parked, clock: this.#clock, log: this.#log,
      onRetryLater: () => (this.#sweeping ??= this.#sweep().finally(() => (this.#sweeping = undefined))),
      readPublished: (context, stream, fromPub, max) => this.readPublished(context, stream, fromPub, max),
    }));
  }

  servePublished(context: string, read: ReadOwn): void {
    this.#owners.set(context, read);
  }
  async readPublished(context: string, stream: string, fromPub: number, max: number): Promise<readonly EventMessage[]> {
    const read = this.#owners.get(context);
    if (!read) throw new Fault('OWNER_UNAVAILABLE', `the owner of ${context} is not here`);
    return (await read(stream, fromPub, max)).map(frozenMessage);
  }

  async start(): Promise<void> {
    for (const head of await this.#parked.heads()) {
      if (head.group === COMMANDS) this.#desk.restore(head);
      else await this.#subscriptions.get(head.group)?.restore(head);
    }
    this.#sweeping ??= this.#sweep().finally(() => (this.#sweeping = undefined));
    this.#started.resolve();
  }

  async stop(): Promise<void> {
    this.#abort.abort();
    this.#started.resolve();
    await this.#sweeping;
    await Promise.all([this.#desk.stop(), ...[...this.#subscriptions.values()].map((subscription) => subscription.stop())]);
  }

  /** Tries halted streams again whose fault may have passed, as long as there are any. */
  async #sweep(): Promise<void> {
    const { signal } = this.#abort;
    for (;;) {
      const next = Math.min(...[...this.#subscriptions.values()].map((subscription) => subscription.nextRetryAt));
      if (next === Infinity || signal.aborted) return;
      await this.#clock.sleep(Math.max(SWEEP_MS, next - this.#clock.now()), signal);
      for (const subscription of this.#subscriptions.values()) {
        for (const stream of subscription.retriableBy(this.#clock.now())) if (!signal.aborted) await this.#tryAgain(subscription, stream);
      }
    }
  }

  async #tryAgain(subscription: Subscription, stream: string): Promise<void> {
    try {
      await subscription.retry(stream);
    } catch (error) {
      this.#log.warn({ group: subscription.group, stream, error: String(error) }, 'a halted stream could not be tried again');
    }
  }

  async #known(id: string): Promise<ParkedMessage> {
    const message = await this.#parked.get(id);
    if (!message) throw new Fault('NOT_PARKED', `no message ${id} is parked`, false);
    return message;
  }
  async #retry(message: ParkedMessage): Promise<Retried> {
    return message.group === COMMANDS ? this.#desk.retry(message) : this.#subscription(message).retry(message.target);
  }
  async #drop(message: ParkedMessage): Promise<Retried> {
    if (message.group !== COMMANDS) return this.#subscription(message).drop(message);
    await this.#desk.forget(message.id, message.target);
    return { handled: 0 };
  }
  #subscription({ group }: ParkedMessage): Subscription {
    const subscription = this.#subscriptions.get(group);
    if (!subscription) throw new Fault('OWNER_UNAVAILABLE', `no consumer calls itself ${group} here`);
    return subscription;
  }
}

const frozenMessage = (event: EventMessage): EventMessage =>
  Object.isFrozen(event) ? event : Object.freeze({ ...event, data: Object.isFrozen(event.data) ? event.data : frozenCopy(event.data) });

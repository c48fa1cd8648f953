import type { DeciderHost, Folded } from '@vouchsafe/event-store';
import { isFault } from '@vouchsafe/kernel';
import type { Clock, Ids, Log, Random, Stop, Timers } from '@vouchsafe/runtime';
import { LRUCache } from 'lru-cache';
import { commandsFor, react } from '../domain/course.js';
import type { OrderCommand, OrderEvent, OrderRejection } from '../domain/order-events.js';
import { isLive, type LiveOrder, type Order } from '../domain/order-state.js';
import type { OutgoingCommand } from '../domain/outgoing.js';
import type { Answer } from '../domain/terms.js';
import type { Dispatch } from './dispatch.js';
import { orderStream } from './names.js';

export type OrderHost = DeciderHost<Order, OrderCommand, OrderEvent, OrderRejection>;
export type CourseRunnerOptions = {
  /** The host tells the runner of what it accepts, so each needs the other. */
  readonly host: () => OrderHost;
  readonly dispatch: Dispatch;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly random: Random;
  readonly timers: Timers;
  readonly log: Log;
};

type Running = {
  readonly orderId: string;
  order: LiveOrder;
  revision: number;
  readonly answers: Map<string, Answer>;
  readonly inFlight: Set<string>;
  /** When a silent command may be sent again, and how often it was silent. */
  readonly silent: Map<string, { readonly at: number; readonly times: number }>;
  deciding: boolean;
  /** Trace of whoever set it off last, for the commands that follow; gone with the process. */
  trace: string | undefined;
};

const TICK_MS = 250;
const BACKOFF_MS = 250;
const BACKOFF_MAX_MS = 30_000;
/** Answers of orders that wait for something outside (a payment, a review, a top-up); forgotten ones are asked for again. */
const IDLE_MAX = 5_000;
/** Owed whatever the answer: past the pivot, and where something is handed back, a "no" is asked again, slowly, and told. */
const MUST_SUCCEED: ReadonlySet<OutgoingCommand['type']> = new Set(['ActivateGrant', 'CaptureHold', 'BookDelivery', 'ReleaseReservation', 'ReleaseHold']);

/**
 * Takes every open order of this process through its course: records what follows from the answers, sends what follows from
 * the facts. Triggered by facts and answers, never by polling; silence is asked again under the same command id. It holds
 * no truth: after a restart everything is asked again and answered alike.
 */
export class CourseRunner {
  readonly #options: CourseRunnerOptions;
  readonly #running = new Map<string, Running>();
  readonly #idle = new LRUCache<string, Map<string, Answer>>({ max: IDLE_MAX });
  readonly #retrying = new Set<Running>();
  #stopTimer: Stop | undefined;
  #stopped = false;

  constructor(options: CourseRunnerOptions) {
    this.#options = options;
  }

  start(): void {
    const { timers, log } = this.#options;
    this.#stopTimer = timers.every(TICK_MS, async () => this.#retry(), (error) => log.error({ error }, 'orders could not be taken further'));
  }
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#stopTimer?.();
  }
  /** Orders in progress here. */
  get size(): number {
    return this.#running.size;
  }

  /** The order has new facts; called for every accepted append, also of others' commands. */
  follow(orderId: string, { state, revision }: Pick<Folded<Order>, 'state' | 'revision'>, trace?: string): void {
    if (!isLive(state) || this.#stopped) return;
    const running = this.#running.get(orderId) ?? this.#begin(orderId, state);
    this.#learn(running, state, revision);
    if (trace !== undefined) running.trace = trace;
    this.#advance(running);
  }

  #learn(running: Running, order: LiveOrder, revision: number): void {
    if (revision < running.revision) return;
    running.order = order;
    running.revision = revision;
  }

  /** Looks at an order again: its deadline has come, or it was open when this process started. Harmless at any time. */
  async wake(orderId: string): Promise<void> {
    this.follow(orderId, await this.#options.host().load(orderStream(orderId)));
  }

  #begin(orderId: string, order: LiveOrder): Running {
    const answers = this.#idle.get(orderId) ?? new Map<string, Answer>();
    this.#idle.delete(orderId);
    const running: Running = { orderId, order, revision: 0, answers, inFlight: new Set(), silent: new Map(), deciding: false, trace: undefined };
    this.#running.set(orderId, running);
    return running;
  }

  #advance(running: Running): void {
    if (this.#stopped || running.deciding) return;
    const { order, answers, inFlight, silent } = running;
    const now = this.#options.clock.now();
    const waits = (key: string): boolean => (silent.get(key)?.at ?? 0) > now;
    if (react(order, answers, now).length > 0) {
      if (!waits(DECIDING)) void this.#decide(running);
      return;
    }
    const wanted = commandsFor(order, answers, now);
    for (const command of wanted) if (!inFlight.has(command.key) && !waits(command.key)) void this.#send(running, command);
    if (silent.size > 0) forgetAllBut(silent, wanted);
    if (inFlight.size === 0 && silent.size === 0) this.#rest(running);
  }

  /** Nothing to do here until somebody else moves it. */
  #rest({ orderId, order, answers }: Running): void {
    this.#running.delete(orderId);
    if (order.step !== 'ended' || order.undoOwed) this.#idle.set(orderId, answers);
  }

  async #decide(running: Running): Promise<void> {
    const { host, ids, clock } = this.#options;
    const { orderId, answers, trace } = running;
    running.deciding = true;
    try {
      const envelope = { commandId: ids.uuid(), correlation: orderId, principal: running.order.terms.principal, at: clock.now(), ...(trace !== undefined && { trace }) };
      const { state, revision } = await host().handle(orderStream(orderId), { type: 'Proceed', answers, at: envelope.at }, envelope);
      if (isLive(state)) this.#learn(running, state, revision);
      running.silent.delete(DECIDING);
    } catch (error) {
      this.#tryLater(running, DECIDING, error);
    }
    running.deciding = false;
    this.#advance(running);
  }

  async #send(running: Running, command: OutgoingCommand): Promise<void> {
    const { dispatch, log } = this.#options;
    const { orderId, order, answers, inFlight, silent, trace } = running;
    inFlight.add(command.key);
    try {
      const answer = await dispatch({ orderId, order, answers, trace }, command);
      if (!answer.ok && MUST_SUCCEED.has(command.type)) {
        log.error({ orderId, command: command.key, code: answer.code, details: answer.details }, 'refused what an order is owed; asked again until it is granted');
        this.#tryLater(running, command.key);
      } else {
        answers.set(command.key, answer);
        silent.delete(command.key);
      }
    } catch (error) {
      this.#tryLater(running, command.key, error);
    }
    inFlight.delete(command.key);
    this.#advance(running);
  }

  #tryLater(running: Running, key: string, error?: unknown): void {
    const { clock, random, log } = this.#options;
    if (error !== undefined && !isFault(error)) log.error({ orderId: running.orderId, command: key, error }, 'an order met a bug; tried again');
    const times = (running.silent.get(key)?.times ?? 0) + 1;
    const backoff = Math.min(BACKOFF_MAX_MS, BACKOFF_MS * 2 ** Math.min(times, 10));
    running.silent.set(key, { at: clock.now() + Math.ceil(backoff * (0.5 + random.fraction() / 2)), times });
    this.#retrying.add(running);
  }

  #retry(): void {
    const now = this.#options.clock.now();
    for (const running of this.#retrying) {
      if (running.silent.size === 0) this.#retrying.delete(running);
      else if ([...running.silent.values()].some(({ at }) => at <= now)) this.#advance(running);
    }
  }
}
/** Silence about what is no longer wanted is of no interest. */
const forgetAllBut = (silent: Running['silent'], wanted: readonly OutgoingCommand[]): void => {
  for (const key of silent.keys()) if (!wanted.some((command) => command.key === key)) silent.delete(key);
};
/** The key under which a decision that could not be recorded waits, beside the commands'. */
const DECIDING = '(facts)';

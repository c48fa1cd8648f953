import type { DeciderHost, Envelope, Folded } from '@vouchsafe/event-store';
import { type Instant, instant, isFault } from '@vouchsafe/kernel';
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
  readonly stream: string;
  /** When the step was taken that it takes just now. */
  at: Instant;
  order: LiveOrder;
  revision: number;
  readonly answers: Map<string, Answer>;
  /** Commands that await their answers. */
  readonly inFlight: Set<string>;
  /** When a silent command may be sent again, and how often it was silent. */
  silent: Map<string, { readonly at: number; readonly times: number }> | undefined;
  deciding: boolean;
  /** Being taken further just now; `again`: something came meanwhile. */
  advancing: boolean;
  again: boolean;
  /** Trace of whoever set it off last, for the commands that follow; gone with the process. */
  trace: string | undefined;
};

const NEVER = instant(0);
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
    const known = this.#idle.size > 0 ? this.#idle.get(orderId) : undefined;
    if (known) this.#idle.delete(orderId);
    const running: Running = {
      orderId, stream: orderStream(orderId), at: NEVER, order, revision: 0, answers: known ?? new Map<string, Answer>(), inFlight: new Set(), silent: undefined,
      deciding: false, advancing: false, again: false, trace: undefined,
    };
    this.#running.set(orderId, running);
    return running;
  }

  /** As far as it goes without waiting: what comes while a step is taken (an answer, a fact) makes for the next one. */
  #advance(running: Running): void {
    if (running.advancing) {
      running.again = true;
      return;
    }
    running.advancing = true;
    do {
      running.again = false;
      this.#step(running);
    } while (running.again);
    running.advancing = false;
    if (!running.deciding && running.inFlight.size === 0 && !running.silent && !this.#stopped) this.#rest(running);
  }

  #step(running: Running): void {
    if (this.#stopped || running.deciding) return;
    const { order, answers, inFlight } = running;
    const now = this.#options.clock.now();
    running.at = now;
    if (react(order, answers, now).length > 0) {
      if (!isSilent(running, DECIDING, now)) this.#decide(running, now);
      return;
    }
    const wanted = commandsFor(order, answers, now);
    for (const command of wanted) if (!inFlight.has(command.key) && !isSilent(running, command.key, now)) this.#send(running, command);
    if (running.silent) forgetAllBut(running, wanted);
  }

  /** Nothing to do here until somebody else moves it. */
  #rest({ orderId, order, answers }: Running): void {
    this.#running.delete(orderId);
    if (order.step !== 'ended' || order.undoOwed) this.#idle.set(orderId, answers);
  }

  #decide(running: Running, at: Instant): void {
    const { host, ids } = this.#options;
    const { orderId, stream, answers, trace } = running;
    running.deciding = true;
    try {
      const envelope: Envelope = { commandId: ids.uuid(), correlation: orderId, principal: running.order.terms.principal, at, ...(trace !== undefined && { trace }) };
      const handled = host().decide(stream, { type: 'Proceed', answers, at }, envelope);
      if (handled instanceof Promise) handled.then((later) => this.#decided(running, later), (error: unknown) => this.#undecided(running, error));
      else this.#decided(running, handled);
    } catch (error) {
      this.#undecided(running, error);
    }
  }
  #decided(running: Running, { state, revision }: Pick<Folded<Order>, 'state' | 'revision'>): void {
    if (isLive(state)) this.#learn(running, state, revision);
    this.#heard(running, DECIDING);
    running.deciding = false;
    this.#advance(running);
  }
  #undecided(running: Running, error: unknown): void {
    this.#tryLater(running, DECIDING, error);
    running.deciding = false;
    this.#advance(running);
  }

  #send(running: Running, command: OutgoingCommand): void {
    try {
      const answer = this.#options.dispatch(running, command);
      if (!(answer instanceof Promise)) return this.#answered(running, command, answer);
      running.inFlight.add(command.key);
      answer.then((later) => this.#answered(running, command, later), (error: unknown) => this.#unanswered(running, command, error));
    } catch (error) {
      this.#unanswered(running, command, error);
    }
  }
  #answered(running: Running, command: OutgoingCommand, answer: Answer): void {
    if (!answer.ok && MUST_SUCCEED.has(command.type)) {
      const { orderId } = running;
      this.#options.log.error({ orderId, command: command.key, code: answer.code, details: answer.details }, 'refused what an order is owed; asked again until it is granted');
      this.#tryLater(running, command.key);
    } else {
      running.answers.set(command.key, answer);
      this.#heard(running, command.key);
    }
    if (running.inFlight.size > 0) running.inFlight.delete(command.key);
    this.#advance(running);
  }
  #unanswered(running: Running, command: OutgoingCommand, error: unknown): void {
    this.#tryLater(running, command.key, error);
    running.inFlight.delete(command.key);
    this.#advance(running);
  }

  #heard(running: Running, key: string): void {
    if (running.silent?.delete(key) && running.silent.size === 0) running.silent = undefined;
  }
  #tryLater(running: Running, key: string, error?: unknown): void {
    const { clock, random, log } = this.#options;
    if (error !== undefined && !isFault(error)) log.error({ orderId: running.orderId, command: key, trace: running.trace, error }, 'an order met a bug; tried again');
    running.silent ??= new Map();
    const times = (running.silent.get(key)?.times ?? 0) + 1;
    const backoff = Math.min(BACKOFF_MAX_MS, BACKOFF_MS * 2 ** Math.min(times, 10));
    running.silent.set(key, { at: clock.now() + Math.ceil(backoff * (0.5 + random.fraction() / 2)), times });
    this.#retrying.add(running);
  }

  #retry(): void {
    const now = this.#options.clock.now();
    for (const running of this.#retrying) {
      if (!running.silent) this.#retrying.delete(running);
      else if ([...running.silent.values()].some(({ at }) => at <= now)) this.#advance(running);
    }
  }
}
const isSilent = ({ silent }: Running, key: string, now: number): boolean => silent !== undefined && (silent.get(key)?.at ?? 0) > now;
/** Silence about what is no longer wanted is of no interest. */
const forgetAllBut = (running: Running, wanted: readonly OutgoingCommand[]): void => {
  for (const key of running.silent!.keys()) if (!wanted.some((command) => command.key === key)) running.silent!.delete(key);
  if (running.silent!.size === 0) running.silent = undefined;
};
/** The key under which a decision that could not be recorded waits, beside the commands'. */
const DECIDING = '(facts)';

import { DeadlineWheel, type Outcome } from '@vouchsafe/bus';
import { Fault } from '@vouchsafe/kernel';
import type { Clock, Log } from '@vouchsafe/runtime';
import { LivePositions } from './intake/live-positions.js';
import { type CommandKeys, signerOf } from './signing.js';
import { H, type Incoming, readReply, type Reply } from './wire.js';

/** Of those who wait in vain at once, one is told of. */
const TELL_EVERY_MS = 1000;

type Pending = { readonly target: string; readonly settle: (reply: Reply | Fault) => void };

/** What this instance asked and awaits. Every instance reads all of its service's answers and takes those to its own questions. */
export class Replies {
  readonly #instance: string;
  readonly #keys: CommandKeys;
  readonly #wheel: DeadlineWheel;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #pending = new Map<string, Pending>();
  /** From the topic's end before anything is asked, all answers are ours to see. */
  readonly positions = new LivePositions();
  #asked = 0;
  #idle: (() => void)[] = [];
  /** When anything was last read, and when silence was last told of (monotonic); how often it was met since. */
  #readAt: number | undefined;
  #toldAt = -Infinity;
  #silent = 0;

  constructor(options: { readonly instance: string; readonly keys: CommandKeys; readonly clock: Clock; readonly log: Log }) {
    this.#instance = options.instance;
    this.#keys = options.keys;
    this.#wheel = new DeadlineWheel(options.clock);
    this.#clock = options.clock;
    this.#log = options.log;
  }

  /** A question and its answer; Fault `SILENT` at the deadline, or what `send` failed with. */
  ask(target: string, deadlineMs: number, send: (ask: string) => Promise<void>): Promise<Reply> {
    return new Promise((resolve, reject) => {
      const ask = `${this.#instance}:${++this.#asked}`;
      const settle = (answer: Reply | Fault): void => {
        if (!this.#pending.delete(ask)) return;
        this.#wheel.cancel(ticket);
        if (answer instanceof Fault) reject(answer);
        else resolve(answer);
        if (this.#pending.size === 0) for (const tell of this.#idle.splice(0)) tell();
      };
      const ticket = this.#wheel.add(deadlineMs, () => settle(this.#silence(target, deadlineMs)));
      this.#pending.set(ask, { target, settle });
      send(ask).catch((error: unknown) => settle(error instanceof Fault ? error : new Fault('SILENT', `the question to ${target} could not be sent`, true, { cause: error })));
    });
  }

  /** Whether it is the other side or our reader that is silent, the log is to show. */
  #silence(target: string, deadlineMs: number): Fault {
    const now = this.#clock.monotonicMs();
    this.#silent++;
    if (now - this.#toldAt >= TELL_EVERY_MS) {
      const sinceReadMs = this.#readAt === undefined ? 'nothing was ever read' : Math.round(now - this.#readAt);
      this.#log.warn({ target, deadlineMs, silent: this.#silent, awaited: this.#pending.size, sinceReadMs }, 'no outcome came in time: whoever asked asks again; `sinceReadMs`: how long ago any answer was read');
      this.#toldAt = now;
      this.#silent = 0;
    }
    return new Fault('SILENT', `${target} gave no outcome in ${deadlineMs} ms`);
  }

  /** Whether somebody still awaits the answer. */
  isPending(ask: string): boolean {
    return this.#pending.has(ask);
  }

  /** One message of the reply topic. What nobody awaits is ignored, what was not signed by whom we asked is told. */
  take(message: Incoming): void {
    this.positions.passed(message);
    this.#readAt = this.#clock.monotonicMs();
    const pending = this.#pending.get(message.headers[H.ask] ?? '');
    if (!pending) return;
    if (signerOf(this.#keys, message) !== pending.target) {
      this.#log.error({ topic: message.topic, offset: message.offset, target: pending.target }, 'FORGED_OUTCOME: an answer was not signed by whom we asked; it is ignored');
      return;
    }
    try {
      pending.settle(readReply(message));
    } catch (error) {
      pending.settle(new Fault('OUTCOME_UNREADABLE', `the answer of ${pending.target} cannot be read`, true, { cause: error }));
    }
  }

  /** Settles when nothing is awaited any more. */
  idle(): Promise<void> {
    return this.#pending.size === 0 ? Promise.resolve() : new Promise((resolve) => this.#idle.push(resolve));
  }
}

/** The outcome in an answer; a fault in it is thrown as one. */
export const outcomeOf = (reply: Reply): Outcome => {
  if ('outcome' in reply) return reply.outcome;
  if ('fault' in reply) throw new Fault(reply.fault.code, reply.fault.message, reply.fault.retryable);
  throw new Fault('OUTCOME_UNREADABLE', 'the answer is to another question');
};

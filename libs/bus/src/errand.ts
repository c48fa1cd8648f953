import type { Soon } from '@vouchsafe/event-store';
import { Ticket } from './deadline-wheel.js';
import { frozenCopy } from './frozen-copy.js';
import type { Job, KeyedQueue } from './keyed-queue.js';
import type { CommandHandler, CommandMessage, Outcome } from './port.js';

/** Who handles a target's commands, and in which order. */
export type Served = { readonly handler: CommandHandler; readonly queue: KeyedQueue; readonly overlapping: boolean };
/** What a desk does about its errands. */
export type ErrandRules = {
  readonly handled: (errand: Errand) => void;
  /** The error its asker is told, once all that follows from it was done; must not reject. */
  readonly failed: (errand: Errand, error: unknown) => Promise<unknown>;
  /** The error its asker is told whose deadline passed; the handling may still go on. */
  readonly silent: (errand: Errand) => unknown;
};

/** A command in hand: its place in the queue of its key, its deadline and whoever waits for the outcome, in one object. */
export class Errand extends Ticket implements Job {
  #outcome: Outcome | undefined = undefined;
  #resolve: ((outcome: Outcome) => void) | undefined = undefined;
  #reject: ((error: unknown) => void) | undefined = undefined;

  constructor(readonly rules: ErrandRules, readonly served: Served, readonly message: CommandMessage) {
    super();
  }

  get key(): string {
    return this.served.overlapping ? this.message.id : this.message.key;
  }

  /** There at once where it was handled at once; to be asked for once, right after it was pushed. */
  get outcome(): Soon<Outcome> {
    return this.#outcome ?? new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }
  get isOver(): boolean {
    return this.#outcome !== undefined;
  }

  start(): void {
    let coming: Soon<Outcome>;
    try {
      coming = this.served.handler(this.message);
    } catch (error) {
      this.#failed(error);
      return;
    }
    if (coming instanceof Promise) coming.then((outcome) => this.#handled(outcome), (error: unknown) => this.#failed(error));
    else this.#handled(coming);
  }

  fire(): void {
    this.#reject?.(this.rules.silent(this));
  }

  #handled(outcome: Outcome): void {
    try {
      this.#outcome = frozenOutcome(outcome);
    } catch (error) {
      this.#failed(error);
      return;
    }
    this.rules.handled(this);
    this.#resolve?.(this.#outcome);
    this.served.queue.ended(this.key);
  }

  #failed(error: unknown): void {
    void this.rules.failed(this, error).then((told) => {
      this.#reject?.(told);
      this.served.queue.ended(this.key);
    });
  }
}

/** What would come out at the asker's end of a wire, unless it needs none. */
const frozenOutcome = (outcome: Outcome): Outcome => {
  if (!outcome.ok) return frozenCopy(outcome) as Outcome;
  return outcome.direct ? outcome : Object.freeze({ commandId: outcome.commandId, ok: true, result: frozenCopy(outcome.result) });
};

import type { Soon } from '@vouchsafe/event-store';
import { Fault, isFault } from '@vouchsafe/kernel';
import type { Clock, Log } from '@vouchsafe/runtime';
import { LRUCache } from 'lru-cache';
import { DeadlineWheel } from './deadline-wheel.js';
import { Errand, type ErrandRules, type Served } from './errand.js';
import { frozenCopy } from './frozen-copy.js';
import { KeyedQueue } from './keyed-queue.js';
import type { ParkedStore } from './parked-store.js';
import type { CommandHandler, CommandLoad, CommandMessage, Outcome, ParkedMessage, Retried, Serving } from './port.js';
import { describe } from './subscription.js';

export type CommandDeskOptions = {
  readonly clock: Clock; readonly log: Log; readonly parked: ParkedStore;
  /** Commands and outcomes pass as they are where both sides know their contract; else as the JSON they would be on a wire. */
  readonly direct?: boolean;
};

/** Keys of one target handled at once, and commands that wait, before `BUSY`. */
const CONCURRENT = 1024;
const WAITING_MAX = 10_000;
/** A command whose handling fails so often for a reason that does not pass is poisoned. */
const ATTEMPTS = 3;
const FAILURES_REMEMBERED = 10_000;
export const COMMANDS = 'commands';

/** Takes commands within the process: in order per key, answered by a promise or, too late, by silence. */
export class CommandDesk {
  readonly #options: CommandDeskOptions;
  readonly #served = new Map<string, Served>();
  readonly #wheel: DeadlineWheel;
  readonly #failures = new LRUCache<string, number>({ max: FAILURES_REMEMBERED });
  readonly #parkedIds = new Set<string>();
  readonly #asked: ErrandRules;
  readonly #retried: ErrandRules;
  #stopped = false;

  constructor(options: CommandDeskOptions) {
    this.#options = options;
    this.#wheel = new DeadlineWheel(options.clock);
    const silent = ({ message }: Errand): Fault => new Fault('SILENT', `${message.target} gave no outcome in time`);
    this.#asked = { silent, handled: (errand) => this.#handled(errand), failed: (errand, error) => this.#failed(errand, error) };
    this.#retried = { silent, handled: () => {}, failed: (_, error) => Promise.resolve(error) };
  }

  serve(target: string, handler: CommandHandler, { overlapping = false }: Serving = {}): void {
    this.#served.set(target, { handler, overlapping, queue: new KeyedQueue({ concurrent: CONCURRENT, waitingMax: WAITING_MAX }) });
  }

  restore(head: ParkedMessage): void {
    this.#parkedIds.add(head.target);
  }

  /** Rejects, never throws. Nothing watches the deadline of what is handled at once. */
  ask(message: CommandMessage, deadlineMs: number): Soon<Outcome> {
    let errand: Errand;
    try {
      const served = this.#check(message);
      errand = new Errand(this.#asked, served, this.#options.direct && message.direct ? message : copied(message));
      served.queue.push(errand);
    } catch (error) {
      return Promise.reject(error);
    }
    if (!errand.isOver) this.#wheel.watch(errand, deadlineMs);
    return errand.outcome;
  }

  #check({ target, id }: CommandMessage): Served {
    if (this.#stopped) throw new Fault('BUS_STOPPED', 'the bus is stopped');
    const served = this.#served.get(target);
    if (!served) throw new Fault('SILENT', `nobody serves commands for ${target}`);
    if (this.#parkedIds.size > 0 && this.#parkedIds.has(id)) throw new Fault('COMMAND_PARKED', `command ${id} failed too often and is parked`);
    return served;
  }

  #handled(errand: Errand): void {
    this.#wheel.cancel(errand);
    if (this.#failures.size > 0) this.#failures.delete(errand.message.id);
  }

  async #failed(errand: Errand, error: unknown): Promise<unknown> {
    const { message } = errand;
    try {
      await this.#count(message, error);
    } catch (parking) {
      this.#options.log.error({ command: message.id, error: describe(parking) }, 'a poisoned command could not be parked');
    }
    this.#wheel.cancel(errand);
    return isFault(error) ? error : new Fault('HANDLER_FAILED', `${message.target} could not handle the command; its log says why`, true, { cause: error });
  }

  /** A fault that may pass says nothing about the command; anything else, time and again, does. */
  async #count(message: CommandMessage, error: unknown): Promise<void> {
    if (isFault(error) && error.retryable) return;
    const attempts = (this.#failures.get(message.id) ?? 0) + 1;
    this.#failures.set(message.id, attempts);
    if (attempts >= ATTEMPTS) await this.#park(message, error, attempts);
  }

  async #park(message: CommandMessage, error: unknown, attempts: number): Promise<void> {
    const { clock, log, parked } = this.#options;
    await parked.put({
      id: `${COMMANDS}/${message.id}`, group: COMMANDS, target: message.id, message: copied(message), error: describe(error), attempts, parkedAt: clock.now(),
    });
    this.#parkedIds.add(message.id);
    log.error({ command: message.id, target: message.target, key: message.key, trace: message.trace, attempts, error: describe(error) }, 'a poisoned command is parked');
  }

  /** Handles a parked command once more; its asker learns the outcome when it asks again. */
  async retry({ id, message, attempts }: ParkedMessage): Promise<Retried> {
    const command = message as CommandMessage;
    const served = this.#served.get(command.target);
    if (!served) throw new Fault('SILENT', `nobody serves commands for ${command.target}`);
    const errand = new Errand(this.#retried, served, command);
    served.queue.push(errand);
    try {
      await errand.outcome;
    } catch (error) {
      await this.#park(command, error, attempts + 1);
      return { handled: 0, error: describe(error) };
    }
    await this.forget(id, command.id);
    return { handled: 1 };
  }

  /** The command may be tried again as if it had never failed. */
  async forget(id: string, commandId: string): Promise<void> {
    await this.#options.parked.remove(id);
    this.#parkedIds.delete(commandId);
    this.#failures.delete(commandId);
  }

  load(): CommandLoad {
    return Object.fromEntries([...this.#served].map(([target, { queue }]) => [target, queue.load]));
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.all([...this.#served.values()].map(({ queue }) => queue.idle()));
  }
}

/** A message as it would come off a wire. */
const copied = ({ id, target, key, namespace, body, principal, correlation, trace, sentAt }: CommandMessage): Omit<CommandMessage, 'direct'> =>
  Object.freeze({ id, target, key, namespace, body: frozenCopy(body), principal, correlation, ...(trace !== undefined && { trace }), sentAt });

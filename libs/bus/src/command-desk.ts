import { Fault, isFault } from '@vouchsafe/kernel';
import type { Clock, Log } from '@vouchsafe/runtime';
import { LRUCache } from 'lru-cache';
import { DeadlineWheel } from './deadline-wheel.js';
import { frozenCopy } from './frozen-copy.js';
import { KeyedQueue } from './keyed-queue.js';
import type { ParkedStore } from './parked-store.js';
import type { CommandHandler, CommandMessage, Outcome, ParkedMessage, Retried } from './port.js';
import { describe } from './subscription.js';

/** Wraps the handling of each command, e.g. in a span. */
export type AroundCommand = (message: CommandMessage, handle: () => Promise<Outcome>) => Promise<Outcome>;
export type CommandDeskOptions = {
  readonly clock: Clock; readonly log: Log; readonly parked: ParkedStore; readonly around?: AroundCommand;
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

type Served = { readonly handler: CommandHandler; readonly queue: KeyedQueue };
type Settle = { readonly resolve: (outcome: Outcome) => void; readonly reject: (error: unknown) => void };

/** Takes commands within the process: in order per key, answered by a promise or, too late, by silence. */
export class CommandDesk {
  readonly #options: CommandDeskOptions;
  readonly #served = new Map<string, Served>();
  readonly #wheel: DeadlineWheel;
  readonly #failures = new LRUCache<string, number>({ max: FAILURES_REMEMBERED });
  readonly #parkedIds = new Set<string>();
  #stopped = false;

  constructor(options: CommandDeskOptions) {
    this.#options = options;
    this.#wheel = new DeadlineWheel(options.clock);
  }

  serve(target: string, handler: CommandHandler): void {
    this.#served.set(target, { handler, queue: new KeyedQueue({ concurrent: CONCURRENT, waitingMax: WAITING_MAX }) });
  }

  restore(head: ParkedMessage): void {
    this.#parkedIds.add(head.target);
  }

  ask(message: CommandMessage, deadlineMs: number): Promise<Outcome> {
    return new Promise((resolve, reject) => {
      const served = this.#check(message);
      const ticket = this.#wheel.add(deadlineMs, () => reject(new Fault('SILENT', `${message.target} gave no outcome in ${deadlineMs} ms`)));
      const copy = this.#options.direct && message.direct ? message : copied(message);
      const settle = {
        resolve: (outcome: Outcome): void => {
          this.#wheel.cancel(ticket);
          resolve(outcome);
        },
        reject: (error: unknown): void => {
          this.#wheel.cancel(ticket);
          reject(error);
        },
      };
      try {
        served.queue.push(message.key, () => this.#handle(served.handler, copy, settle));
      } catch (error) {
        settle.reject(error);
      }
    });
  }

  #check({ target, id }: CommandMessage): Served {
    if (this.#stopped) throw new Fault('BUS_STOPPED', 'the bus is stopped');
    const served = this.#served.get(target);
    if (!served) throw new Fault('SILENT', `nobody serves commands for ${target}`);
    if (this.#parkedIds.size > 0 && this.#parkedIds.has(id)) throw new Fault('COMMAND_PARKED', `command ${id} failed too often and is parked`);
    return served;
  }

  async #handle(handler: CommandHandler, message: CommandMessage, { resolve, reject }: Settle): Promise<void> {
    try {
      resolve(await this.#run(handler, message));
      if (this.#failures.size > 0) this.#failures.delete(message.id);
    } catch (error) {
      await this.#failed(message, error).catch((parking: unknown) => {
        this.#options.log.error({ command: message.id, error: describe(parking) }, 'a poisoned command could not be parked');
      });
      reject(isFault(error) ? error : new Fault('HANDLER_FAILED', `${message.target} could not handle the command; its log says why`, true, { cause: error }));
    }
  }

  async #run(handler: CommandHandler, message: CommandMessage): Promise<Outcome> {
    const { around } = this.#options;
    const outcome = await (around ? around(message, () => handler(message)) : handler(message));
    if (!outcome.ok) return frozenCopy(outcome) as Outcome;
    return outcome.direct ? outcome : Object.freeze({ commandId: outcome.commandId, ok: true, result: frozenCopy(outcome.result) });
  }

  /** A fault that may pass says nothing about the command; anything else, time and again, does. */
  async #failed(message: CommandMessage, error: unknown): Promise<void> {
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
    log.error({ command: message.id, target: message.target, key: message.key, attempts, error: describe(error) }, 'a poisoned command is parked');
  }

  /** Handles a parked command once more; its asker learns the outcome when it asks again. */
  async retry({ id, message, attempts }: ParkedMessage): Promise<Retried> {
    const command = message as CommandMessage;
    const served = this.#served.get(command.target);
    if (!served) throw new Fault('SILENT', `nobody serves commands for ${command.target}`);
    const outcome = new Promise<Outcome>((resolve, reject) => {
      served.queue.push(command.key, () => this.#run(served.handler, command).then(resolve, reject));
    });
    try {
      await outcome;
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

  /** Commands that run and that wait, per target. */
  load(): Readonly<Record<string, { readonly running: number; readonly waiting: number }>> {
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

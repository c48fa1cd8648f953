import { COMMANDS, type CommandDesk, type EventMessage, type ParkedStore } from '@vouchsafe/bus';
import { isFault } from '@vouchsafe/kernel';
import type { Clock, Log, Namespace } from '@vouchsafe/runtime';
import { type CommandKeys, signed, signerOf } from './signing.js';
import type { Forged } from './forged.js';
import { H, type Incoming, type Outgoing, READ_PUBLISHED_TYPE, readCommand, readQuestion, readReturn, type Reply, WireError, writeReply } from './wire.js';

export type ReadOwn = (stream: string, fromPub: number, max: number) => Promise<readonly EventMessage[]>;
export type CommandIntakeOptions = {
  readonly target: string;
  readonly namespace: Namespace;
  readonly keys: CommandKeys;
  readonly desk: CommandDesk;
  readonly forged: Forged;
  readonly parked: ParkedStore;
  readonly mayCommand: (sender: string, target: string) => boolean;
  readonly readOwn: () => ReadOwn | undefined;
  readonly reply: (topic: string, message: Outgoing) => Promise<void>;
  readonly clock: Clock;
  readonly log: Log;
};

/** Nobody awaits an outcome so long; a handler that takes longer is broken, and its asker asks again. */
const HANDLING_MAX_MS = 600_000;
/** An answer stays well below what a topic takes. */
const ANSWER_BYTES = 400_000;

/** Takes commands and questions for one context: checks who signed them, has them handled, answers. */
export class CommandIntake {
  readonly #options: CommandIntakeOptions;

  constructor(options: CommandIntakeOptions) {
    this.#options = options;
  }

  async take(message: Incoming): Promise<void> {
    const { keys, forged, target, mayCommand } = this.#options;
    const signer = signerOf(keys, message);
    if (signer === undefined) return forged.park(message, 'no valid signature of a service we know');
    const isQuestion = message.headers[H.type] === READ_PUBLISHED_TYPE;
    if (!isQuestion && !mayCommand(signer, target)) return forged.park(message, `${signer} may not command ${target}`);
    try {
      if (isQuestion) await this.#answerQuestion(message);
      else await this.#handle(message);
    } catch (error) {
      if (!(error instanceof WireError)) throw error;
      await this.#parkUnreadable(message, error);
    }
  }

  async #handle(message: Incoming): Promise<void> {
    const { desk, namespace, target } = this.#options;
    const command = readCommand(namespace, target, message);
    await this.#answer(message, await Promise.resolve(desk.ask(command, HANDLING_MAX_MS)).then((outcome): Reply => ({ outcome }), faultOf));
  }

  /** An answer that cannot be sent is lost: its asker asks again. */
  async #answer(message: Incoming, reply: Reply): Promise<void> {
    const { namespace, target, keys, clock, log } = this.#options;
    const { replyTo, ask } = readReturn(message);
    const outgoing = signed(keys, replyTo, writeReply(namespace, keys.service, ask, { id: `${message.headers[H.id]}/outcome`, at: clock.now(), reply }));
    try {
      await this.#options.reply(replyTo, outgoing);
    } catch (error) {
      log.warn({ target, replyTo, error: String(error) }, 'an outcome could not be sent; its asker asks again');
    }
  }

  async #answerQuestion(message: Incoming): Promise<void> {
    const { stream, fromPub, max } = readQuestion(message);
    const read = this.#options.readOwn();
    if (!read) return this.#answer(message, { fault: { code: 'OWNER_UNAVAILABLE', message: `the owner of ${this.#options.target} is not here`, retryable: true } });
    await this.#answer(message, await read(stream, fromPub, max).then(answerOf, faultOf));
  }

  async #parkUnreadable(message: Incoming, error: WireError): Promise<void> {
    const { parked, clock, log, target } = this.#options;
    const id = `${COMMANDS}/${message.topic}/${message.partition}/${message.offset}`;
    await parked.put({
      id, group: COMMANDS, target: id, error: `${error.name}: ${error.message}`, attempts: 1, parkedAt: clock.now(),
      message: { target, topic: message.topic, partition: message.partition, offset: message.offset, key: message.key },
    });
    log.error({ id, error: error.message }, 'a command that cannot be read is parked');
  }
}

const answerOf = (events: readonly EventMessage[]): Reply => {
  let bytes = 0;
  const page: EventMessage[] = [];
  for (const event of events) {
    bytes += JSON.stringify(event).length;
    if (page.length > 0 && bytes > ANSWER_BYTES) return { events: page, more: true };
    page.push(event);
  }
  return { events: page, more: false };
};

const faultOf = (error: unknown): Reply => ({
  fault: isFault(error)
    ? { code: error.code, message: error.message, retryable: error.retryable }
    : { code: 'HANDLER_FAILED', message: 'the command could not be handled; the log of its owner says why', retryable: true },
});

import { type AppendResult, type EventStore, type NewEvent, NO_STREAM, type Revision } from '@vouchsafe/event-store';
import type { Clock } from '@vouchsafe/runtime';
import { accessDenied, DoorError, invalid, tooLarge } from './errors.js';
import { newEventOf, type Proposed, sizeOf } from './proposals.js';
import type { Visitor } from './who.js';
import { status } from '@grpc/grpc-js';

/** A revision that a client expects. Whatever it finds (`any`) is never appended to. */
export type Expected = Revision | 'stream_exists' | 'any';
export type AppendRules = { readonly allowed: boolean; readonly maxBytes: number };

/** `stream_exists` meets others' appends in between; more in a row than this is no accident. */
const TRIES = 16;

/** Appends for visitors who may, and answers when it is durable. */
export class Appender {
  readonly #store: EventStore;
  readonly #clock: Clock;
  readonly #rules: AppendRules;

  constructor(store: EventStore, clock: Clock, rules: AppendRules) {
    this.#store = store;
    this.#clock = clock;
    this.#rules = rules;
  }

  get maxBytes(): number {
    return this.#rules.maxBytes;
  }

  /** Throws unless `visitor` may append here. */
  check(visitor: Visitor): void {
    if (!this.#rules.allowed) throw accessDenied('this door is for reading only', true);
    if (visitor.may !== 'append') throw accessDenied('these credentials are for reading only', true);
  }

  async append(visitor: Visitor, stream: string, expected: Expected, messages: readonly Proposed[]): Promise<AppendResult> {
    this.check(visitor);
    if (stream.startsWith('$')) throw accessDenied('streams of the system are not written here', true);
    if (expected === 'any') throw invalid('an append names the revision it expects: any would hide lost updates');
    if (messages.length === 0) throw invalid('an append has events');
    if (messages.reduce((sum, message) => sum + sizeOf(message), 0) > this.#rules.maxBytes) throw tooLarge(this.#rules.maxBytes);
    const now = this.#clock.now();
    const events = messages.map((message) => newEventOf(message, visitor.name, now));
    const result = expected === 'stream_exists' ? await this.#toExisting(stream, events) : await this.#store.append({ stream, expected, events });
    if (result.ok) await this.#store.durable(result.position);
    return result;
  }

  async #toExisting(stream: string, events: readonly NewEvent[]): Promise<AppendResult> {
    for (let tries = 0; tries < TRIES; tries++) {
      const expected = await this.#store.revisionOf(stream);
      if (expected === NO_STREAM) return { ok: false, actual: NO_STREAM };
      const result = await this.#store.append({ stream, expected, events });
      if (result.ok) return result;
    }
    throw new DoorError(status.ABORTED, 'the stream is written by others too often just now');
  }
}

import type { Json } from '@vouchsafe/codec';
import type { Instant } from '@vouchsafe/kernel';
import { canonicalBytes, leafHash } from './canonical.js';
import type { NewEvent, Position, RecordedEvent, Revision } from './port.js';
import { dataTextOf, type Origin, readHead, readOrigin, readTexts, type Texts } from './record-layout.js';

/** An event as this process appended it: it need not be read back from its bytes while it is at hand. */
export type Appended = { readonly event: NewEvent; readonly stream: string };

/** Where an event's record lies, and what was appended where that is known. */
export type EventBytes = { readonly bytes: Buffer; readonly at: number; readonly appended?: Appended | undefined };

/**
 * A recorded event over its stored bytes. Stream, type and numbers are read at once; the other texts and `data` when first
 * asked for, once, for all consumers alike. Do not spread it (`{...event}` would lose what is lazy); name the fields.
 */
export class StoredEvent implements RecordedEvent {
  readonly position: Position;
  readonly stream: string;
  readonly revision: Revision;
  readonly type: string;
  readonly recordedAt: Instant;
  readonly occurredAt: Instant;
  readonly epoch: number;
  readonly pub: number | undefined;
  readonly #bytes: Buffer;
  readonly #at: number;
  readonly #appended: NewEvent | undefined;
  readonly #previous: Position;
  #texts: Texts | undefined;
  #origin: Origin | undefined;
  #shared = true;
  #data: Json | undefined;

  /** `previous`: position of the stream's event before this one in the same store. */
  constructor({ bytes, at, appended }: EventBytes, position: Position, previous: Position) {
    const head = readHead(bytes, at, appended && { stream: appended.stream, type: appended.event.type });
    this.position = position;
    this.stream = head.stream;
    this.revision = head.revision;
    this.type = head.type;
    this.recordedAt = head.recordedAt;
    this.occurredAt = head.occurredAt;
    this.epoch = head.epoch;
    this.pub = head.pub;
    this.#bytes = bytes;
    this.#at = at;
    this.#appended = appended?.event;
    this.#previous = previous;
  }

  get id(): string {
    return (this.#appended ?? this.#from).id;
  }
  get correlation(): string {
    return (this.#appended ?? this.#read).correlation;
  }
  get causation(): string {
    return (this.#appended ?? this.#from).causation;
  }
  get principal(): string {
    return (this.#appended ?? this.#read).principal;
  }
  get trace(): string | undefined {
    return (this.#appended ?? this.#from).trace;
  }
  get data(): Json {
    // Always from the stored bytes, also right after the append: what consumers see live is what a replay will show them.
    if (this.#data === undefined) {
      const data = JSON.parse(this.dataText) as Json;
      this.#data = this.#shared ? deepFreeze(data) : data;
    }
    return this.#data;
  }
  /** For who hands `data` to pure functions only: nothing of it need be frozen. */
  unshared(): this {
    this.#shared = false;
    return this;
  }
  /** The stored JSON itself, for whoever passes it on without looking inside. */
  get dataText(): string {
    return dataTextOf(this.#bytes, this.#at, this.#read);
  }
  /** Made anew each time, for proofs. */
  get canonical(): Buffer {
    const { id, stream, revision, type, recordedAt, occurredAt, epoch, pub, correlation, causation, principal, trace } = this;
    return canonicalBytes({
      id, stream, revision, type, recordedAt, occurredAt, epoch, pub, correlation, causation, principal, trace,
      dataText: this.dataText,
    });
  }
  /** Made anew each time, for proofs. */
  get leaf(): Buffer {
    return leafHash(this.canonical);
  }
  /** Position of the stream's event before this one in the same store; no part of the event. */
  get previous(): Position {
    return this.#previous;
  }

  /** Its record as it lies in the log; the same memory, not a copy. */
  get record(): Uint8Array {
    return this.#bytes.subarray(this.#at, this.#at + this.recordBytes);
  }
  /** Bytes that its record takes. */
  get recordBytes(): number {
    return this.#bytes.readUInt32BE(this.#at);
  }

  get #read(): Texts {
    return (this.#texts ??= readTexts(this.#bytes, this.#at));
  }
  get #from(): Origin {
    return (this.#origin ??= readOrigin(this.#bytes, this.#at, this.#read));
  }

  /** Everything but the bytes, for logs and exports. */
  toJSON(): object {
    const { position, stream, revision, type, recordedAt, occurredAt, epoch, pub } = this;
    const { id, correlation, causation, principal, trace, data } = this;
    return {
      position, stream, revision, type, recordedAt, occurredAt, epoch, pub,
      id, correlation, causation, principal, trace, data,
    };
  }
}

/** Freezes parsed JSON all the way down, since every consumer is handed the same object. */
export const deepFreeze = <T>(value: T): T => {
  if (value !== null && typeof value === 'object' && !Object.isFrozen(value)) {
    for (const inner of Object.values(value)) deepFreeze(inner);
    Object.freeze(value);
  }
  return value;
};

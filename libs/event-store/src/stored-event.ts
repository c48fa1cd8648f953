import type { Json } from '@vouchsafe/codec';
import type { Instant } from '@vouchsafe/kernel';
import { getI64, getU48 } from './bytes.js';
import { canonicalBytes, checkVersion, leafHash } from './canonical.js';
import { type Position, type RecordedEvent, type Revision, START } from './port.js';
import * as layout from './record-layout.js';

/**
 * A recorded event over its stored bytes. Stream, type and numbers are read at once; the other texts when asked for, `data`
 * when first asked for, once, for all consumers alike. Do not spread it (`{...event}` would lose what is lazy); name the fields.
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
  #shared = true;
  #data: Json | undefined;

  /** Of the record at `at` of `bytes`. Throws Fault `EVENT_TOO_NEW` for a version this binary does not know. */
  constructor(bytes: Buffer, at: number, position: Position) {
    checkVersion(bytes[at + layout.VERSION_AT]!, layout.RECORD_VERSION);
    this.position = position;
    this.stream = layout.streamOf(bytes, at);
    this.revision = layout.revisionOf(bytes, at);
    this.type = layout.typeOf(bytes, at);
    this.recordedAt = getI64(bytes, at + layout.RECORDED_AT) as Instant;
    this.occurredAt = getI64(bytes, at + layout.OCCURRED_AT) as Instant;
    this.epoch = bytes.readUInt32BE(at + layout.EPOCH_AT);
    this.pub = layout.pubOf(bytes, at);
    this.#bytes = bytes;
    this.#at = at;
  }

  get id(): string {
    return layout.idOf(this.#bytes, this.#at);
  }
  get correlation(): string {
    return layout.correlationOf(this.#bytes, this.#at);
  }
  get causation(): string {
    return layout.causationOf(this.#bytes, this.#at);
  }
  get principal(): string {
    return layout.principalOf(this.#bytes, this.#at);
  }
  get trace(): string | undefined {
    return layout.traceOf(this.#bytes, this.#at);
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
    return layout.dataTextOf(this.#bytes, this.#at);
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
    const previous = getU48(this.#bytes, this.#at + layout.PREVIOUS_AT);
    return previous === 0 ? START : (previous as Position);
  }

  /** Its record as it lies in the log; the same memory, not a copy. */
  get record(): Uint8Array {
    return this.#bytes.subarray(this.#at, this.#at + this.recordBytes);
  }
  /** Bytes that its record takes. */
  get recordBytes(): number {
    return this.#bytes.readUInt32BE(this.#at);
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
  if (value === null || typeof value !== 'object' || Object.isFrozen(value)) return value;
  if (Array.isArray(value)) for (let i = 0; i < value.length; i++) deepFreeze((value as unknown[])[i]);
  else for (const key in value) deepFreeze(value[key]);
  return Object.freeze(value);
};

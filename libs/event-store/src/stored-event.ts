import type { Json } from '@vouchsafe/codec';
import type { Instant } from '@vouchsafe/kernel';
import { getI64 } from './bytes.js';
import {
  afterText,
  EPOCH_AT,
  CANONICAL_HEAD_BYTES,
  flagsAt,
  hasPub,
  OCCURRED_AT,
  PUB_AT,
  readTexts,
  RECORDED_AT,
  REVISION_AT,
  textAt,
} from './canonical.js';
import type { Position, RecordedEvent, Revision } from './port.js';

type Texts = ReturnType<typeof readTexts>;

/** Where an event's bytes lie: `start` to `end` the canonical bytes, the leaf anywhere in the same buffer. */
export type EventBytes = {
  readonly bytes: Buffer;
  readonly start: number;
  readonly end: number;
  readonly leafAt: number;
};

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
  readonly leaf: Buffer;
  readonly #bytes: Buffer;
  readonly #start: number;
  readonly #end: number;
  readonly #textsAt: number;
  readonly #previous: Position;
  #texts: Texts | undefined;
  #data: Json | undefined;

  /** `previous`: position of the stream's event before this one in the same store. */
  constructor({ bytes, start, end, leafAt }: EventBytes, position: Position, previous: Position) {
    const typeAt = afterText(bytes, start + CANONICAL_HEAD_BYTES);
    this.position = position;
    this.stream = textAt(bytes, start + CANONICAL_HEAD_BYTES);
    this.revision = bytes.readUInt32BE(start + REVISION_AT);
    this.type = textAt(bytes, typeAt);
    this.recordedAt = getI64(bytes, start + RECORDED_AT) as Instant;
    this.occurredAt = getI64(bytes, start + OCCURRED_AT) as Instant;
    this.epoch = bytes.readUInt32BE(start + EPOCH_AT);
    this.pub = hasPub(flagsAt(bytes, start)) ? bytes.readUInt32BE(start + PUB_AT) : undefined;
    this.leaf = bytes.subarray(leafAt, leafAt + 32);
    this.#bytes = bytes;
    this.#start = start;
    this.#end = end;
    this.#textsAt = afterText(bytes, typeAt);
    this.#previous = previous;
  }

  get id(): string {
    return this.#read().id;
  }
  get correlation(): string {
    return this.#read().correlation;
  }
  get causation(): string {
    return this.#read().causation;
  }
  get principal(): string {
    return this.#read().principal;
  }
  get trace(): string | undefined {
    return this.#read().trace;
  }
  get data(): Json {
    this.#data ??= deepFreeze(JSON.parse(this.dataText) as Json);
    return this.#data;
  }
  /** The stored JSON itself, for whoever passes it on without looking inside. */
  get dataText(): string {
    return this.#bytes.toString('utf8', this.#read().dataAt + 4, this.#end);
  }
  get canonical(): Buffer {
    return this.#bytes.subarray(this.#start, this.#end);
  }
  /** Position of the stream's event before this one in the same store; no part of the event. */
  get previous(): Position {
    return this.#previous;
  }

  #read(): Texts {
    this.#texts ??= readTexts(this.#bytes, this.#start, this.#textsAt);
    return this.#texts;
  }

  /** Everything but the bytes, for logs and exports. */
  toJSON(): object {
    const {
      position,
      stream,
      revision,
      type,
      recordedAt,
      occurredAt,
      epoch,
      pub,
      id,
      correlation,
      causation,
      principal,
      trace,
      data,
    } = this;
    return {
      position,
      stream,
      revision,
      type,
      recordedAt,
      occurredAt,
      epoch,
      pub,
      id,
      correlation,
      causation,
      principal,
      trace,
      data,
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

import { getI64 } from './bytes.js';
import { uuidAt } from './canonical.js';

/**
 * How an event lies in the log: the canonical fields, stored short. A head, the lengths of six texts, `pub` where there is
 * one, then the texts and the data back to back. README.md says it byte by byte.
 */
export const RECORD_VERSION = 1;
/** Bytes before `pub` or the first text. */
export const RECORD_HEAD_BYTES = 68;

export const CRC_AT = 4;
export const CHECKED_FROM = 8;
export const PREVIOUS_AT = 8;
export const VERSION_AT = 14;
export const FLAGS_AT = 15;
export const ID_AT = 16;
export const REVISION_AT = 32;
export const EPOCH_AT = 36;
export const RECORDED_AT = 40;
export const OCCURRED_AT = 48;
/** Of stream, type, correlation, causation, principal, trace; u16 each. */
export const LENGTHS_AT = 56;
export const STREAM_LENGTH_AT = LENGTHS_AT;
export const TYPE_LENGTH_AT = LENGTHS_AT + 2;
export const CORRELATION_LENGTH_AT = LENGTHS_AT + 4;
export const CAUSATION_LENGTH_AT = LENGTHS_AT + 6;
export const PRINCIPAL_LENGTH_AT = LENGTHS_AT + 8;
export const TRACE_LENGTH_AT = LENGTHS_AT + 10;

export const HAS_TRACE = 1;
export const HAS_PUB = 2;
/** The correlation begins the stream's name behind its first dash, and is not written again. */
export const CORRELATION_IN_STREAM = 4;
/** The causation begins with the correlation; what follows is written. */
export const CAUSATION_FOLLOWS = 8;
/** In the data the correlation, the principal, the time it occurred are written as their {@link MARKS}. */
export const CORRELATION_MARKED = 16;
export const PRINCIPAL_MARKED = 32;
export const OCCURRED_MARKED = 64;
const ANY_MARKED = CORRELATION_MARKED | PRINCIPAL_MARKED | OCCURRED_MARKED;

/** What stands for them within the data: no JSON text holds these characters unescaped. */
export const MARKS = { correlation: '\u0001', principal: '\u0002', occurredAt: '\u0003' } as const;
const DASH = 45;

/** Where the stream's name begins in the record at `at`. */
export const streamAt = (bytes: Buffer, at: number): number =>
  at + RECORD_HEAD_BYTES + ((bytes[at + FLAGS_AT]! & HAS_PUB) === 0 ? 0 : 4);
export const streamLength = (bytes: Buffer, at: number): number => bytes.readUInt16BE(at + LENGTHS_AT);
export const streamOf = (bytes: Buffer, at: number): string => {
  const from = streamAt(bytes, at);
  return bytes.toString('utf8', from, from + streamLength(bytes, at));
};
export const revisionOf = (bytes: Buffer, at: number): number => bytes.readUInt32BE(at + REVISION_AT);

export const typeOf = (bytes: Buffer, at: number): string => {
  const from = streamAt(bytes, at) + streamLength(bytes, at);
  return bytes.toString('utf8', from, from + bytes.readUInt16BE(at + TYPE_LENGTH_AT));
};
/** The number among integration events, where there is one. */
export const pubOf = (bytes: Buffer, at: number): number | undefined =>
  (bytes[at + FLAGS_AT]! & HAS_PUB) === 0 ? undefined : bytes.readUInt32BE(at + RECORD_HEAD_BYTES);

/** Where the texts behind the type begin. */
const restAt = (bytes: Buffer, at: number): number =>
  streamAt(bytes, at) + streamLength(bytes, at) + bytes.readUInt16BE(at + TYPE_LENGTH_AT);
const causationAt = (bytes: Buffer, at: number): number =>
  restAt(bytes, at) + (bytes[at + FLAGS_AT]! & CORRELATION_IN_STREAM ? 0 : bytes.readUInt16BE(at + CORRELATION_LENGTH_AT));
const principalAt = (bytes: Buffer, at: number): number => causationAt(bytes, at) + bytes.readUInt16BE(at + CAUSATION_LENGTH_AT);
const traceAt = (bytes: Buffer, at: number): number => principalAt(bytes, at) + bytes.readUInt16BE(at + PRINCIPAL_LENGTH_AT);
const dataAt = (bytes: Buffer, at: number): number => traceAt(bytes, at) + bytes.readUInt16BE(at + TRACE_LENGTH_AT);

export const idOf = (bytes: Buffer, at: number): string => uuidAt(bytes, at + ID_AT);

export const correlationOf = (bytes: Buffer, at: number): string => {
  const from = bytes[at + FLAGS_AT]! & CORRELATION_IN_STREAM ? behindDash(bytes, at) : restAt(bytes, at);
  return bytes.toString('utf8', from, from + bytes.readUInt16BE(at + CORRELATION_LENGTH_AT));
};
const behindDash = (bytes: Buffer, at: number): number => {
  const from = streamAt(bytes, at);
  const end = from + streamLength(bytes, at);
  for (let i = from; i < end; i++) if (bytes[i] === DASH) return i + 1;
  return from;
};

export const causationOf = (bytes: Buffer, at: number): string => {
  const own = bytes.toString('utf8', causationAt(bytes, at), principalAt(bytes, at));
  return bytes[at + FLAGS_AT]! & CAUSATION_FOLLOWS ? correlationOf(bytes, at) + own : own;
};
export const principalOf = (bytes: Buffer, at: number): string => bytes.toString('utf8', principalAt(bytes, at), traceAt(bytes, at));
export const traceOf = (bytes: Buffer, at: number): string | undefined =>
  bytes[at + FLAGS_AT]! & HAS_TRACE ? bytes.toString('utf8', traceAt(bytes, at), dataAt(bytes, at)) : undefined;

/** The data's JSON of the record at `at`. */
export const dataTextOf = (bytes: Buffer, at: number): string => {
  let text = bytes.toString('utf8', dataAt(bytes, at), at + bytes.readUInt32BE(at));
  const flags = bytes[at + FLAGS_AT]!;
  if ((flags & ANY_MARKED) === 0) return text;
  // The last mark made is taken back first: what a mark stands for may itself hold one of those before.
  if (flags & OCCURRED_MARKED) text = unmarked(text, MARKS.occurredAt, String(getI64(bytes, at + OCCURRED_AT)));
  if (flags & PRINCIPAL_MARKED) text = unmarked(text, MARKS.principal, principalOf(bytes, at));
  if (flags & CORRELATION_MARKED) text = unmarked(text, MARKS.correlation, correlationOf(bytes, at));
  return text;
};
/** As `replaceAll` does, which costs more. */
const unmarked = (text: string, mark: string, by: string): string => {
  let out = '';
  let from = 0;
  for (let at = text.indexOf(mark); at >= 0; at = text.indexOf(mark, from)) {
    out += text.slice(from, at) + by;
    from = at + 1;
  }
  return from === 0 ? text : out + text.slice(from);
};

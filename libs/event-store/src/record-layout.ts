import type { Instant } from '@vouchsafe/kernel';
import { getI64 } from './bytes.js';
import { checkVersion, uuidAt } from './canonical.js';

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

/** What is read of a record at once. Throws Fault `EVENT_TOO_NEW` for a version this binary does not know. */
export const readHead = (bytes: Buffer, at: number, names: Names = namesIn(bytes, at)) => {
  checkVersion(bytes[at + VERSION_AT]!, RECORD_VERSION);
  return {
    stream: names.stream,
    type: names.type,
    revision: revisionOf(bytes, at),
    epoch: bytes.readUInt32BE(at + EPOCH_AT),
    recordedAt: getI64(bytes, at + RECORDED_AT) as Instant,
    occurredAt: getI64(bytes, at + OCCURRED_AT) as Instant,
    pub: (bytes[at + FLAGS_AT]! & HAS_PUB) === 0 ? undefined : bytes.readUInt32BE(at + RECORD_HEAD_BYTES),
  };
};
/** The names of a record, where they are at hand already. */
export type Names = { readonly stream: string; readonly type: string };
const namesIn = (bytes: Buffer, at: number): Names => {
  const stream = streamAt(bytes, at);
  const type = stream + streamLength(bytes, at);
  return {
    stream: bytes.toString('utf8', stream, type),
    type: bytes.toString('utf8', type, type + bytes.readUInt16BE(at + LENGTHS_AT + 2)),
  };
};

/** The id and the texts behind the type of the record at `at`; `dataAt`: where its data begins. */
export const readRest = (bytes: Buffer, at: number) => {
  const flags = bytes[at + FLAGS_AT]!;
  const stream = streamAt(bytes, at);
  const length = (i: number): number => bytes.readUInt16BE(at + LENGTHS_AT + 2 * i);
  let from = stream + length(0) + length(1);
  const next = (bytesOfIt: number): string => {
    const start = from;
    from += bytesOfIt;
    return bytes.toString('utf8', start, from);
  };
  const correlation = flags & CORRELATION_IN_STREAM ? inStream(bytes, stream, length(0), length(2)) : next(length(2));
  const causation = next(length(3));
  const principal = next(length(4));
  const trace = next(length(5));
  return {
    id: uuidAt(bytes, at + ID_AT),
    correlation,
    causation: flags & CAUSATION_FOLLOWS ? correlation + causation : causation,
    principal,
    ...(flags & HAS_TRACE && { trace }),
    dataAt: from,
  };
};
const inStream = (bytes: Buffer, stream: number, length: number, correlation: number): string => {
  const dash = bytes.indexOf(DASH, stream);
  const from = dash < 0 || dash >= stream + length ? stream : dash + 1;
  return bytes.toString('utf8', from, from + correlation);
};

/** The data's JSON of the record at `at`, as {@link readRest} read it. */
export const dataTextOf = (bytes: Buffer, at: number, { dataAt, correlation, principal }: ReturnType<typeof readRest>): string => {
  let text = bytes.toString('utf8', dataAt, at + bytes.readUInt32BE(at));
  const flags = bytes[at + FLAGS_AT]!;
  if ((flags & ANY_MARKED) === 0) return text;
  // The last mark made is taken back first: what a mark stands for may itself hold one of those before.
  if (flags & OCCURRED_MARKED) text = text.replaceAll(MARKS.occurredAt, String(getI64(bytes, at + OCCURRED_AT)));
  if (flags & PRINCIPAL_MARKED) text = text.replaceAll(MARKS.principal, () => principal);
  if (flags & CORRELATION_MARKED) text = text.replaceAll(MARKS.correlation, () => correlation);
  return text;
};

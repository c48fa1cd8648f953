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

/** What most readers ask for of the texts behind the type, and where the data begins. */
export type Texts = { readonly correlation: string; readonly principal: string; readonly dataAt: number };

export const readTexts = (bytes: Buffer, at: number): Texts => {
  const short = (bytes[at + FLAGS_AT]! & CORRELATION_IN_STREAM) !== 0;
  const stream = streamAt(bytes, at);
  const length = streamLength(bytes, at);
  const correlationLength = bytes.readUInt16BE(at + CORRELATION_LENGTH_AT);
  const correlationAt = stream + length + bytes.readUInt16BE(at + TYPE_LENGTH_AT);
  const causationAt = short ? correlationAt : correlationAt + correlationLength;
  const principalAt = causationAt + bytes.readUInt16BE(at + CAUSATION_LENGTH_AT);
  const traceAt = principalAt + bytes.readUInt16BE(at + PRINCIPAL_LENGTH_AT);
  return {
    correlation: short ? inStream(bytes, stream, length, correlationLength) : bytes.toString('utf8', correlationAt, correlationAt + correlationLength),
    principal: bytes.toString('utf8', principalAt, traceAt),
    dataAt: traceAt + bytes.readUInt16BE(at + TRACE_LENGTH_AT),
  };
};

/** What few ask for: who it is and what caused it. */
export type Origin = { readonly id: string; readonly causation: string; readonly trace?: string };

export const readOrigin = (bytes: Buffer, at: number, { correlation, dataAt }: Texts): Origin => {
  const flags = bytes[at + FLAGS_AT]!;
  const traceAt = dataAt - bytes.readUInt16BE(at + TRACE_LENGTH_AT);
  const principalAt = traceAt - bytes.readUInt16BE(at + PRINCIPAL_LENGTH_AT);
  const causation = bytes.toString('utf8', principalAt - bytes.readUInt16BE(at + CAUSATION_LENGTH_AT), principalAt);
  return {
    id: uuidAt(bytes, at + ID_AT),
    causation: flags & CAUSATION_FOLLOWS ? correlation + causation : causation,
    ...(flags & HAS_TRACE && { trace: bytes.toString('utf8', traceAt, dataAt) }),
  };
};
const inStream = (bytes: Buffer, stream: number, length: number, correlation: number): string => {
  const dash = bytes.indexOf(DASH, stream);
  const from = dash < 0 || dash >= stream + length ? stream : dash + 1;
  return bytes.toString('utf8', from, from + correlation);
};

/** The data's JSON of the record at `at`, whose texts {@link readTexts} has read. */
export const dataTextOf = (bytes: Buffer, at: number, { dataAt, correlation, principal }: Texts): string => {
  let text = bytes.toString('utf8', dataAt, at + bytes.readUInt32BE(at));
  const flags = bytes[at + FLAGS_AT]!;
  if ((flags & ANY_MARKED) === 0) return text;
  // The last mark made is taken back first: what a mark stands for may itself hold one of those before.
  if (flags & OCCURRED_MARKED) text = unmarked(text, MARKS.occurredAt, String(getI64(bytes, at + OCCURRED_AT)));
  if (flags & PRINCIPAL_MARKED) text = unmarked(text, MARKS.principal, principal);
  if (flags & CORRELATION_MARKED) text = unmarked(text, MARKS.correlation, correlation);
  return text;
};
/** A mark stands once or twice as a rule: so this is cheaper than to have it searched for by `replaceAll`, and `$` means nothing in it. */
const unmarked = (text: string, mark: string, meaning: string): string => {
  let [from, out] = [0, ''];
  for (let at = text.indexOf(mark); at >= 0; at = text.indexOf(mark, from)) {
    out += text.slice(from, at) + meaning;
    from = at + 1;
  }
  return out + text.slice(from);
};

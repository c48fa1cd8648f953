import { hash } from 'node:crypto';
import { Fault, type Instant, invariant } from '@vouchsafe/kernel';
import { getI64, putI64 } from './bytes.js';
import type { EventMetadata } from './port.js';

/** What the canonical bytes are made of; `data` is the stored JSON's UTF-8 text. */
export type CanonicalFields = EventMetadata & {
  readonly id: string;
  readonly stream: string;
  readonly revision: number;
  readonly type: string;
  readonly recordedAt: Instant;
  readonly epoch: number;
  readonly dataText: string;
};
/** Of these, what the caller of an append says, and what the store adds. */
export type Said = EventMetadata & { readonly id: string; readonly type: string };
export type Recording = { readonly recordedAt: Instant; readonly epoch: number };

const VERSION = 1;
const HAS_TRACE = 1;
const HAS_PUB = 2;
/** version u8, flags u8, id 16, revision u32, pub u32, epoch u32, recordedAt i64, occurredAt i64 */
const HEAD_BYTES = 1 + 1 + 16 + 4 + 4 + 4 + 8 + 8;
const TEXTS = 6;
const TEXT_MAX_BYTES = 0xffff;
const U32_MAX = 0xffffffff;

/**
 * Canonical bytes of an event, version 1, frozen: a fixed head (big endian), then length-prefixed UTF-8 texts: stream, type,
 * correlation, causation, principal and trace with u16 lengths, data with a u32 length. The position is no part of it, so
 * that a leaf hash is the same in every store (ARCHITECTURE §4.2). Throws a Bug for fields that could not be given back.
 */
export const canonicalBytes = (event: CanonicalFields): Buffer => {
  checkSaid(event);
  checkRecording(event);
  const out = Buffer.allocUnsafe(canonicalSize(event));
  const end = writeCanonical(out, event);
  invariant(end === out.length, 'canonical bytes are as long as foretold');
  return out;
};

/**
 * Refuses, as a Bug, what the bytes could not give back unchanged: a text that is no well-formed Unicode (two such names
 * would become one) or longer than 65,535 bytes, a `pub` that is not from 1. {@link putUuid} refuses the id.
 */
const checkSaid = (event: Said): void => {
  checkFigures(event);
  checkText(event.type);
  checkText(event.correlation);
  checkText(event.causation);
  checkText(event.principal);
  if (event.trace !== undefined) checkText(event.trace);
};
/** Of that, what can be told without looking at its texts. */
export const checkFigures = (event: Said): void => {
  invariant(event.type !== '', 'an event has a type');
  invariant(
    event.pub === undefined || (Number.isInteger(event.pub) && event.pub >= 1 && event.pub <= U32_MAX),
    'pub counts from 1',
  );
  invariant(Number.isSafeInteger(event.occurredAt), 'occurredAt is whole milliseconds');
};
const checkStream = (stream: string): void => {
  invariant(stream !== '', 'a stream has a name');
  checkText(stream);
};
const checkRecording = ({ stream, revision, recordedAt, epoch }: CanonicalFields): void => {
  checkStream(stream);
  invariant(Number.isInteger(revision) && revision >= 0 && revision <= U32_MAX, 'a revision is a u32');
  invariant(Number.isInteger(epoch) && epoch >= 0 && epoch <= U32_MAX, 'an epoch is a u32');
  invariant(Number.isSafeInteger(recordedAt), 'recordedAt is whole milliseconds');
};
const checkText = (value: string): void => {
  invariant(value.isWellFormed(), 'a text of an event is well-formed Unicode');
  // No UTF-16 unit takes more than three bytes, so most texts need no counting.
  if (value.length * 3 > TEXT_MAX_BYTES) checkTextBytes(Buffer.byteLength(value));
};
/** Refuses a text of so many bytes. */
export const checkTextBytes = (bytes: number): void =>
  invariant(bytes <= TEXT_MAX_BYTES, 'a text of an event has at most 65,535 bytes');

const canonicalSize = (event: CanonicalFields): number =>
  HEAD_BYTES +
  TEXTS * 2 +
  4 +
  Buffer.byteLength(event.stream) +
  Buffer.byteLength(event.type) +
  Buffer.byteLength(event.correlation) +
  Buffer.byteLength(event.causation) +
  Buffer.byteLength(event.principal) +
  (event.trace === undefined ? 0 : Buffer.byteLength(event.trace)) +
  Buffer.byteLength(event.dataText);

/** Writes canonical bytes from the start of `out` and gives the offset after them. */
const writeCanonical = (out: Buffer, event: CanonicalFields): number => {
  out[0] = VERSION;
  out[1] = (event.trace === undefined ? 0 : HAS_TRACE) | (event.pub === undefined ? 0 : HAS_PUB);
  let at = putUuid(out, event.id, 2);
  at = out.writeUInt32BE(event.revision, at);
  at = out.writeUInt32BE(event.pub ?? 0, at);
  at = out.writeUInt32BE(event.epoch, at);
  at = putI64(out, event.recordedAt, at);
  at = putI64(out, event.occurredAt, at);
  at = putText(out, event.stream, at);
  at = putText(out, event.type, at);
  at = putText(out, event.correlation, at);
  at = putText(out, event.causation, at);
  at = putText(out, event.principal, at);
  at = putText(out, event.trace ?? '', at);
  const dataBytes = out.write(event.dataText, at + 4, 'utf8');
  return out.writeUInt32BE(dataBytes, at) + dataBytes;
};

const putText = (out: Buffer, value: string, at: number): number => {
  const bytes = out.write(value, at + 2, 'utf8');
  return out.writeUInt16BE(bytes, at) + bytes;
};

const DASH = 45;
/** Where the sixteen pairs of digits of a UUID's text begin, and the value of each digit (-1: none). */
const PAIRS = Uint8Array.of(0, 2, 4, 6, 9, 11, 14, 16, 19, 21, 24, 26, 28, 30, 32, 34);
const DIGITS = new Int8Array(256).fill(-1);
for (const [value, digit] of [...'0123456789abcdef'].entries()) DIGITS[digit.charCodeAt(0)] = value;
const digitAt = (id: string, at: number): number => DIGITS[id.charCodeAt(at)] ?? -1;

const isDash = (id: string, at: number): boolean => id.charCodeAt(at) === DASH;
/** Writes a UUID as its sixteen bytes; gives the offset after them. Refuses, as a Bug, what is no lower-case UUID. */
export const putUuid = (out: Buffer, id: string, at: number): number => {
  let digits = 0;
  for (let i = 0; i < 16; i++) {
    const value = (digitAt(id, PAIRS[i]!) << 4) | digitAt(id, PAIRS[i]! + 1);
    digits |= value; // negative where one is no digit
    out[at + i] = value;
  }
  const dashes = id.length === 36 && isDash(id, 8) && isDash(id, 13) && isDash(id, 18) && isDash(id, 23);
  invariant(digits >= 0 && dashes, 'an event id is a lower-case UUID');
  return at + 16;
};

/** The UUID whose sixteen bytes begin at `at`. */
export const uuidAt = (bytes: Buffer, at: number): string => {
  const hex = bytes.toString('hex', at, at + 16);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
};

const REVISION_AT = 18;
const PUB_AT = 22;
const EPOCH_AT = 26;
const RECORDED_AT = 30;
const OCCURRED_AT = 38;

/** The fields back from canonical bytes. Throws Fault `EVENT_TOO_NEW` for a version this binary does not know. */
export const readCanonical = (bytes: Buffer): CanonicalFields => {
  checkVersion(bytes[0]!, VERSION);
  const flags = bytes[1]!;
  const [stream, type, correlation, causation, principal, trace, dataAt] = textsIn(bytes);
  invariant(dataAt + 4 + bytes.readUInt32BE(dataAt) === bytes.length, 'canonical bytes end with the data');
  return {
    id: uuidAt(bytes, 2),
    correlation,
    causation,
    principal,
    ...(flags & HAS_TRACE && { trace }),
    revision: bytes.readUInt32BE(REVISION_AT),
    ...(flags & HAS_PUB && { pub: bytes.readUInt32BE(PUB_AT) }),
    epoch: bytes.readUInt32BE(EPOCH_AT),
    recordedAt: getI64(bytes, RECORDED_AT) as Instant,
    occurredAt: getI64(bytes, OCCURRED_AT) as Instant,
    stream,
    type,
    dataText: bytes.toString('utf8', dataAt + 4),
  };
};

/** The six texts of canonical bytes, and where they end. */
const textsIn = (bytes: Buffer): [string, string, string, string, string, string, number] => {
  let at = HEAD_BYTES;
  const next = (): string => {
    const from = at + 2;
    at = from + bytes.readUInt16BE(at);
    return bytes.toString('utf8', from, at);
  };
  return [next(), next(), next(), next(), next(), next(), at];
};

/** Throws Fault `EVENT_TOO_NEW` for stored bytes of a version this binary does not know. */
export const checkVersion = (version: number, known: number): void => {
  if (version === known) return;
  throw new Fault('EVENT_TOO_NEW', `an event of version ${version} is newer than this binary; upgrade it`, false);
};

/** RFC 9162 leaf hash: SHA-256 over 0x00 and the canonical bytes. */
export const leafHash = (canonical: Uint8Array): Buffer => {
  const leaf = Buffer.allocUnsafe(canonical.length + 1);
  leaf[0] = 0;
  leaf.set(canonical, 1);
  return hash('sha256', leaf, 'buffer');
};

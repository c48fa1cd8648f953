import { hash } from 'node:crypto';
import type { Instant } from '@vouchsafe/kernel';
import type { EventMetadata } from './port.js';

/** What the canonical bytes are made of; `data` is the stored JSON's UTF-8 text. */
export type CanonicalFields = EventMetadata & {
  readonly id: string; readonly stream: string; readonly revision: number; readonly type: string;
  readonly recordedAt: Instant; readonly epoch: number; readonly dataText: string;
};

const VERSION = 1;
const HAS_TRACE = 1;
const HAS_PUB = 2;
/** version u8, flags u8, id 16, revision u32, pub u32, epoch u32, recordedAt u48, occurredAt i48 (two's complement) */
const FIXED_BYTES = 1 + 1 + 16 + 4 + 4 + 4 + 6 + 6;

/**
 * Canonical bytes of an event, version 1, frozen: a fixed head (big endian), then length-prefixed UTF-8 texts: stream, type,
 * correlation, causation, principal and trace with u16 lengths, data with a u32 length. The position is no part of it, so
 * that a leaf hash is the same in every store (ARCHITECTURE §4.2).
 */
export const canonicalBytes = (event: CanonicalFields): Buffer => {
  const texts = [event.stream, event.type, event.correlation, event.causation, event.principal, event.trace ?? ''];
  let size = FIXED_BYTES + texts.length * 2 + 4;
  const lengths = texts.map((value) => Buffer.byteLength(value));
  for (const length of lengths) size += length;
  const dataLength = Buffer.byteLength(event.dataText);
  const out = Buffer.allocUnsafe(size + dataLength);
  let at = writeHead(out, event);
  for (let i = 0; i < texts.length; i++) {
    at = out.writeUInt16BE(lengths[i]!, at);
    at += out.write(texts[i]!, at, 'utf8');
  }
  at = out.writeUInt32BE(dataLength, at);
  out.write(event.dataText, at, 'utf8');
  return out;
};

const writeHead = (out: Buffer, event: CanonicalFields): number => {
  let at = out.writeUInt8(VERSION, 0);
  at = out.writeUInt8((event.trace === undefined ? 0 : HAS_TRACE) | (event.pub === undefined ? 0 : HAS_PUB), at);
  at += out.write(event.id.replaceAll('-', ''), at, 'hex');
  at = out.writeUInt32BE(event.revision, at);
  at = out.writeUInt32BE(event.pub ?? 0, at);
  at = out.writeUInt32BE(event.epoch, at);
  at = out.writeUIntBE(event.recordedAt, at, 6);
  return out.writeIntBE(event.occurredAt, at, 6);
};

/** The fields back from canonical bytes (which a checksum must have proved). */
export const readCanonical = (bytes: Buffer): CanonicalFields => {
  const flags = bytes.readUInt8(1);
  let at = FIXED_BYTES;
  const next = (): string => {
    const length = bytes.readUInt16BE(at);
    const value = bytes.toString('utf8', at + 2, at + 2 + length);
    at += 2 + length;
    return value;
  };
  const [stream, type, correlation, causation, principal, trace] = [next(), next(), next(), next(), next(), next()];
  const hex = bytes.toString('hex', 2, 18);
  return {
    id: `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`,
    revision: bytes.readUInt32BE(18),
    ...(flags & HAS_PUB ? { pub: bytes.readUInt32BE(22) } : {}),
    epoch: bytes.readUInt32BE(26),
    recordedAt: bytes.readUIntBE(30, 6) as Instant,
    occurredAt: bytes.readIntBE(36, 6) as Instant,
    stream, type, correlation, causation, principal,
    ...(flags & HAS_TRACE ? { trace } : {}),
    dataText: bytes.toString('utf8', at + 4),
  };
};

/** RFC 9162 leaf hash: SHA-256 over 0x00 and the canonical bytes. */
export const leafHash = (canonical: Uint8Array): Buffer => {
  const leaf = Buffer.allocUnsafe(canonical.length + 1);
  leaf[0] = 0;
  leaf.set(canonical, 1);
  return hash('sha256', leaf, 'buffer');
};

import { hash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { getU64, putU64 } from '../bytes.js';
import type { Position } from '../port.js';

/** First byte of every frame; 0xf8 occurs in no UTF-8 text, so no payload can pose as a frame. */
export const FRAME_MAGIC = 0xf8565346;
export const FRAME_HEAD_BYTES = 48;

const CRC_AT = 4;
const LENGTH_AT = 8;
const EPOCH_AT = 12;
const START_AT = 16;
const COUNT_AT = 24;
const FLAGS_AT = 28;
const CHAIN_AT = 32;
const CHAIN_BYTES = 16;

/** The chain's link: first 16 bytes of SHA-256 over a whole frame, one byte per character. Before the first frame: zeros. */
export type Chain = string;
export const CHAIN_START: Chain = '\0'.repeat(CHAIN_BYTES);
export const chainOf = (frame: Uint8Array): Chain => hash('sha256', frame, 'binary').slice(0, CHAIN_BYTES);
export const chainHex = (chain: Chain): string => Buffer.from(chain, 'latin1').toString('hex');

/** An end of the log: offset after a frame, that frame's link, its last event. */
export type LogEnd = { readonly end: number; readonly chain: Chain; readonly position: Position };

/** One group commit: a head of {@link FRAME_HEAD_BYTES} bytes, then records. */
export type FrameHead = {
  /** Of the whole frame. */
  readonly length: number;
  readonly epoch: number;
  /** Offset of the frame itself within the log. */
  readonly start: number;
  readonly count: number;
  /** 0; anything else is of a newer version. */
  readonly flags: number;
  /** Link of the frame before. */
  readonly previous: Chain;
};

/** Fills in the head of a frame whose records are there already. */
export const sealFrame = (
  frame: Buffer,
  { epoch, start, count, previous }: Omit<FrameHead, 'length' | 'flags'>,
): void => {
  frame.writeUInt32BE(FRAME_MAGIC, 0);
  frame.writeUInt32BE(frame.length, LENGTH_AT);
  frame.writeUInt32BE(epoch, EPOCH_AT);
  putU64(frame, start, START_AT);
  frame.writeUInt32BE(count, COUNT_AT);
  frame.writeUInt32BE(0, FLAGS_AT);
  frame.write(previous, CHAIN_AT, 'latin1');
  frame.writeUInt32BE(crc32(frame.subarray(LENGTH_AT)), CRC_AT);
};

/** A frame's head at `at`, if it has a form that a frame at `start` could have; proves nothing about the rest. */
export const readFrameHead = (bytes: Buffer, at: number, start: number, roomBytes: number): FrameHead | undefined => {
  if (bytes.readUInt32BE(at) !== FRAME_MAGIC) return undefined;
  const length = bytes.readUInt32BE(at + LENGTH_AT);
  if (length <= FRAME_HEAD_BYTES || length > roomBytes || getU64(bytes, at + START_AT) !== start) return undefined;
  return {
    length,
    epoch: bytes.readUInt32BE(at + EPOCH_AT),
    start,
    count: bytes.readUInt32BE(at + COUNT_AT),
    flags: bytes.readUInt32BE(at + FLAGS_AT),
    previous: bytes.toString('latin1', at + CHAIN_AT, at + CHAIN_AT + CHAIN_BYTES),
  };
};

/** Whether a whole frame's checksum is right. */
export const isSound = (frame: Buffer): boolean => crc32(frame.subarray(LENGTH_AT)) === frame.readUInt32BE(CRC_AT);

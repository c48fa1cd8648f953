import { ForeignCodecError } from './foreign-codec-error.js';
import { copyWithin } from './snappy.js';

const MAGIC = 0x184d2204;
const MIN_MATCH = 4;
const BLOCK_MAX: Readonly<Record<number, number>> = { 4: 65_536, 5: 262_144, 6: 1_048_576, 7: 4_194_304 };
const HISTORY = 65_536;

/** LZ4 frames, as Kafka clients write them. Checksums are left to Kafka, whose batch has its own. */
export const unlz4 = (data: Buffer): Buffer => {
  if (data.length < 7 || data.readUInt32LE(0) !== MAGIC) throw new ForeignCodecError('lz4: this is no frame');
  const flags = data.readUInt8(4);
  const blockMax = BLOCK_MAX[(data.readUInt8(5) >> 4) & 7];
  if (flags >> 6 !== 1 || blockMax === undefined) throw new ForeignCodecError('lz4: a frame of an unknown version');
  const blockChecksum = (flags & 0x10) !== 0 ? 4 : 0;
  let at = 6 + ((flags & 0x08) !== 0 ? 8 : 0) + ((flags & 0x01) !== 0 ? 4 : 0) + 1;
  let out: Buffer = Buffer.alloc(0);
  for (;;) {
    const size = data.readUInt32LE(at);
    at += 4;
    if (size === 0) return out;
    const length = size & 0x7fffffff;
    const block = data.subarray(at, at + length);
    if (block.length < length) throw new ForeignCodecError('lz4: a block is cut');
    out = size >= 0x80000000 ? Buffer.concat([out, block]) : unblock(block, out, blockMax);
    at += length + blockChecksum;
  }
};

/** One block behind what came before it, to which it may refer. */
const unblock = (block: Buffer, before: Buffer, blockMax: number): Buffer => {
  const history = Math.min(before.length, HISTORY);
  const out = Buffer.allocUnsafe(history + blockMax);
  before.copy(out, 0, before.length - history);
  let written = history;
  for (let at = 0; at < block.length; ) {
    const token = block[at++]!;
    const literal = lengthAt(block, at, token >> 4);
    written += block.copy(out, written, literal.next, literal.next + literal.length);
    at = literal.next + literal.length;
    if (at >= block.length) break; // the last sequence is literals only
    const offset = block.readUInt16LE(at);
    const match = lengthAt(block, at + 2, token & 15);
    written = copyWithin(out, written, { offset, length: match.length + MIN_MATCH });
    at = match.next;
  }
  return Buffer.concat([before, out.subarray(history, written)]);
};

const lengthAt = (block: Buffer, at: number, start: number): { readonly length: number; readonly next: number } => {
  let length = start;
  if (start < 15) return { length, next: at };
  for (;;) {
    const byte = block.readUInt8(at++);
    length += byte;
    if (byte !== 255) return { length, next: at };
  }
};

import { crc32 } from 'node:zlib';
import type { StreamHash } from './tail.js';

/**
 * A run: rows sorted by (hash, revision) in blocks, then the first row of every block, then a Bloom filter over the
 * hashes, then a footer. A stream's last row in the newest run that has it is its end; rows before that are marks.
 * Little endian; a private format, for a run can always be made again from the log.
 */
export type Row = StreamHash & { readonly revision: number; readonly position: number };

/** hash 12, revision u32, position u64 */
export const ROW_BYTES = 24;
export const BLOCK_BYTES = 4096;
export const BLOCK_ROWS = 170;
const COUNT_AT = BLOCK_ROWS * ROW_BYTES;
const BLOCK_CRC_AT = BLOCK_BYTES - 4;
export const FENCE_BYTES = 16;
export const FOOTER_BYTES = 64;
const MAGIC = 'VDR1';
const TWO_32 = 2 ** 32;

export const putRow = (out: Buffer, at: number, row: Row): void => {
  out.writeUInt32LE(row.a, at);
  out.writeUInt32LE(row.b, at + 4);
  out.writeUInt32LE(row.c, at + 8);
  out.writeUInt32LE(row.revision, at + 12);
  out.writeUInt32LE(row.position >>> 0, at + 16);
  out.writeUInt32LE(Math.floor(row.position / TWO_32), at + 20);
};
export const getRow = (bytes: Buffer, at: number): Row => ({
  a: bytes.readUInt32LE(at),
  b: bytes.readUInt32LE(at + 4),
  c: bytes.readUInt32LE(at + 8),
  revision: bytes.readUInt32LE(at + 12),
  position: bytes.readUInt32LE(at + 20) * TWO_32 + bytes.readUInt32LE(at + 16),
});

/** Order of the row (or fence) at `at` against (hash, revision): negative before, 0 equal, positive after. */
export const compareAt = (bytes: Buffer, at: number, { a, b, c }: StreamHash, revision: number): number =>
  bytes.readUInt32LE(at) - a ||
  bytes.readUInt32LE(at + 4) - b ||
  bytes.readUInt32LE(at + 8) - c ||
  bytes.readUInt32LE(at + 12) - revision;
export const compareRows = (one: Row, other: Row): number =>
  one.a - other.a || one.b - other.b || one.c - other.c || one.revision - other.revision;
export const isSameStream = (one: StreamHash, other: StreamHash): boolean =>
  one.a === other.a && one.b === other.b && one.c === other.c;

/** Closes a block of `count` rows. */
export const sealBlock = (block: Buffer, count: number): void => {
  block.fill(0, count * ROW_BYTES);
  block.writeUInt32LE(count, COUNT_AT);
  block.writeUInt32LE(crc32(block.subarray(0, BLOCK_CRC_AT)), BLOCK_CRC_AT);
};
export const isSoundBlock = (block: Buffer): boolean =>
  crc32(block.subarray(0, BLOCK_CRC_AT)) === block.readUInt32LE(BLOCK_CRC_AT);
export const rowsIn = (block: Buffer): number => block.readUInt32LE(COUNT_AT);

export type Footer = {
  readonly blocks: number;
  readonly rows: number;
  readonly filterBytes: number;
  readonly indexCrc: number;
};
export const footerBytes = ({ blocks, rows, filterBytes, indexCrc }: Footer): Buffer => {
  const bytes = Buffer.alloc(FOOTER_BYTES);
  bytes.write(MAGIC, 0, 'latin1');
  bytes.writeUInt32LE(1, 4);
  bytes.writeUInt32LE(blocks, 8);
  bytes.writeDoubleLE(rows, 16);
  bytes.writeUInt32LE(filterBytes, 24);
  bytes.writeUInt32LE(indexCrc, 28);
  bytes.writeUInt32LE(crc32(bytes.subarray(0, 60)), 60);
  return bytes;
};
export const readFooter = (bytes: Buffer): Footer | undefined => {
  if (bytes.toString('latin1', 0, 4) !== MAGIC || crc32(bytes.subarray(0, 60)) !== bytes.readUInt32LE(60))
    return undefined;
  return {
    blocks: bytes.readUInt32LE(8),
    rows: bytes.readDoubleLE(16),
    filterBytes: bytes.readUInt32LE(24),
    indexCrc: bytes.readUInt32LE(28),
  };
};

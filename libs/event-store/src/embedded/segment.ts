import type { Disk, DiskFile } from '@vouchsafe/runtime';
import { crc32 } from 'node:zlib';
import { getU64, putU64 } from '../bytes.js';
import { FRAME_HEAD_BYTES } from './frame.js';
import { LOG_FOLDER, segmentName, UNFINISHED } from './layout.js';

/** magic 8, version u32, zeros, base u64 at 16, size u64 at 24, zeros, crc32 u32 at 60 */
export const SEGMENT_HEAD_BYTES = 64;
const MAGIC = 'VOUCHLOG';
const VERSION = 1;
const VERSION_AT = 8;
const BASE_AT = 16;
const SIZE_AT = 24;
const CRC_AT = 60;

/** A file of the log: offsets `base` to `base + size` of it, frames up to `end`. The next segment begins at `base + size`. */
export type Segment = { readonly base: number; readonly size: number; end: number };

export const firstFrameOf = ({ base }: Segment): number => base + SEGMENT_HEAD_BYTES;
export const limitOf = ({ base, size }: Segment): number => base + size;
/** The most that the records of one append may take in a segment of `size` bytes. */
export const appendRoom = (size: number): number => size - SEGMENT_HEAD_BYTES - FRAME_HEAD_BYTES;

const segmentHead = (base: number, size: number): Buffer => {
  const head = Buffer.alloc(SEGMENT_HEAD_BYTES);
  head.write(MAGIC, 0, 'latin1');
  head.writeUInt32BE(VERSION, VERSION_AT);
  putU64(head, base, BASE_AT);
  putU64(head, size, SIZE_AT);
  head.writeUInt32BE(crc32(head.subarray(0, CRC_AT)), CRC_AT);
  return head;
};

export type HeadReading = { readonly base: number; readonly size: number } | 'damaged' | 'too new';
export const readSegmentHead = (head: Buffer): HeadReading => {
  if (
    head.toString('latin1', 0, MAGIC.length) !== MAGIC ||
    crc32(head.subarray(0, CRC_AT)) !== head.readUInt32BE(CRC_AT)
  )
    return 'damaged';
  if (head.readUInt32BE(VERSION_AT) !== VERSION) return 'too new';
  return { base: getU64(head, BASE_AT), size: getU64(head, SIZE_AT) };
};

/**
 * Makes a segment ready for writing: zero-filled and durable, its name included. It gets its name last, so that a file
 * under a segment's name is always whole. After a rejection nothing of it is left that takes space.
 */
export const allocateSegment = async (disk: Disk, base: number, size: number): Promise<Segment> => {
  const unfinished = `${LOG_FOLDER}/next${UNFINISHED}`;
  const file = await disk.open(unfinished, 'write');
  try {
    try {
      await fill(file, segmentHead(base, size), size);
    } finally {
      await file.close();
    }
    await disk.rename(unfinished, segmentName(base));
  } catch (error) {
    await disk.remove(unfinished);
    throw error;
  }
  await disk.syncFolder(LOG_FOLDER);
  return { base, size, end: base + SEGMENT_HEAD_BYTES };
};

const fill = async (file: DiskFile, head: Buffer, size: number): Promise<void> => {
  await file.truncate(0);
  await file.write(head, 0);
  await file.allocate(size);
};

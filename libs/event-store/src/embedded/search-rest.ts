import { FRAME_MAGIC } from './frame.js';
import { type Frame, FrameReader } from './frame-reader.js';
import type { LogFiles } from './log-files.js';
import { limitOf, type Segment } from './segment.js';

const WINDOW_BYTES = 1 << 20;
const BLANK = Buffer.alloc(WINDOW_BYTES + 3);
const MAGIC = Buffer.alloc(4);
MAGIC.writeUInt32BE(FRAME_MAGIC);

/** What lies behind the frames of a segment. */
export type Rest = {
  /** A whole frame that says of itself that it begins where it was found. */
  readonly frame: Frame | undefined;
  /** Offset after the last byte that is not zero; undefined if all are. */
  readonly writtenEnd: number | undefined;
};

/** Looks through a segment from `from` to its end for anything that was written, and for a whole frame at any offset. */
export const searchRest = async (files: LogFiles, segment: Segment, from: number): Promise<Rest> => {
  let writtenEnd: number | undefined;
  for (let start = from; start < limitOf(segment); start += WINDOW_BYTES) {
    // Three bytes more, for a magic that lies across the edge.
    const window = Buffer.allocUnsafe(Math.min(WINDOW_BYTES + 3, limitOf(segment) - start));
    const bytes = window.subarray(0, await files.read(segment, window, start));
    if (bytes.equals(BLANK.subarray(0, bytes.length))) continue;
    writtenEnd = start + lengthWithoutZeros(bytes);
    for (let hit = bytes.indexOf(MAGIC); hit >= 0; hit = bytes.indexOf(MAGIC, hit + 1)) {
      const found = await new FrameReader(files, segment, start + hit).next(limitOf(segment));
      if (typeof found === 'object') return { frame: found, writtenEnd };
    }
  }
  return { frame: undefined, writtenEnd };
};

const lengthWithoutZeros = (bytes: Buffer): number => {
  let length = bytes.length;
  while (length > 0 && bytes[length - 1] === 0) length--;
  return length;
};

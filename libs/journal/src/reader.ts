import { Fault } from '@vouchsafe/kernel';
import type { DiskFile } from '@vouchsafe/runtime';
import { type JournalRecord, journalRecord } from './entry.js';
import { FRAME_HEAD, unframe } from './frames.js';

/** Where reading got to: behind the last good frame. `torn`: bytes follow that are no frame. */
export type Tail = { offset: number; checksum: number; entries: number; torn?: boolean; until?: number };

const CHUNK = 1024 * 1024;

/**
 * Reads frames from `tail.offset` on and moves `tail`. A bad frame with a good one of this journal behind it is damage and
 * refused (Fault `JOURNAL_DAMAGED`); bad bytes at the very end are a torn write.
 */
export async function* readFile(file: DiskFile, tail: Tail): AsyncIterable<JournalRecord> {
  const end = tail.until ?? (await file.size());
  let window: Buffer = Buffer.alloc(0);
  let start = tail.offset;
  for (;;) {
    const found = unframe(window, tail.offset - start, tail.checksum);
    if (typeof found === 'object') {
      tail.offset = start + found.next;
      tail.checksum = found.checksum;
      tail.entries++;
      yield journalRecord.read(JSON.parse(found.payload.toString('utf8')), 'journal');
    } else if (found === 'short' && start + window.length < end) {
      window = await refill(file, window.subarray(tail.offset - start), start + window.length, end);
      start = tail.offset;
    } else {
      tail.torn = found !== 'end' && (await anythingAt(file, tail.offset, end));
      if (tail.torn) await refuseDamage(file, tail.offset, end);
      return;
    }
  }
}

const refill = async (file: DiskFile, kept: Buffer, from: number, end: number): Promise<Buffer> => {
  const more = Buffer.alloc(Math.min(CHUNK, end - from));
  const read = await file.read(more, from);
  return Buffer.concat([kept, more.subarray(0, read)]);
};

const anythingAt = async (file: DiskFile, offset: number, end: number): Promise<boolean> => {
  for (let at = offset; at < end; at += CHUNK) {
    const bytes = Buffer.alloc(Math.min(CHUNK, end - at));
    await file.read(bytes, at);
    if (bytes.some((byte) => byte !== 0)) return true;
  }
  return false;
};

/** Looks for the text of a later entry behind the bad place: there is one only if the middle was damaged. */
const refuseDamage = async (file: DiskFile, bad: number, end: number): Promise<void> => {
  const bytes = Buffer.alloc(Math.min(end - bad, 64 * CHUNK));
  await file.read(bytes, bad);
  for (let at = bytes.indexOf('{"n":', FRAME_HEAD + 1); at >= 0; at = bytes.indexOf('{"n":', at + 1)) {
    const length = bytes.readUInt32BE(at - FRAME_HEAD);
    if (length > 0 && at + length <= bytes.length && isRecord(bytes.subarray(at, at + length)))
      throw new Fault('JOURNAL_DAMAGED', `the journal is damaged at byte ${bad}: good entries follow at ${bad + at}. Restore it from a copy`, false);
  }
};
const isRecord = (payload: Buffer): boolean => {
  try {
    return Number.isSafeInteger((JSON.parse(payload.toString('utf8')) as { n?: unknown }).n);
  } catch {
    return false; // no JSON: no entry
  }
};

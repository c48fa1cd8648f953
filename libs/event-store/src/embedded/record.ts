import { hash } from 'node:crypto';
import { invariant } from '@vouchsafe/kernel';
import { getU64, putU64 } from '../bytes.js';
import { canonicalSize, checkSaid, type Recording, writeCanonical } from '../canonical.js';
import { type NewEvent, type Position, type Revision, START } from '../port.js';
import { StoredEvent } from '../stored-event.js';

/** length u32 (of the whole record), position of the stream's previous event u64 (0: none), leaf 32, a zero byte */
export const RECORD_HEAD_BYTES = 4 + 8 + 32 + 1;
const PREVIOUS_AT = 4;
const LEAF_AT = 12;
const LEAF_END = 44;

/** An event of an append, checked and measured, so that its acceptance cannot fail halfway. */
export type Prepared = { readonly event: NewEvent; readonly dataText: string; readonly bytes: number };

export const prepare = (event: NewEvent, stream: string): Prepared => {
  checkSaid(event);
  const dataText = JSON.stringify(event.data) as string | undefined;
  invariant(dataText !== undefined, 'the data of an event is JSON');
  return { event, dataText, bytes: RECORD_HEAD_BYTES + canonicalSize(event, stream, dataText) };
};

/** Writes a record at `at`. The leaf is hashed in place: its prefix, a zero byte, lies before the canonical bytes. */
export const putRecord = (
  out: Buffer,
  at: number,
  { event, dataText, bytes }: Prepared,
  recording: Recording,
  revision: Revision,
  previous: Position,
): void => {
  out.writeUInt32BE(bytes, at);
  putU64(out, previous === START ? 0 : previous, at + PREVIOUS_AT);
  out[at + LEAF_END] = 0;
  const end = writeCanonical(out, at + RECORD_HEAD_BYTES, event, recording, revision, dataText);
  invariant(end === at + bytes, 'a record is as long as it was measured');
  out.write(hash('sha256', out.subarray(at + LEAF_END, end), 'binary'), at + LEAF_AT, 'latin1');
};

/** Length of the record at `at`, as it says itself. */
export const recordLength = (bytes: Buffer, at: number): number => bytes.readUInt32BE(at);

/** Where the record after the one at `at` begins, in a frame that was proved. */
export const afterRecord = (bytes: Buffer, at: number): number => {
  const length = recordLength(bytes, at);
  invariant(length > RECORD_HEAD_BYTES && at + length <= bytes.length, 'the records of a frame fill it');
  return at + length;
};

/** The event of the record at `at`, whose bytes have been proved. */
export const getRecord = (bytes: Buffer, at: number, position: Position): StoredEvent => {
  const previous = getU64(bytes, at + PREVIOUS_AT);
  return new StoredEvent(
    { bytes, start: at + RECORD_HEAD_BYTES, end: at + recordLength(bytes, at), leafAt: at + LEAF_AT },
    position,
    previous === 0 ? START : (previous as Position),
  );
};

/** Whether the record's leaf is that of its canonical bytes: proof of a record read alone, without its frame. */
export const isOwnLeaf = (bytes: Buffer, at: number): boolean =>
  hash('sha256', bytes.subarray(at + LEAF_END, at + recordLength(bytes, at)), 'binary') ===
  bytes.toString('latin1', at + LEAF_AT, at + LEAF_END);

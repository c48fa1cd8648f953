import { crc32 } from 'node:zlib';
import { invariant } from '@vouchsafe/kernel';
import type { Position } from '../port.js';
import * as layout from '../record-layout.js';
import { StoredEvent } from '../stored-event.js';

/** Length of the record at `at`, as it says itself. */
export const recordLength = (bytes: Buffer, at: number): number => bytes.readUInt32BE(at);

/** Where the record after the one at `at` begins, in a frame that was proved. */
export const afterRecord = (bytes: Buffer, at: number): number => {
  const length = recordLength(bytes, at);
  invariant(length > layout.RECORD_HEAD_BYTES && at + length <= bytes.length, 'the records of a frame fill it');
  return at + length;
};

/** The event of the record at `at`, whose bytes have been proved. */
export const getRecord = (bytes: Buffer, at: number, position: Position): StoredEvent => new StoredEvent(bytes, at, position);

/** Whether the record at `at` is as it was written: proof of one read alone, without its frame. */
export const isSoundRecord = (bytes: Buffer, at: number): boolean =>
  crc32(bytes.subarray(at + layout.CHECKED_FROM, at + recordLength(bytes, at))) ===
  bytes.readUInt32BE(at + layout.CRC_AT);

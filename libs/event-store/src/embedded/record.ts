import { crc32 } from 'node:zlib';
import { invariant } from '@vouchsafe/kernel';
import { getU48, putI64, putU48 } from '../bytes.js';
import { checkSaid, putUuid, type Recording } from '../canonical.js';
import { type NewEvent, type Position, type Revision, START } from '../port.js';
import * as layout from '../record-layout.js';
import { type Appended, StoredEvent } from '../stored-event.js';

/** An event of an append, checked, shortened and measured, so that its acceptance cannot fail halfway. */
export type Prepared = Appended & {
  readonly bytes: number;
  readonly flags: number;
  /** The texts and the data, back to back. */
  readonly texts: string;
  /** Bytes of each text, in the order of the record. */
  readonly lengths: readonly number[];
};

/** A text shorter than this is not looked for in the data. */
const MARKED_FROM = 8;

export const prepare = (event: NewEvent, stream: string): Prepared => {
  checkSaid(event);
  const { type, correlation, causation, principal, trace, pub } = event;
  const json = JSON.stringify(event.data) as string | undefined;
  invariant(json !== undefined, 'the data of an event is JSON');
  const inStream = correlation !== '' && stream.startsWith(correlation, stream.indexOf('-') + 1);
  const follows = correlation !== '' && causation.startsWith(correlation);
  const cause = follows ? causation.slice(correlation.length) : causation;
  const [data, marked] = withMarks(json, event);
  const texts = stream + type + (inStream ? '' : correlation) + cause + principal + (trace ?? '') + data;
  const size = Buffer.byteLength(texts);
  const lengthOf = size === texts.length ? unitsOf : Buffer.byteLength;
  return {
    event,
    stream,
    bytes: layout.RECORD_HEAD_BYTES + (pub === undefined ? 0 : 4) + size,
    flags: presentFlags(event) | shorteningFlags(inStream, follows) | marked,
    texts,
    lengths: [
      lengthOf(stream), lengthOf(type), lengthOf(correlation), lengthOf(cause), lengthOf(principal), lengthOf(trace ?? ''),
    ],
  };
};
const presentFlags = ({ trace, pub }: NewEvent): number => (trace === undefined ? 0 : layout.HAS_TRACE) | (pub === undefined ? 0 : layout.HAS_PUB);
const shorteningFlags = (inStream: boolean, follows: boolean): number =>
  (inStream ? layout.CORRELATION_IN_STREAM : 0) | (follows ? layout.CAUSATION_FOLLOWS : 0);
/** The data with what the head says anyway written as marks, and the flags that tell so. */
const withMarks = (json: string, { correlation, principal, occurredAt }: NewEvent): readonly [data: string, flags: number] => {
  let [data, flags] = [json, 0];
  if (correlation.length >= MARKED_FROM && data.includes(correlation)) {
    data = data.replaceAll(correlation, layout.MARKS.correlation);
    flags = layout.CORRELATION_MARKED;
  }
  if (principal.length >= MARKED_FROM && data.includes(principal)) {
    data = data.replaceAll(principal, layout.MARKS.principal);
    flags |= layout.PRINCIPAL_MARKED;
  }
  const time = String(occurredAt);
  if (time.length >= MARKED_FROM && data.includes(time)) {
    data = data.replaceAll(time, layout.MARKS.occurredAt);
    flags |= layout.OCCURRED_MARKED;
  }
  return [data, flags];
};
/** Of a text that is known to be ASCII. */
const unitsOf = (text: string): number => text.length;

/** Writes a record at `at`. */
export const putRecord = (
  out: Buffer,
  at: number,
  { event, flags, texts, lengths, bytes }: Prepared,
  recording: Recording,
  revision: Revision,
  previous: Position,
): void => {
  out.writeUInt32BE(bytes, at);
  putU48(out, previous === START ? 0 : previous, at + layout.PREVIOUS_AT);
  out[at + layout.VERSION_AT] = layout.RECORD_VERSION;
  out[at + layout.FLAGS_AT] = flags;
  putUuid(out, event.id, at + layout.ID_AT);
  out.writeUInt32BE(revision, at + layout.REVISION_AT);
  out.writeUInt32BE(recording.epoch, at + layout.EPOCH_AT);
  putI64(out, recording.recordedAt, at + layout.RECORDED_AT);
  putI64(out, event.occurredAt, at + layout.OCCURRED_AT);
  for (let i = 0; i < lengths.length; i++) out.writeUInt16BE(lengths[i]!, at + layout.LENGTHS_AT + 2 * i);
  if (event.pub !== undefined) out.writeUInt32BE(event.pub, at + layout.RECORD_HEAD_BYTES);
  const from = layout.streamAt(out, at);
  const end = from + out.write(texts, from, 'utf8');
  invariant(end === at + bytes, 'a record is as long as it was measured');
  out.writeUInt32BE(crc32(out.subarray(at + layout.CHECKED_FROM, end)), at + layout.CRC_AT);
};

/** Length of the record at `at`, as it says itself. */
export const recordLength = (bytes: Buffer, at: number): number => bytes.readUInt32BE(at);

/** Where the record after the one at `at` begins, in a frame that was proved. */
export const afterRecord = (bytes: Buffer, at: number): number => {
  const length = recordLength(bytes, at);
  invariant(length > layout.RECORD_HEAD_BYTES && at + length <= bytes.length, 'the records of a frame fill it');
  return at + length;
};

/** The event of the record at `at`, whose bytes have been proved. `appended`: the same, where this process wrote it. */
export const getRecord = (bytes: Buffer, at: number, position: Position, appended?: Appended): StoredEvent => {
  const previous = getU48(bytes, at + layout.PREVIOUS_AT);
  return new StoredEvent({ bytes, at, appended }, position, previous === 0 ? START : (previous as Position));
};

/** Whether the record at `at` is as it was written: proof of one read alone, without its frame. */
export const isSoundRecord = (bytes: Buffer, at: number): boolean =>
  crc32(bytes.subarray(at + layout.CHECKED_FROM, at + recordLength(bytes, at))) ===
  bytes.readUInt32BE(at + layout.CRC_AT);

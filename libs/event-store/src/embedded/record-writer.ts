import { crc32 } from 'node:zlib';
import { invariant } from '@vouchsafe/kernel';
import { putI64, putU48 } from '../bytes.js';
import { checkFigures, checkTextBytes, putUuid, type Recording } from '../canonical.js';
import { type NewEvent, type Position, type Revision, START } from '../port.js';
import * as layout from '../record-layout.js';
import { DataMarker } from './data-marker.js';
import { recordLength } from './record.js';

/** Most appends fit into it; it grows for a larger one, and what grew beyond {@link KEPT_BYTES} is let go again. */
const FIRST_BYTES = 16 * 1024;
const KEPT_BYTES = 1 << 20;
/** No UTF-16 unit takes more bytes in UTF-8. */
const UNIT_BYTES = 3;

/**
 * Lays the records of an append down one behind the other, in a buffer that every append uses again: checked and measured,
 * so that its acceptance cannot fail halfway. What is laid down stays until the next {@link lay}.
 */
export class RecordWriter {
  readonly #marker = new DataMarker();
  #out = Buffer.allocUnsafeSlow(FIRST_BYTES);
  #end = 0;

  /** Of all records laid down. */
  get bytes(): number {
    return this.#end;
  }

  /** Throws a Bug for what the bytes could not give back unchanged, see {@link EventStore}. */
  lay(stream: string, events: readonly NewEvent[]): void {
    invariant(events.length > 0, 'an append has events');
    invariant(stream !== '', 'a stream has a name');
    if (this.#out.length > KEPT_BYTES) this.#out = Buffer.allocUnsafeSlow(FIRST_BYTES);
    this.#end = 0;
    for (let i = 0; i < events.length; i++) this.#record(events[i]!, stream);
  }

  /** Makes them revisions `first`, `first + 1`, … at `position` and behind; `previous`: where the stream ended. Then they are whole. */
  number(first: Revision, previous: Position, position: Position, { recordedAt, epoch }: Recording): void {
    const out = this.#out;
    let before = previous === START ? 0 : previous;
    for (let at = 0, revision = first; at < this.#end; revision++) {
      const end = at + recordLength(out, at);
      putU48(out, before, at + layout.PREVIOUS_AT);
      out.writeUInt32BE(revision, at + layout.REVISION_AT);
      out.writeUInt32BE(epoch, at + layout.EPOCH_AT);
      putI64(out, recordedAt, at + layout.RECORDED_AT);
      out.writeUInt32BE(crc32(out.subarray(at + layout.CHECKED_FROM, end)), at + layout.CRC_AT);
      before = position + at;
      at = end;
    }
  }

  copyTo(target: Buffer, at: number): void {
    this.#out.copy(target, at, 0, this.#end);
  }

  #record(event: NewEvent, stream: string): void {
    checkFigures(event);
    const { type, correlation, causation, principal, trace, pub } = event;
    const json = JSON.stringify(event.data) as string | undefined;
    invariant(json !== undefined, 'the data of an event is JSON');
    const units = stream.length + type.length + correlation.length + causation.length + principal.length + (trace?.length ?? 0) + json.length;
    this.#reserve(layout.RECORD_HEAD_BYTES + 4 + units * UNIT_BYTES);
    const at = this.#end;
    const out = this.#out;
    let flags = (trace === undefined ? 0 : layout.HAS_TRACE) | (pub === undefined ? 0 : layout.HAS_PUB);
    let end = at + layout.RECORD_HEAD_BYTES;
    if (pub !== undefined) end = out.writeUInt32BE(pub, end);
    end = this.#text(stream, at, layout.STREAM_LENGTH_AT, end);
    end = this.#text(type, at, layout.TYPE_LENGTH_AT, end);
    if (correlation !== '' && stream.startsWith(correlation, stream.indexOf('-') + 1)) {
      flags |= layout.CORRELATION_IN_STREAM;
      this.#text(correlation, at, layout.CORRELATION_LENGTH_AT, end); // for its length: what comes next overwrites it
    } else end = this.#text(correlation, at, layout.CORRELATION_LENGTH_AT, end);
    if (correlation !== '' && causation.startsWith(correlation)) {
      flags |= layout.CAUSATION_FOLLOWS;
      end = this.#text(causation.slice(correlation.length), at, layout.CAUSATION_LENGTH_AT, end);
      checkTextBytes(out.readUInt16BE(at + layout.CORRELATION_LENGTH_AT) + out.readUInt16BE(at + layout.CAUSATION_LENGTH_AT));
    } else end = this.#text(causation, at, layout.CAUSATION_LENGTH_AT, end);
    end = this.#text(principal, at, layout.PRINCIPAL_LENGTH_AT, end);
    end = this.#text(trace ?? '', at, layout.TRACE_LENGTH_AT, end);
    end = this.#marker.put(out, end, json, event);
    this.#head(at, end, flags | this.#marker.flags, event);
    this.#end = end;
  }

  #head(at: number, end: number, flags: number, { id, occurredAt }: NewEvent): void {
    const out = this.#out;
    out.writeUInt32BE(end - at, at);
    out[at + layout.VERSION_AT] = layout.RECORD_VERSION;
    out[at + layout.FLAGS_AT] = flags;
    putUuid(out, id, at + layout.ID_AT);
    putI64(out, occurredAt, at + layout.OCCURRED_AT);
  }

  /** Writes a text at `from` and its length; gives the offset after it. */
  #text(text: string, at: number, lengthAt: number, from: number): number {
    const bytes = text === '' ? 0 : this.#out.write(text, from, 'utf8');
    // As many bytes as units: ASCII, and nothing can be wrong with it but its length.
    if (bytes !== text.length) invariant(text.isWellFormed(), 'a text of an event is well-formed Unicode');
    checkTextBytes(bytes);
    this.#out.writeUInt16BE(bytes, at + lengthAt);
    return from + bytes;
  }

  #reserve(bytes: number): void {
    if (this.#end + bytes <= this.#out.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(this.#out.length * 2, this.#end + bytes));
    this.#out.copy(larger, 0, 0, this.#end);
    this.#out = larger;
  }
}

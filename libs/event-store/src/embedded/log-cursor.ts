import { Fault } from '@vouchsafe/kernel';
import type { CategoryFilter } from '../category-filter.js';
import { type Page, type Position, type RecordedEvent, START } from '../port.js';
import { streamAt, streamLength } from '../record-layout.js';
import type { StoredEvent } from '../stored-event.js';
import { LogDamage } from './faults.js';
import { FRAME_HEAD_BYTES } from './frame.js';
import { type Frame, FrameReader } from './frame-reader.js';
import { segmentName } from './layout.js';
import type { LogFiles } from './log-files.js';
import { afterRecord, getRecord } from './record.js';
import type { RecordReader } from './record-reader.js';
import { firstFrameOf, type Segment } from './segment.js';

/** Reads the durable log forwards from one event on, frame by frame, each proved by its checksum. */
export class LogCursor {
  readonly #files: LogFiles;
  readonly #records: RecordReader;
  #position: Position;
  #reader: FrameReader | undefined;
  #segmentIndex = 0;
  /** The frame being read, and where in it. */
  #frame: Frame | undefined;
  #at = 0;
  /** What was left of the frame that the cursor began in. */
  readonly #rest: StoredEvent[] = [];

  constructor(files: LogFiles, records: RecordReader, after: Position) {
    this.#files = files;
    this.#records = records;
    this.#position = after;
  }

  /** The last event read, or passed over. */
  get position(): Position {
    return this.#position;
  }

  /** Up to `max` further events. Throws Fault `POSITION_UNKNOWN` if the cursor began where no event is. */
  async page(filter: CategoryFilter, max: number): Promise<Page> {
    const events: RecordedEvent[] = [];
    if (!this.#reader) await this.#enter();
    while (this.#rest.length > 0 && events.length < max) {
      const event = this.#rest.shift()!;
      this.#position = event.position;
      if (filter.matches(event.stream)) events.push(event);
    }
    while (events.length < max) {
      if (!this.#frame && !(await this.#nextFrame())) return { events, next: this.#position, atEnd: true };
      this.#read(this.#frame!, filter, max, events);
    }
    return { events, next: this.#position, atEnd: false };
  }

  #read({ head, bytes }: Frame, filter: CategoryFilter, max: number, into: RecordedEvent[]): void {
    let at = this.#at;
    while (at < bytes.length && into.length < max) {
      const stream = streamAt(bytes, at);
      this.#position = (head.start + at) as Position;
      if (filter.matchesBytes(bytes, stream, stream + streamLength(bytes, at)))
        into.push(getRecord(bytes, at, this.#position));
      at = afterRecord(bytes, at);
    }
    this.#at = at;
    if (at >= bytes.length) this.#frame = undefined;
  }

  async #nextFrame(): Promise<boolean> {
    for (;;) {
      const reader = this.#reader!;
      const { end } = this.#files.segments[this.#segmentIndex]!;
      if (reader.at < end) {
        const frame = reader.take(end) ?? (await reader.next(end));
        if (typeof frame !== 'object') throw this.#damage(reader.segment, reader.at);
        this.#frame = frame;
        this.#at = FRAME_HEAD_BYTES;
        return true;
      }
      const next = this.#files.segments[this.#segmentIndex + 1];
      if (!next || next.end <= firstFrameOf(next)) return false;
      this.#segmentIndex++;
      this.#reader = new FrameReader(this.#files, next, firstFrameOf(next));
    }
  }

  /** Finds the place after the event at the cursor's position: the rest of its frame, record by record, then whole frames. */
  async #enter(): Promise<void> {
    let at = firstFrameOf(this.#files.segments[0]!);
    if (this.#position !== START) {
      at = this.#position + (await this.#eventAtStart()).recordBytes;
      while (!(await this.#records.isFrameBoundary(at))) {
        const event = await this.#records.read(at as Position);
        this.#rest.push(event);
        at += event.recordBytes;
      }
    }
    this.#segmentIndex = this.#files.indexAt(at - 1);
    this.#reader = new FrameReader(this.#files, this.#files.segments[this.#segmentIndex]!, at);
  }

  async #eventAtStart(): Promise<StoredEvent> {
    try {
      return await this.#records.read(this.#position);
    } catch (error) {
      if (!(error instanceof LogDamage)) throw error;
      throw new Fault(
        'POSITION_UNKNOWN',
        `position ${this.#position} is not that of an event of this log; what it was kept for must be made again`,
        false,
        { cause: error },
      );
    }
  }

  #damage(segment: Segment, at: number): LogDamage {
    return new LogDamage(
      segmentName(segment.base),
      at - segment.base,
      at,
      'the frame there is not the one that was written',
    );
  }
}

import { Bug } from '@vouchsafe/kernel';
import type { DiskFile } from '@vouchsafe/runtime';
import type { Recording } from '../canonical.js';
import type { AppendRequest, Position } from '../port.js';
import type { Fatal } from './fatal.js';
import { chainOf, FRAME_HEAD_BYTES, type LogEnd, sealFrame } from './frame.js';
import type { EmbeddedOptions } from './layout.js';
import { PendingFrame } from './pending-frame.js';
import type { RecordWriter } from './record-writer.js';
import type { Segment } from './segment.js';
import { Slabs } from './slabs.js';
import type { Space } from './space.js';

export type GroupCommitParts = {
  readonly space: Space;
  readonly options: EmbeddedOptions;
  readonly epoch: number;
  /** Opens a segment for writing through. */
  readonly open: (segment: Segment) => Promise<DiskFile>;
  readonly onFrame: (frame: PendingFrame) => void;
  /** `before`: the last durable event before the frame. */
  readonly onDurable: (frame: PendingFrame, end: LogEnd, before: Position) => void;
  readonly fatal: Fatal;
};

const SETTLED = Promise.resolve();

/**
 * Writes accepted events in frames, one write and one flush each: at once when idle, else collecting while a flush is in
 * flight. A frame is only written after the one before is durable, so that a bad frame before a good one is damage and
 * never a torn write.
 */
export class GroupCommit {
  readonly #parts: GroupCommitParts;
  readonly #slabs: Slabs;
  /** Not durable yet, oldest first; the last may still take events. */
  #pending: PendingFrame[] = [];
  #durable: LogEnd;
  #head: Position;
  #end: number;
  #running: Promise<void> | undefined;
  #file: { readonly segment: Segment; readonly file: DiskFile } | undefined;
  #unflushed = 0;
  flushes = 0;
  bytesWritten = 0;
  eventsAppended = 0;

  constructor(parts: GroupCommitParts, durable: LogEnd) {
    this.#parts = parts;
    this.#slabs = new Slabs(parts.options.frameBytes * 2);
    this.#durable = durable;
    this.#head = durable.position;
    this.#end = durable.end;
    parts.fatal.onBreak((fault) => {
      for (const frame of this.#pending) frame.fail(fault);
      this.#pending = [];
    });
  }

  get durable(): LogEnd {
    return this.#durable;
  }
  /** Position of the last accepted event. */
  get head(): Position {
    return this.#head;
  }
  /** So many bytes wait for their flush that no more should be accepted before {@link oldestSettled}. */
  get congested(): boolean {
    return this.#unflushed >= this.#parts.options.unflushedBytes;
  }

  /**
   * Accepts the events of an append, which `records` holds, or, for lack of room in the log, none of them. `previous`: where
   * their stream ended. Gives the frame that took them; the last {@link PendingFrame.positions} are theirs.
   */
  accept({ stream, expected, events }: AppendRequest, records: RecordWriter, previous: Position, recording: Recording): PendingFrame | undefined {
    const { bytes } = records;
    const frame = this.#frameFor(bytes);
    if (!frame) return undefined;
    records.number(expected + 1, previous, frame.end as Position, recording);
    records.copyTo(frame.buffer, frame.at + frame.length);
    frame.add(stream, events.length);
    this.#slabs.ended(frame.at + frame.length);
    this.#unflushed += bytes;
    this.#end = frame.end;
    this.#head = frame.lastPosition;
    this.eventsAppended += events.length;
    this.#running ??= this.#run();
    return frame;
  }

  /** The frame that takes `bytes` more, with room for them in its buffer. */
  #frameFor(bytes: number): PendingFrame | undefined {
    const { space, options, onFrame } = this.#parts;
    const open = this.#pending[this.#pending.length - 1];
    if (
      open &&
      !open.full &&
      open.length + bytes <= options.frameBytes &&
      open.positions.length < options.frameEvents
    ) {
      if (open.end + bytes <= open.segment.base + open.segment.size) {
        this.#makeRoom(open, bytes);
        return open;
      }
    }
    const place = space.place(this.#end, FRAME_HEAD_BYTES + bytes);
    if (!place) return undefined;
    if (open) open.full = true;
    const { buffer, at } = this.#slabs.begin(FRAME_HEAD_BYTES + bytes);
    const frame = new PendingFrame(place.segment, place.start, buffer, at);
    this.#pending.push(frame);
    onFrame(frame);
    return frame;
  }

  #makeRoom(frame: PendingFrame, bytes: number): void {
    if (frame.buffer.length - frame.at >= frame.length + bytes) return;
    const { buffer, at } = this.#slabs.moved(frame.buffer, frame.at, frame.length, bytes);
    frame.buffer = buffer;
    frame.at = at;
  }

  /** Settles once all up to `position` is durable; rejects if it never will be. */
  settled(position: Position): Promise<void> {
    if (position <= this.#durable.position) return SETTLED;
    if (this.#parts.fatal.fault) return Promise.reject(this.#parts.fatal.fault);
    if (position > this.#head) return Promise.reject(new Bug('only accepted events become durable'));
    // Nearly always it is one of the last.
    let index = this.#pending.length - 1;
    while (index > 0 && position <= this.#pending[index - 1]!.lastPosition) index--;
    return this.#pending[index]!.settled();
  }

  /** Settles when the oldest unflushed frame is durable. */
  async oldestSettled(): Promise<void> {
    this.#checkSound();
    await this.#pending[0]?.settled();
  }

  /** Ends the present frame, so that what is accepted later is in another; settles with its end once that is durable. */
  async cut(): Promise<LogEnd> {
    this.#checkSound();
    const last = this.#pending[this.#pending.length - 1];
    if (!last) return this.#durable;
    last.full = true;
    await last.settled();
    return last.durableEnd!;
  }

  async #run(): Promise<void> {
    try {
      await Promise.resolve(); // what is appended within the same turn shares the flush
      while (this.#pending.length > 0) await this.#flush(this.#pending[0]!);
    } catch (error) {
      this.#parts.fatal.break(error);
    } finally {
      this.#running = undefined;
    }
  }

  async #flush(frame: PendingFrame): Promise<void> {
    frame.full = true;
    const { bytes } = frame;
    const { epoch, onDurable } = this.#parts;
    sealFrame(bytes, { epoch, start: frame.start, count: frame.positions.length, previous: this.#durable.chain });
    const chain = chainOf(bytes);
    const file = await this.#fileOf(frame.segment);
    await file.write(bytes, frame.start - frame.segment.base); // and flushed, for the file is written through
    if (this.#parts.fatal.fault) return;
    this.flushes++;
    this.bytesWritten += bytes.length;
    this.#unflushed -= bytes.length - FRAME_HEAD_BYTES;
    this.#pending.shift();
    frame.segment.end = frame.end;
    const before = this.#durable.position;
    this.#durable = { end: frame.end, chain, position: frame.lastPosition };
    frame.settle(this.#durable);
    onDurable(frame, this.#durable, before);
  }

  async #fileOf(segment: Segment): Promise<DiskFile> {
    if (this.#file?.segment === segment) return this.#file.file;
    await this.#file?.file.close();
    this.#file = { segment, file: await this.#parts.open(segment) };
    return this.#file.file;
  }

  #checkSound(): void {
    if (this.#parts.fatal.fault) throw this.#parts.fatal.fault;
  }

  /** Settles when nothing waits for its flush any more: it is durable, or it never will be. */
  async idle(): Promise<void> {
    await this.#running;
  }

  /** Closes the file. Call {@link idle} first. */
  async close(): Promise<void> {
    await this.#file?.file.close();
    this.#file = undefined;
  }
}

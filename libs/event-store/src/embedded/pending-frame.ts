import { categoryOf, type Position } from '../port.js';
import type { StoredEvent } from '../stored-event.js';
import { FRAME_HEAD_BYTES, type LogEnd } from './frame.js';
import { getRecord, recordLength } from './record.js';
import type { Segment } from './segment.js';

/** A frame being filled, waiting for its flush, or flushed and still in memory. */
export class PendingFrame {
  /** Of its events, in order. */
  readonly positions: Position[] = [];
  /** Of its events' streams, likewise; and all that occur. */
  readonly categories: string[] = [];
  readonly allCategories = new Set<string>();
  #events: (StoredEvent | undefined)[] = [];
  /** Bytes so far, head included. */
  length = FRAME_HEAD_BYTES;
  /** Takes no more events. */
  full = false;
  /** Where the log ended when this frame became durable. */
  durableEnd: LogEnd | undefined;
  /** Of all who wait for the flush. */
  #settling: PromiseWithResolvers<void> | undefined;

  /** `at`: where the frame lies in `buffer`; `start`: its offset within the log. */
  constructor(
    readonly segment: Segment,
    readonly start: number,
    public buffer: Buffer,
    public at: number,
  ) {}

  get durable(): boolean {
    return this.durableEnd !== undefined;
  }
  get bytes(): Buffer {
    return this.buffer.subarray(this.at, this.at + this.length);
  }
  get end(): number {
    return this.start + this.length;
  }
  get lastPosition(): Position {
    return this.positions[this.positions.length - 1]!;
  }

  /** Takes `count` events of one stream, whose records were written behind the others. */
  add(stream: string, count: number): void {
    const category = categoryOf(stream);
    this.allCategories.add(category);
    for (let i = 0; i < count; i++) {
      this.positions.push(this.end as Position);
      this.categories.push(category);
      this.length += recordLength(this.buffer, this.at + this.length);
    }
  }
  /** Lets go of all but the bytes; events are made from them again where one is asked for. */
  forget(): void {
    this.#events = [];
  }

  /** The event at `positions[index]`: made when first asked for, the same object for all. */
  eventAt(index: number): StoredEvent {
    const position = this.positions[index]!;
    return (this.#events[index] ??= getRecord(this.buffer, this.at + position - this.start, position));
  }
  /** The records from `positions[index]` on; the same memory, not a copy. */
  recordsFrom(index: number): Uint8Array {
    return this.buffer.subarray(this.at + this.positions[index]! - this.start, this.at + this.length);
  }
  /** Index of the first event whose position is beyond `position`. */
  firstAfter(position: Position): number {
    let low = 0;
    let high = this.positions.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.positions[middle]! <= position) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Settles when the frame is durable, rejects if it never will be. */
  settled(): Promise<void> {
    if (this.durable) return Promise.resolve();
    this.#settling ??= Promise.withResolvers();
    return this.#settling.promise;
  }
  settle(end: LogEnd): void {
    this.durableEnd = end;
    this.#settling?.resolve();
    this.#settling = undefined;
  }
  fail(reason: unknown): void {
    this.#settling?.reject(reason);
    this.#settling = undefined;
  }
}

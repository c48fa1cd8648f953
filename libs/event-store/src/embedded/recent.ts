import { type Page, type Position, type RecordedEvent, type RecordPage } from '../port.js';
import type { CategoryFilter } from '../category-filter.js';
import { recordPage } from '../record-feed.js';
import type { StoredEvent } from '../stored-event.js';
import type { PendingFrame } from './pending-frame.js';

/** So many events at most are kept parsed for those who follow more slowly; of older ones the bytes. */
const PARSED_EVENTS = 8_192;

/** The newest frames, flushed or not, so that what was just written is not read from the disk. */
export class RecentFrames {
  #frames: PendingFrame[] = [];
  /** Frames before this index are gone already; cut off now and then. */
  #first = 0;
  #bytes = 0;
  #events = 0;
  /** Frames before this index hold bytes only. */
  #parsedFrom = 0;
  #parsed = 0;

  /** `preceding`: position of the last event before the first that is here. */
  constructor(
    public preceding: Position,
    readonly maxBytes: number,
    readonly maxEvents: number,
  ) {}

  get bytes(): number {
    return this.#bytes;
  }

  push(frame: PendingFrame): void {
    this.#frames.push(frame);
  }

  /**
   * The frame's size is final now: counts it, and lets go of the oldest that are durable and beyond the bounds. `passed`: what
   * all who follow have had; of that only the bytes are kept, for what lives long costs much to be rid of.
   */
  flushed(frame: PendingFrame, passed: Position): void {
    this.#bytes += frame.length;
    this.#events += frame.positions.length;
    while (this.#bytes > this.maxBytes || this.#events > this.maxEvents) {
      const oldest = this.#frames[this.#first];
      if (!oldest?.durable) break;
      this.#first++;
      this.#bytes -= oldest.length;
      this.#events -= oldest.positions.length;
      this.preceding = oldest.lastPosition;
    }
    this.#forget(frame, passed);
    if (this.#first > 64 && this.#first * 2 > this.#frames.length) {
      this.#frames = this.#frames.slice(this.#first);
      this.#parsedFrom -= this.#first;
      this.#first = 0;
    }
  }

  #forget(newest: PendingFrame, passed: Position): void {
    this.#parsed += newest.positions.length;
    for (let oldest = this.#frames[this.#parsedFrom]; oldest; oldest = this.#frames[this.#parsedFrom]) {
      const gone = this.#parsedFrom < this.#first;
      const done = oldest !== newest && (oldest.lastPosition <= passed || this.#parsed > PARSED_EVENTS);
      if (!gone && !done) break;
      oldest.forget();
      this.#parsed -= oldest.positions.length;
      this.#parsedFrom++;
    }
  }

  /** The event at exactly `position`, if it is here. */
  find(position: Position): StoredEvent | undefined {
    if (position <= this.preceding) return undefined;
    const frame = this.#frames[this.#lastWhere(({ start }) => start <= position)];
    if (!frame) return undefined;
    const index = frame.firstAfter(position) - 1;
    return frame.positions[index] === position ? frame.eventAt(index) : undefined;
  }

  /** Durable events after `after`; undefined if some of them may be older than what is here. */
  after(after: Position, filter: CategoryFilter, max: number): Page | undefined {
    if (after < this.preceding) return undefined;
    const events: RecordedEvent[] = [];
    let next = after;
    for (
      let i = Math.max(
        this.#first,
        this.#lastWhere((frame) => frame.start <= after),
      );
      i < this.#frames.length;
      i++
    ) {
      const frame = this.#frames[i]!;
      if (!frame.durable) break;
      for (let j = frame.firstAfter(after); j < frame.positions.length; j++) {
        if (events.length === max) return { events, next, atEnd: false };
        next = frame.positions[j]!;
        if (filter.matchesCategory(frame.categories[j]!)) events.push(frame.eventAt(j));
      }
    }
    return { events, next, atEnd: true };
  }

  /** The same as records, about `maxBytes` at most: no event is made for it. */
  recordsAfter(after: Position, maxBytes: number): RecordPage | undefined {
    if (after < this.preceding) return undefined;
    const parts: Uint8Array[] = [];
    const positions: number[] = [];
    const first = Math.max(this.#first, this.#lastWhere((frame) => frame.start <= after));
    for (let i = first, bytes = 0; i < this.#frames.length && bytes < maxBytes; i++) {
      const frame = this.#frames[i]!;
      if (!frame.durable) break;
      const from = frame.firstAfter(after);
      if (from === frame.positions.length) continue;
      const part = frame.recordsFrom(from);
      parts.push(part);
      bytes += part.length;
      for (let j = from; j < frame.positions.length; j++) positions.push(frame.positions[j]!);
    }
    return recordPage(parts, positions);
  }

  /** Index of the last frame for which `holds`, which must hold for a first part of them; less than the first if none. */
  #lastWhere(holds: (frame: PendingFrame) => boolean): number {
    let low = this.#first;
    let high = this.#frames.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (holds(this.#frames[middle]!)) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }
}

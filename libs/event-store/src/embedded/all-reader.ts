import { Fault } from '@vouchsafe/kernel';
import { CategoryFilter } from '../category-filter.js';
import { type Page, type Position, type ReadAll, type RecordPage } from '../port.js';
import { recordPage } from '../record-feed.js';
import type { StoredEvent } from '../stored-event.js';
import { LogCursor } from './log-cursor.js';
import type { LogFiles } from './log-files.js';
import type { PendingFrame } from './pending-frame.js';
import type { RecentFrames } from './recent.js';
import type { RecordReader } from './record-reader.js';

export type AllReaderParts = {
  readonly files: LogFiles;
  readonly records: RecordReader;
  readonly recent: RecentFrames;
  /** Position of the last durable event. */
  readonly durable: () => Position;
  /** Why nothing will ever come any more. */
  readonly ended: () => Fault | undefined;
};

/** Cursors kept for those who read page after page. */
const CURSORS_MAX = 8;
const SUBSCRIPTION_PAGE = 2048;
const RECORDS_PAGE = 512;
const EVERYTHING = new CategoryFilter(undefined);

/** Who was passed over for so many bytes is told how far. */
const QUIET_BYTES = 1 << 20;

/** One who follows; everything up to `after` was handed to it, or passed over, and up to `told` it knows. */
type Following = { after: Position; told: Position };
type Waiting = { readonly following: Following; readonly filter: CategoryFilter; readonly wake: () => void };

/** Reads the durable events of all streams: from memory where they are recent, else on a cursor over the files. */
export class AllReader {
  readonly #parts: AllReaderParts;
  /** Idle cursors, oldest first. */
  #cursors: LogCursor[] = [];
  readonly #following = new Set<Following>();
  readonly #waiting = new Set<Waiting>();

  constructor(parts: AllReaderParts) {
    this.#parts = parts;
  }

  async read({ after, categories, max }: ReadAll): Promise<Page> {
    this.#checkKnown(after);
    const filter = new CategoryFilter(categories);
    const recent = this.#parts.recent.after(after, filter, max);
    if (recent) return recent;
    const cursor = this.#cursors.find(({ position }) => position === after) ?? this.#cursorAfter(after);
    this.#cursors = this.#cursors.filter((idle) => idle !== cursor); // nobody else may step it meanwhile
    const page = await cursor.page(filter, max);
    this.#cursors = [...this.#cursors.slice(-CURSORS_MAX + 1), cursor];
    return page;
  }

  async *subscribe(options: {
    readonly after: Position;
    readonly categories?: readonly string[];
    readonly signal: AbortSignal;
  }): AsyncIterable<Page> {
    const { signal, categories } = options;
    const filter = new CategoryFilter(categories);
    const following: Following = { after: options.after, told: options.after };
    this.#following.add(following);
    try {
      yield* this.#pages(following, filter, signal);
    } finally {
      this.#following.delete(following);
    }
  }

  async *#pages(following: Following, filter: CategoryFilter, signal: AbortSignal): AsyncIterable<Page> {
    let cursor: LogCursor | undefined; // its own, however many catch up at once
    while (!signal.aborted) {
      const ended = this.#parts.ended();
      if (ended) throw ended;
      const { after } = following;
      this.#checkKnown(after);
      const recent = this.#parts.recent.after(after, filter, SUBSCRIPTION_PAGE);
      cursor = recent ? undefined : (cursor ?? this.#cursorAfter(after));
      const page = recent ?? (await cursor!.page(filter, SUBSCRIPTION_PAGE));
      following.after = page.next;
      if (signal.aborted) return;
      if (page.events.length > 0 || page.next - following.told >= QUIET_BYTES) {
        following.told = page.next;
        yield page;
      }
      if (this.#parts.durable() <= following.after) await this.#more(following, filter, signal);
    }
  }

  /** {@link RecordFeed.read} */
  async records(after: Position, maxBytes: number, signal: AbortSignal): Promise<RecordPage> {
    this.#checkKnown(after);
    const following: Following = { after, told: after };
    if (this.#parts.durable() <= after) await this.#more(following, EVERYTHING, signal);
    const ended = this.#parts.ended();
    if (ended) throw ended;
    return this.#parts.recent.recordsAfter(after, maxBytes) ?? this.#recordsFromFiles(after, maxBytes);
  }

  async #recordsFromFiles(after: Position, maxBytes: number): Promise<RecordPage> {
    const parts: Uint8Array[] = [];
    const positions: number[] = [];
    for (let bytes = 0, at = after; bytes < maxBytes; ) {
      const { events, next, atEnd } = await this.read({ after: at, max: RECORDS_PAGE });
      for (const event of events) {
        const { record } = event as StoredEvent;
        parts.push(record);
        positions.push(event.position);
        bytes += record.length;
      }
      if (atEnd) break;
      at = next;
    }
    return recordPage(parts, positions);
  }

  #cursorAfter(after: Position): LogCursor {
    return new LogCursor(this.#parts.files, this.#parts.records, after);
  }
  #checkKnown(after: Position): void {
    if (after <= this.#parts.durable()) return;
    const why = `position ${after} lies beyond the end of this log; what it was kept for must be made again`;
    throw new Fault('POSITION_UNKNOWN', why, false);
  }

  /** Settles when there may be more of interest, or nothing will come any more. */
  #more(following: Following, filter: CategoryFilter, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      if (signal.aborted || this.#parts.ended() || this.#parts.durable() > following.after) return resolve();
      const waiting: Waiting = {
        following,
        filter,
        wake: () => {
          this.#waiting.delete(waiting);
          signal.removeEventListener('abort', waiting.wake);
          resolve();
        },
      };
      this.#waiting.add(waiting);
      signal.addEventListener('abort', waiting.wake, { once: true });
    });
  }

  /** What all who follow have had, but for those who catch up from the disk. */
  get passed(): Position {
    let passed = this.#parts.durable();
    for (const { after } of this.#following) {
      if (after < passed && after >= this.#parts.recent.preceding) passed = after;
    }
    return passed;
  }

  /** A frame became durable, the first after `before`. Who waits for nothing in it is passed on, not woken. */
  flushed({ allCategories, lastPosition }: PendingFrame, before: Position): void {
    for (const waiting of this.#waiting) {
      const { following, filter } = waiting;
      const passed = following.after === before && !filter.matchesAny(allCategories);
      if (passed) following.after = lastPosition;
      if (!passed || lastPosition - following.told >= QUIET_BYTES) waiting.wake();
    }
  }

  /** Nothing will come any more. */
  wake(): void {
    for (const waiting of this.#waiting) waiting.wake();
  }

  close(): void {
    this.#cursors = [];
    this.wake();
  }
}

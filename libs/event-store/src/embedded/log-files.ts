import { invariant } from '@vouchsafe/kernel';
import type { Disk, DiskFile } from '@vouchsafe/runtime';
import { LRUCache } from 'lru-cache';
import { segmentName } from './layout.js';
import type { Segment } from './segment.js';

/** Most segment files kept open for reading. */
const OPEN_MAX = 32;

/** A file that is closed when it has left the cache and its last reader is done. */
type Handle = { readonly file: Promise<DiskFile>; readers: number; evicted: boolean };

/** The segments of a log in order, read by position. */
export class LogFiles {
  readonly segments: Segment[] = [];
  readonly #open: LRUCache<number, Handle>;

  constructor(readonly disk: Disk) {
    this.#open = new LRUCache<number, Handle>({
      max: OPEN_MAX,
      dispose: (handle) => {
        handle.evicted = true;
        closeIfUnused(handle);
      },
    });
  }

  get last(): Segment {
    return this.segments[this.segments.length - 1]!;
  }

  /** Index of the segment that holds `position`; -1 before the first. */
  indexAt(position: number): number {
    let low = 0;
    let high = this.segments.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.segments[middle]!.base <= position) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }

  /** Reads bytes of one segment from `offset` of the log on; the number read, fewer only where its file ends. */
  async read(segment: Segment, into: Uint8Array, offset: number): Promise<number> {
    const handle = this.#handle(segment);
    handle.readers++;
    try {
      const file = await handle.file;
      return await file.read(into, offset - segment.base);
    } catch (error) {
      this.#open.delete(segment.base); // a failed open is not kept
      throw error;
    } finally {
      handle.readers--;
      closeIfUnused(handle);
    }
  }

  #handle(segment: Segment): Handle {
    let handle = this.#open.get(segment.base);
    if (!handle) {
      handle = { file: this.disk.open(segmentName(segment.base), 'read'), readers: 0, evicted: false };
      this.#open.set(segment.base, handle);
    }
    return handle;
  }

  /** Closes what is open for reading, once its readers are done. */
  close(): void {
    this.#open.clear();
  }

  /** Adds the segment that follows the last. */
  add(segment: Segment): void {
    invariant(
      this.segments.length === 0 || segment.base === this.last.base + this.last.size,
      'segments follow each other',
    );
    this.segments.push(segment);
  }
}

const closeIfUnused = (handle: Handle): void => {
  if (!handle.evicted || handle.readers > 0) return;
  handle.file.then((file) => file.close()).catch(() => undefined); // nothing was written through it
};

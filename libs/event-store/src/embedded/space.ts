import { invariant } from '@vouchsafe/kernel';
import type { Clock, Disk, Log } from '@vouchsafe/runtime';
import { isFull, readOnlyFault } from './faults.js';
import type { EmbeddedOptions } from './layout.js';
import type { LogFiles } from './log-files.js';
import { allocateSegment, appendRoom, firstFrameOf, limitOf, type Segment } from './segment.js';

export type SpaceParts = {
  readonly disk: Disk;
  readonly clock: Clock;
  readonly log: Log;
  readonly files: LogFiles;
  readonly options: EmbeddedOptions;
  /** An error that is not just a full disk: the process must end. */
  readonly onBroken: (error: unknown) => void;
};

/**
 * Where the next frame goes. The segment after the one being written is allocated ahead, so that an append is only
 * accepted where its bytes already have their place. When that fails for lack of space, appends are refused once the
 * present segment is full, and it is tried again by the next append that finds no room, at most every `allocateEveryMs`.
 */
export class Space {
  readonly #parts: SpaceParts;
  /** The segment being written; those after it are empty. */
  #index: number;
  #allocating: Promise<void> | undefined;
  #failedAtMs: number | undefined;
  #lastFailure: unknown;

  constructor(parts: SpaceParts, index: number) {
    this.#parts = parts;
    this.#index = index;
  }

  get segment(): Segment {
    return this.#parts.files.segments[this.#index]!;
  }
  /** Appends are refused just now, or will be once the present segment is full. */
  get short(): boolean {
    return this.#failedAtMs !== undefined;
  }

  /** The most that one append may hold: it must fit into any segment it could come to lie in. */
  get appendMax(): number {
    const { files, options } = this.#parts;
    return appendRoom(Math.min(options.segmentBytes, files.segments[this.#index + 1]?.size ?? options.segmentBytes));
  }

  /** Where a frame of `bytes` may begin, given the end of the one before; undefined if there is no room just now. */
  place(end: number, bytes: number): { readonly segment: Segment; readonly start: number } | undefined {
    if (end + bytes <= limitOf(this.segment)) return { segment: this.segment, start: end };
    const next = this.#parts.files.segments[this.#index + 1];
    if (!next) return undefined;
    invariant(firstFrameOf(next) + bytes <= limitOf(next), 'an append fits into a segment');
    this.#index++;
    void this.ahead();
    return { segment: next, start: firstFrameOf(next) };
  }

  /** Settles when there may be room; throws Fault `STORE_READ_ONLY` if there is none to be had. */
  async more(): Promise<void> {
    const { clock, options } = this.#parts;
    const waited = this.#failedAtMs === undefined ? Number.POSITIVE_INFINITY : clock.monotonicMs() - this.#failedAtMs;
    if (!this.#allocating && waited < options.allocateEveryMs) throw readOnlyFault(this.#lastFailure);
    await this.ahead();
    if (this.#failedAtMs !== undefined) throw readOnlyFault(this.#lastFailure);
  }

  /** Allocates the segment after the present one unless it is there. Never rejects. */
  ahead(): Promise<void> {
    if (this.#parts.files.segments.length > this.#index + 1) return Promise.resolve();
    this.#allocating ??= this.#allocate().finally(() => {
      this.#allocating = undefined;
    });
    return this.#allocating;
  }

  /** Settles when nothing is being allocated. */
  async idle(): Promise<void> {
    await this.#allocating;
  }

  async #allocate(): Promise<void> {
    const { disk, clock, log, files, options, onBroken } = this.#parts;
    const base = limitOf(files.last);
    try {
      const free = await disk.freeBytes();
      if (free < options.segmentBytes + options.reserveBytes)
        throw Object.assign(new Error(`only ${free} bytes are free`), { code: 'ENOSPC' });
      files.add(await allocateSegment(disk, base, options.segmentBytes));
      if (this.short) log.info({ base }, 'there is space for events again');
      this.#failedAtMs = undefined;
    } catch (error) {
      if (!isFull(error)) onBroken(error);
      if (!this.short) log.error({ base, error }, 'no space for the next segment of the log; appends will be refused');
      this.#failedAtMs = clock.monotonicMs();
      this.#lastFailure = error;
    }
  }
}

import type { StoredEvent } from '../stored-event.js';
import { FRAME_HEAD_BYTES, type LogEnd } from './frame.js';
import type { Segment } from './segment.js';

/** A frame being filled, waiting for its flush, or flushed and still in memory. */
export class PendingFrame {
  readonly events: StoredEvent[] = [];
  /** Bytes so far, head included. */
  length = FRAME_HEAD_BYTES;
  /** Takes no more events. */
  full = false;
  /** Where the log ended when this frame became durable. */
  durableEnd: LogEnd | undefined;
  #waiters: { resolve: () => void; reject: (reason: unknown) => void }[] = [];

  /** `at`: where the frame lies in `buffer`; `start`: its offset within the log. */
  constructor(readonly segment: Segment, readonly start: number, public buffer: Buffer, public at: number) {}

  get durable(): boolean {
    return this.durableEnd !== undefined;
  }
  get bytes(): Buffer {
    return this.buffer.subarray(this.at, this.at + this.length);
  }
  get end(): number {
    return this.start + this.length;
  }
  get lastPosition(): number {
    return this.events[this.events.length - 1]!.position;
  }

  /** Settles when the frame is durable, rejects if it never will be. */
  settled(): Promise<void> {
    if (this.durable) return Promise.resolve();
    return new Promise((resolve, reject) => this.#waiters.push({ resolve, reject }));
  }
  settle(end: LogEnd): void {
    this.durableEnd = end;
    for (const { resolve } of this.#waiters) resolve();
    this.#waiters = [];
  }
  fail(reason: unknown): void {
    for (const { reject } of this.#waiters) reject(reason);
    this.#waiters = [];
  }
}

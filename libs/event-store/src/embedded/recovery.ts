import { Fault, type Instant } from '@vouchsafe/kernel';
import { type Position, START } from '../port.js';
import type { StoredEvent } from '../stored-event.js';
import { LogDamage } from './faults.js';
import { type Chain, CHAIN_START, chainOf, FRAME_HEAD_BYTES, type LogEnd } from './frame.js';
import { type Frame, FrameReader } from './frame-reader.js';
import type { Head } from './head-file.js';
import { segmentName } from './layout.js';
import type { LogFiles } from './log-files.js';
import { afterRecord, getRecord } from './record.js';
import { searchRest } from './search-rest.js';
import { firstFrameOf, limitOf, type Segment } from './segment.js';

/** Whoever wants to see each frame while the log is read at the start, in order. */
export type FrameSink = (frame: Frame, end: number, chain: Chain) => void | Promise<void>;

/** Bytes that were written and are no event: `from` to `to` of the log, within one segment. */
export type Scrap = { readonly file: string; readonly offset: number; readonly from: number; readonly to: number };

/** What the whole log turned out to be. */
export type Scan = {
  readonly end: LogEnd;
  readonly recordedAt: Instant;
  readonly epoch: number;
  readonly frames: number;
  readonly events: number;
  /** Index of the segment the log ends in. */
  readonly segmentIndex: number;
  /** Behind the end: an append that was never acknowledged and did not reach the disk whole. */
  readonly tail: readonly Scrap[];
  /** Before the end, between frames that follow each other: nothing is missing there, but the disk changes bytes. */
  readonly strayBytes: readonly Scrap[];
};

const WINDOW_BYTES = 4 << 20;

/**
 * Reads the whole log and proves every frame: its checksum, its place, its link to the one before. Throws
 * {@link LogDamage} where a frame is bad or missing and a good one follows, where the log ends before what `head` says
 * was durable, or where it is not the log that `head` was written for. Changes nothing, save the segments' `end`.
 */
export const scanLog = async (files: LogFiles, head: Head | undefined, sink: FrameSink): Promise<Scan> => {
  const scan = new LogScan(files, head, sink);
  for (const [index, segment] of files.segments.entries()) await scan.segment(segment, index);
  return scan.finish();
};

class LogScan {
  #chain: Chain = CHAIN_START;
  #end: number;
  #epoch = 0;
  #frames = 0;
  #events = 0;
  #segmentIndex = 0;
  #lastFrame: Frame | undefined;
  #scraps: Scrap[] = [];
  #strayBytes: Scrap[] = [];
  #headSeen: boolean;

  constructor(
    readonly files: LogFiles,
    readonly head: Head | undefined,
    readonly sink: FrameSink,
  ) {
    this.#end = files.segments[0] ? firstFrameOf(files.segments[0]) : 0;
    this.#headSeen = !head || (head.end <= this.#end && head.chain === CHAIN_START);
  }

  async segment(segment: Segment, index: number): Promise<void> {
    const limit = limitOf(segment);
    let reader = new FrameReader(this.files, segment, firstFrameOf(segment), WINDOW_BYTES);
    for (;;) {
      const frame = reader.take(limit) ?? (await reader.next(limit));
      if (typeof frame === 'object') {
        const done = this.#frame(frame, segment, index);
        if (done) await done;
        continue;
      }
      const rest = await searchRest(this.files, segment, reader.at);
      if (rest.writtenEnd !== undefined) {
        const to = rest.frame?.head.start ?? rest.writtenEnd;
        this.#scraps.push({ file: segmentName(segment.base), offset: reader.at - segment.base, from: reader.at, to });
      }
      if (!rest.frame) return;
      reader = new FrameReader(this.files, segment, rest.frame.head.start, WINDOW_BYTES);
    }
  }

  #frame(frame: Frame, segment: Segment, index: number): void | Promise<void> {
    const { head, bytes } = frame;
    if (head.previous !== this.#chain)
      this.#damaged(`the events there are damaged or missing; the log goes on at position ${head.start}`);
    if (head.flags !== 0)
      throw new Fault(
        'LOG_TOO_NEW',
        `the frame at position ${head.start} is of a newer version; upgrade this one`,
        false,
      );
    if (head.epoch < this.#epoch) this.#damaged('the frames there are not in the order of their starts');
    this.#strayBytes.push(...this.#scraps);
    this.#scraps = [];
    this.#chain = chainOf(bytes);
    this.#epoch = head.epoch;
    this.#frames++;
    this.#events += head.count;
    this.#end = head.start + head.length;
    this.#segmentIndex = index;
    this.#lastFrame = frame;
    segment.end = this.#end;
    if (this.head?.end === this.#end && this.head.chain === this.#chain) this.#headSeen = true;
    return this.sink(frame, this.#end, this.#chain);
  }

  finish(): Scan {
    if (this.head && this.head.end > this.#end)
      this.#damaged(`events that were acknowledged are missing: the log was durable up to position ${this.head.end}`);
    if (!this.#headSeen) this.#damaged('this is not the log that the head file beside it was written for');
    const last = this.#lastFrame && lastEventOf(this.#lastFrame);
    return {
      end: { end: this.#end, chain: this.#chain, position: last?.position ?? START },
      recordedAt: last?.recordedAt ?? (0 as Instant),
      epoch: this.#epoch,
      frames: this.#frames,
      events: this.#events,
      segmentIndex: this.#segmentIndex,
      tail: this.#scraps,
      strayBytes: this.#strayBytes,
    };
  }

  #damaged(why: string): never {
    const { base } = this.files.segments[this.#segmentIndex] ?? { base: 0 };
    throw new LogDamage(segmentName(base), this.#end - base, this.#end, why);
  }
}

/** The events of a sound frame in order. */
export function* eventsOf({ head, bytes }: Frame): Generator<StoredEvent> {
  for (let at = FRAME_HEAD_BYTES; at < bytes.length; at = afterRecord(bytes, at))
    yield getRecord(bytes, at, (head.start + at) as Position);
}

const lastEventOf = (frame: Frame): StoredEvent | undefined => {
  let last: StoredEvent | undefined;
  for (const event of eventsOf(frame)) last = event;
  return last;
};

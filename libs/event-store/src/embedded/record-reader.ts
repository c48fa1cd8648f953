import { LRUCache } from 'lru-cache';
import type { Position } from '../port.js';
import { RECORD_HEAD_BYTES } from '../record-layout.js';
import type { StoredEvent } from '../stored-event.js';
import { LogDamage } from './faults.js';
import { FRAME_MAGIC } from './frame.js';
import { segmentName } from './layout.js';
import type { LogFiles } from './log-files.js';
import { getRecord, isSoundRecord, recordLength } from './record.js';
import { firstFrameOf, type Segment } from './segment.js';

const BLOCK_BYTES = 16 * 1024;

/** Reads single records of the durable log by position, through a bounded cache of blocks. Each proves itself by its checksum. */
export class RecordReader {
  readonly #files: LogFiles;
  readonly #blocks: LRUCache<number, Buffer>;

  constructor(files: LogFiles, cacheBytes: number) {
    this.#files = files;
    this.#blocks = new LRUCache({ max: Math.max(1, Math.floor(cacheBytes / BLOCK_BYTES)) });
  }

  /** The record at `position` if its bytes are in memory. Throws as {@link read} does. */
  peek(position: Position): StoredEvent | undefined {
    const segment = this.#segmentOf(position);
    const at = (position - segment.base) % BLOCK_BYTES;
    const block = this.#blocks.get(position - at);
    if (!block || at + 4 > block.length || at + recordLength(block, at) > block.length) return undefined;
    return this.#checked(segment, block, at, position);
  }

  /** The record at `position`. Throws {@link LogDamage} where there is none. */
  async read(position: Position): Promise<StoredEvent> {
    const segment = this.#segmentOf(position);
    let at = (position - segment.base) % BLOCK_BYTES;
    let bytes = await this.#block(segment, position - at);
    if (at + 4 > bytes.length) {
      bytes = await this.#range(segment, position, 4);
      at = 0;
    }
    const length = recordLength(bytes, at);
    if (at + length > bytes.length) {
      bytes = await this.#range(segment, position, length);
      at = 0;
    }
    return this.#checked(segment, bytes, at, position);
  }

  /** Whether `at`, which lies behind a record, is where a frame ends. */
  async isFrameBoundary(at: number): Promise<boolean> {
    const segment = this.#files.segments[this.#files.indexAt(at - 1)]!;
    return at >= segment.end || (await this.#range(segment, at, 4)).readUInt32BE(0) === FRAME_MAGIC;
  }

  #segmentOf(position: Position): Segment {
    const segment = this.#files.segments[this.#files.indexAt(position)];
    if (!segment || position < firstFrameOf(segment) || position >= segment.end)
      this.#damage(segment, position, 'no event lies there');
    return segment;
  }

  async #block(segment: Segment, start: number): Promise<Buffer> {
    const cached = this.#blocks.get(start);
    if (cached) return cached;
    const whole = start + BLOCK_BYTES <= segment.end;
    const block = await this.#range(segment, start, whole ? BLOCK_BYTES : segment.end - start);
    if (whole) this.#blocks.set(start, block); // what may still grow is not kept
    return block;
  }

  async #range(segment: Segment, start: number, length: number): Promise<Buffer> {
    if (start + length > segment.end) this.#damage(segment, start, 'an event is longer than the log');
    const into = Buffer.allocUnsafeSlow(length);
    const read = await this.#files.read(segment, into, start);
    if (read < length) this.#damage(segment, start + read, 'the file is too short');
    return into;
  }

  #checked(segment: Segment, bytes: Buffer, at: number, position: Position): StoredEvent {
    const length = recordLength(bytes, at);
    if (length <= RECORD_HEAD_BYTES || at + length > bytes.length || !isSoundRecord(bytes, at)) {
      this.#damage(segment, position, 'the bytes there are no event, or not the event that was written');
    }
    return getRecord(bytes, at, position);
  }

  #damage(segment: Segment | undefined, position: number, why: string): never {
    const base = segment?.base ?? 0;
    throw new LogDamage(segmentName(base), position - base, position, why);
  }
}

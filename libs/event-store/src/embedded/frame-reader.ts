import { FRAME_HEAD_BYTES, type FrameHead, isSound, readFrameHead } from './frame.js';
import type { LogFiles } from './log-files.js';
import { limitOf, type Segment } from './segment.js';

/** Bytes read ahead at once. */
const WINDOW_BYTES = 1 << 20;

/** A frame whose checksum is right; its bytes stay valid for as long as they are referred to. */
export type Frame = { readonly head: FrameHead; readonly bytes: Buffer };
/** Why there is no frame: nothing was written there, or something else than a whole frame. */
export type NoFrame = 'blank' | 'bad';

/** Reads the frames of one segment one after the other, from the offset of a frame on, up to a limit that may grow. */
export class FrameReader {
  #window: Buffer = Buffer.alloc(0);
  /** Offset within the log of the window's first byte. */
  #windowStart: number;
  #ahead: { readonly start: number; readonly bytes: Promise<Buffer> } | undefined;

  /** `at`: where the next frame begins. */
  constructor(
    readonly files: LogFiles,
    readonly segment: Segment,
    public at: number,
    readonly windowBytes = WINDOW_BYTES,
  ) {
    this.#windowStart = at;
  }

  /** The frame at {@link at} (and steps past it), if its bytes are in memory. `undefined`: call {@link fill}. */
  take(limit: number): Frame | NoFrame | undefined {
    const room = Math.min(limit, limitOf(this.segment)) - this.at;
    if (room < FRAME_HEAD_BYTES) return 'blank';
    const from = this.at - this.#windowStart;
    if (from + FRAME_HEAD_BYTES > this.#window.length) return undefined;
    const head = readFrameHead(this.#window, from, this.at, room);
    if (!head) return isBlank(this.#window.subarray(from, from + FRAME_HEAD_BYTES)) ? 'blank' : 'bad';
    if (from + head.length > this.#window.length) return undefined;
    const bytes = this.#window.subarray(from, from + head.length);
    if (!isSound(bytes)) return 'bad';
    this.at += head.length;
    return { head, bytes };
  }

  /** The next frame, read from the disk if need be. */
  async next(limit: number): Promise<Frame | NoFrame> {
    for (let wanted = FRAME_HEAD_BYTES; ; ) {
      const taken = this.take(limit);
      if (taken) return taken;
      const before = Math.max(0, this.#window.length - (this.at - this.#windowStart));
      await this.fill(limit, wanted);
      if (this.#window.length === before) return isBlank(this.#window) ? 'blank' : 'bad'; // the file ends within the frame
      wanted = this.#wantedBytes();
    }
  }

  /** Has at least `wanted` bytes from {@link at} on in memory, or all there are. */
  async fill(limit: number, wanted: number): Promise<void> {
    const left = this.#window.subarray(Math.max(0, this.at - this.#windowStart));
    const start = this.at + left.length;
    const read = await this.#readFrom(start, Math.max(this.windowBytes, wanted - left.length), limit);
    this.#window = left.length === 0 ? read : Buffer.concat([left, read]);
    this.#windowStart = this.at;
  }

  #wantedBytes(): number {
    return this.#window.length >= FRAME_HEAD_BYTES
      ? Math.max(FRAME_HEAD_BYTES, this.#window.readUInt32BE(8))
      : FRAME_HEAD_BYTES;
  }

  async #readFrom(start: number, length: number, limit: number): Promise<Buffer> {
    const ahead = this.#ahead;
    this.#ahead = undefined;
    const bytes = ahead?.start === start ? await ahead.bytes : await this.#read(start, length, limit);
    const next = start + bytes.length;
    if (bytes.length === this.windowBytes && next < Math.min(limit, limitOf(this.segment))) {
      const promised = this.#read(next, this.windowBytes, limit);
      promised.catch(() => undefined); // whoever takes it sees the error
      this.#ahead = { start: next, bytes: promised };
    }
    return bytes;
  }

  async #read(start: number, length: number, limit: number): Promise<Buffer> {
    const into = Buffer.allocUnsafeSlow(Math.max(0, Math.min(length, Math.min(limit, limitOf(this.segment)) - start)));
    const read = await this.files.read(this.segment, into, start);
    return into.subarray(0, read);
  }
}

const isBlank = (bytes: Buffer): boolean => bytes.every((byte) => byte === 0);

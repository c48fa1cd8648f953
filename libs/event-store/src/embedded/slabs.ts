/** Buffers that frames are built in, one after the other, so that few large ones are made instead of many small. */
export class Slabs {
  #slab = Buffer.alloc(0);
  #used = 0;

  constructor(readonly slabBytes: number) {}

  /** A place of `bytes` for the beginning of a frame. */
  begin(bytes: number): { readonly buffer: Buffer; readonly at: number } {
    if (this.#slab.length - this.#used < bytes) this.#fresh(bytes);
    return { buffer: this.#slab, at: this.#used };
  }

  /** Room for `bytes` behind the `length` bytes at `at`, which are moved to a fresh buffer. */
  moved(buffer: Buffer, at: number, length: number, bytes: number): { readonly buffer: Buffer; readonly at: number } {
    this.#fresh(length + bytes);
    buffer.copy(this.#slab, 0, at, at + length); // events over the old bytes keep them; they are equal
    return { buffer: this.#slab, at: 0 };
  }

  /** The frame under construction now ends at `end`: the next begins after it. */
  ended(end: number): void {
    this.#used = end;
  }

  #fresh(bytes: number): void {
    this.#slab = Buffer.allocUnsafeSlow(Math.max(this.slabBytes, bytes));
    this.#used = 0;
  }
}

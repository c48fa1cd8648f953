/** How far one partition has got: what was taken, and below which offset all is done. Offsets are safe integers. */
export class PartitionProgress {
  readonly #open: { readonly offset: number; done: boolean }[] = [];
  #next: number | undefined;

  get inFlight(): number {
    return this.#open.length;
  }
  /** Everything below it is done; undefined before anything was taken. */
  get watermark(): number | undefined {
    return this.#open[0]?.offset ?? this.#next;
  }
  /** The offset that comes next. */
  get next(): number | undefined {
    return this.#next;
  }

  /** Called in order of offsets; what it returns is called once the message is done. */
  take(offset: number): () => void {
    const entry = { offset, done: false };
    this.#open.push(entry);
    this.#next = offset + 1;
    return () => {
      entry.done = true;
      let settled = 0;
      while (this.#open[settled]?.done) settled++;
      if (settled > 0) this.#open.splice(0, settled);
    };
  }
}

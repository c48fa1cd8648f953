/** Whether a stream's reader is still there. What waits for the next answer is woken when it goes. */
export class Presence {
  #gone = false;
  #wake: (() => void) | undefined;

  get gone(): boolean {
    return this.#gone;
  }
  leave(): void {
    this.#gone = true;
    this.#wake?.();
  }

  /** The items of `source` as long as the reader is there, also where the source does not notice that it went. */
  async *whilePresent<T>(source: AsyncIterable<T>): AsyncIterable<T> {
    const iterator = source[Symbol.asyncIterator]();
    let waiting: Promise<IteratorResult<T>> | undefined;
    try {
      while (!this.#gone) {
        waiting = iterator.next();
        const result = await this.#nextOrGone(waiting);
        waiting = undefined;
        if (!result || result.done) return;
        yield result.value;
      }
    } finally {
      waiting?.catch(() => {}); // nobody is there to be told
      void iterator.return?.(undefined)?.catch(() => {});
    }
  }
  /** Not a race: races would leave a listener on a lasting promise with every item. */
  #nextOrGone<T>(next: Promise<IteratorResult<T>>): Promise<IteratorResult<T> | undefined> {
    return new Promise((resolve, reject) => {
      this.#wake = () => resolve(undefined);
      if (this.#gone) return resolve(undefined);
      next.then(resolve, reject);
    });
  }
}

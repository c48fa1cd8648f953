/** Lets work on the same key run one behind the other, in the order of the calls. */
export class Turns {
  readonly #last = new Map<string, Promise<unknown>>();

  take<T>(key: string, work: () => Promise<T>): Promise<T> {
    const before = this.#last.get(key);
    const mine = before ? before.then(work, work) : work();
    this.#last.set(key, mine);
    const ended = (): void => {
      if (this.#last.get(key) === mine) this.#last.delete(key);
    };
    mine.then(ended, ended);
    return mine;
  }
}

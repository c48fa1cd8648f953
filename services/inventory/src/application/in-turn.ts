/** Runs work of one key one after the other; different keys run side by side. Keys in use are bounded by callers in flight. */
export class InTurn {
  readonly #queues = new Map<string, Promise<unknown>>();

  async run<T>(key: string, work: () => Promise<T>): Promise<T> {
    const before = this.#queues.get(key);
    const mine = before ? before.then(work, work) : work();
    this.#queues.set(key, mine);
    try {
      return await mine;
    } finally {
      if (this.#queues.get(key) === mine) this.#queues.delete(key);
    }
  }
}

import type { Soon } from './port.js';

/**
 * Runs work of one key one after the other; different keys run side by side. Keys in use are bounded by callers in flight, and
 * what is done at once leaves no queue behind.
 */
export class InTurn {
  readonly #tails = new Map<string, Promise<unknown>>();

  run<T>(key: string, work: () => Soon<T>): Soon<T> {
    const before = this.#tails.size === 0 ? undefined : this.#tails.get(key);
    const mine = before ? before.then(work, work) : work();
    if (!(mine instanceof Promise)) return mine;
    this.#tails.set(key, mine);
    const ended = (): void => {
      if (this.#tails.get(key) === mine) this.#tails.delete(key);
    };
    mine.then(ended, ended);
    return mine;
  }
}

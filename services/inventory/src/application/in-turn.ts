import type { Soon } from '@vouchsafe/event-store';

/** Runs work of one key one after the other; different keys run side by side. Keys in use are bounded by callers in flight. */
export class InTurn {
  readonly #queues = new Map<string, Promise<unknown>>();

  /** What is done at once leaves no queue behind. */
  run<T>(key: string, work: () => Soon<T>): Soon<T> {
    const before = this.#queues.size === 0 ? undefined : this.#queues.get(key);
    const mine = before ? before.then(work, work) : work();
    if (!(mine instanceof Promise)) return mine;
    this.#queues.set(key, mine);
    const ended = (): void => {
      if (this.#queues.get(key) === mine) this.#queues.delete(key);
    };
    mine.then(ended, ended);
    return mine;
  }
}

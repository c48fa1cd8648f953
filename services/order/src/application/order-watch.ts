import type { Patience } from './patience.js';

/** Someone who waits for changes of one order. Close it, or it is kept for ever. */
export type Waiter = {
  /** Settles at the next change, or one that came since the last call, or after about `ms`. */
  changed(ms: number): Promise<void>;
  /** Ends the wait as a change would. */
  wake(): void;
  close(): void;
};

/** Tells waiting calls in this process that an order (or a refund) has changed. Kept only while somebody waits. */
export class OrderWatch {
  readonly #waiting = new Map<string, Set<() => void>>();
  constructor(readonly patience: Patience) {}

  notify(id: string): void {
    const waiting = this.#waiting.get(id);
    if (waiting) for (const wake of waiting) wake();
  }

  open(id: string): Waiter {
    let missed = false;
    let release: (() => void) | undefined;
    const wake = (): void => {
      missed = true;
      release?.();
    };
    const waiting = this.#waiting.get(id) ?? new Set();
    this.#waiting.set(id, waiting.add(wake));
    return {
      wake,
      changed: async (ms) => {
        if (!missed) {
          await new Promise<void>((resolve) => {
            const cancel = this.patience.after(ms, resolve);
            release = () => {
              cancel();
              resolve();
            };
          });
          release = undefined;
        }
        missed = false;
      },
      close: () => {
        waiting.delete(wake);
        if (waiting.size === 0 && this.#waiting.get(id) === waiting) this.#waiting.delete(id);
      },
    };
  }
}

import type { Clock } from '@vouchsafe/runtime';

/** Someone who waits for changes of one order. Close it, or it is kept for ever. */
export type Waiter = {
  /** Settles at the next change, or one that came since the last call, or after `ms`. */
  changed(ms: number): Promise<void>;
  close(): void;
};

/** Tells waiting calls in this process that an order has changed. Kept only while somebody waits. */
export class OrderWatch {
  readonly #waiting = new Map<string, Set<() => void>>();
  constructor(readonly clock: Clock) {}

  notify(orderId: string): void {
    const waiting = this.#waiting.get(orderId);
    if (waiting) for (const wake of waiting) wake();
  }

  open(orderId: string): Waiter {
    let missed = false;
    let release: (() => void) | undefined;
    const wake = (): void => {
      missed = true;
      release?.();
    };
    const waiting = this.#waiting.get(orderId) ?? new Set();
    this.#waiting.set(orderId, waiting.add(wake));
    return {
      changed: async (ms) => {
        if (!missed) {
          const abort = new AbortController();
          const woken = new Promise<void>((resolve) => {
            release = resolve;
          });
          await Promise.race([woken, this.clock.sleep(ms, abort.signal)]);
          abort.abort(null); // a reason, or an exception with its stack is made each time
        }
        missed = false;
      },
      close: () => {
        waiting.delete(wake);
        if (waiting.size === 0 && this.#waiting.get(orderId) === waiting) this.#waiting.delete(orderId);
      },
    };
  }
}

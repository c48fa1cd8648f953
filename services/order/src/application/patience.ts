import type { Clock } from '@vouchsafe/runtime';

/** Ends a wait that is no longer needed. */
export type Cancel = () => void;
type Wait = { readonly due: number; readonly fire: () => void };

/**
 * Many short waits of which nearly all are cancelled: one coarse timer for all, which runs only while somebody waits. Late by
 * one tick at most. A timer and an abort signal for each cost more than an order's decisions.
 */
export class Patience {
  readonly #waits = new Set<Wait>();
  #ticking = false;
  constructor(readonly clock: Clock, readonly tickMs: number) {}

  after(ms: number, fire: () => void): Cancel {
    const wait = { due: this.clock.monotonicMs() + ms, fire };
    this.#waits.add(wait);
    if (!this.#ticking) void this.#tick();
    return () => this.#waits.delete(wait);
  }

  async #tick(): Promise<void> {
    this.#ticking = true;
    while (this.#waits.size > 0) {
      await this.clock.sleep(this.tickMs);
      const now = this.clock.monotonicMs();
      for (const wait of this.#waits) {
        if (wait.due > now) continue;
        this.#waits.delete(wait);
        wait.fire();
      }
    }
    this.#ticking = false;
  }
}

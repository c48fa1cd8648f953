import { type Instant, instant } from '@vouchsafe/kernel';
import type { Clock } from '@vouchsafe/runtime';

/** A clock that a test moves by hand, without any turn of the event loop: sleepers due are woken at once. */
export class SteppedClock implements Clock {
  #now: number;
  #elapsed = 0;
  #sleepers: { readonly due: number; readonly wake: () => void }[] = [];

  constructor(start = 1_760_000_000_000) {
    this.#now = start;
  }

  now(): Instant {
    return instant(this.#now);
  }
  monotonicMs(): number {
    return this.#elapsed;
  }
  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    if (signal?.aborted) return Promise.resolve();
    return new Promise((wake) => {
      this.#sleepers.push({ due: this.#elapsed + ms, wake });
      signal?.addEventListener('abort', () => wake(), { once: true });
    });
  }

  pass(ms: number): void {
    this.#elapsed += ms;
    this.#now += ms;
    const due = this.#sleepers.filter((sleeper) => sleeper.due <= this.#elapsed);
    this.#sleepers = this.#sleepers.filter((sleeper) => sleeper.due > this.#elapsed);
    for (const { wake } of due) wake();
  }
  /** Only the wall clock moves. */
  jump(ms: number): void {
    this.#now += ms;
  }
}

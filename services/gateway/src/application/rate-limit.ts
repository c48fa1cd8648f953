/** What is left of a rate, for headers and refusals. */
export type Rate = { readonly limit: number; readonly remaining: number; readonly resetMs: number };

/** Bursts are this many times the rate of a second. */
const BURST_SECONDS = 2;

/** A token bucket on a clock that only grows; calls at once counted beside it. One per credential. */
export class RateLimit {
  readonly #perSecond: number;
  readonly #burst: number;
  readonly #concurrency: number;
  #tokens: number;
  #at: number;
  #running = 0;

  /** `perSecond` and `concurrency` are at least 1. */
  constructor(perSecond: number, concurrency: number, nowMs: number) {
    this.#perSecond = perSecond;
    this.#burst = Math.max(1, perSecond * BURST_SECONDS);
    this.#concurrency = concurrency;
    this.#tokens = this.#burst;
    this.#at = nowMs;
  }

  /** Milliseconds to wait; 0: go on, {@link RateLimit.done} is due. */
  take(nowMs: number): number {
    this.#tokens = Math.min(this.#burst, this.#tokens + ((nowMs - this.#at) / 1000) * this.#perSecond);
    this.#at = nowMs;
    if (this.#tokens < 1) return Math.max(1, Math.ceil(((1 - this.#tokens) / this.#perSecond) * 1000));
    if (this.#running >= this.#concurrency) return 100;
    this.#tokens--;
    this.#running++;
    return 0;
  }
  done(): void {
    this.#running--;
  }

  rate(): Rate {
    const missing = this.#burst - this.#tokens;
    return { limit: Math.floor(this.#burst), remaining: Math.max(0, Math.floor(this.#tokens)), resetMs: Math.ceil((missing / this.#perSecond) * 1000) };
  }
}

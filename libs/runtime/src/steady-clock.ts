import { type Instant, instant } from '@vouchsafe/kernel';
import type { Clock } from './clock.js';

export interface SteadyClock extends Clock {
  /** Time is at least this from now on: what was recorded before the start is not to come. */
  notBefore(moment: Instant): void;
}

/** While the clock on the wall is behind, time passes so much slower until it has caught up. */
const SLOWER = 2;

/**
 * A clock whose present never goes back. Deadlines are moments: were the time of day to jump back an hour, whoever compares them
 * with what was recorded would find everything late, or nothing, for an hour. Instead time goes on at half its speed, by the
 * durations that no time server changes, until the clock on the wall is right again.
 */
export const steadyClock = (wall: Clock): SteadyClock => new Steady(wall);

class Steady implements SteadyClock {
  readonly #wall: Clock;
  #last = 0;
  /** Where it began to go slower; undefined while the wall is right. */
  #slow: { readonly at: number; readonly monotonicMs: number } | undefined;

  constructor(wall: Clock) {
    this.#wall = wall;
  }

  now(): Instant {
    const now = this.#wall.now();
    if (this.#slow || now < this.#last) return this.#slower(now);
    this.#last = now;
    return now;
  }
  #slower(now: Instant): Instant {
    const monotonicMs = this.#wall.monotonicMs();
    this.#slow ??= { at: this.#last, monotonicMs };
    const meanwhile = this.#slow.at + Math.floor((monotonicMs - this.#slow.monotonicMs) / SLOWER);
    if (now >= meanwhile) this.#slow = undefined;
    this.#last = Math.max(this.#last, now, meanwhile);
    return instant(this.#last);
  }
  notBefore(moment: Instant): void {
    if (moment <= this.#last) return;
    this.#last = moment;
    this.#slow = undefined;
  }
  monotonicMs(): number {
    return this.#wall.monotonicMs();
  }
  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return this.#wall.sleep(ms, signal);
  }
  get simulated(): boolean {
    return this.#wall.simulated ?? false;
  }
}

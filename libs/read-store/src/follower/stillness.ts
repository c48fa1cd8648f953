import type { Position } from '@vouchsafe/event-store';
import type { FollowerOptions } from '../follower.js';
import { firstOwn } from './witness.js';

/** No progress for so long, although events wait, is trouble. */
const STUCK_MS = 30_000;

type Now = { readonly applied: Position; readonly seen: Position; readonly handling: () => boolean; readonly restart: () => void };

/** Notices a follower that does not get on although events wait. */
export class Stillness {
  readonly #options: FollowerOptions;
  #progressMs: number;

  constructor(options: FollowerOptions) {
    this.#options = options;
    this.#progressMs = options.clock.monotonicMs();
  }

  progressed(): void {
    this.#progressMs = this.#options.clock.monotonicMs();
  }

  /** Tells of a batch that takes too long; has a subscription begun anew that delivers nothing. */
  check({ applied, seen, handling, restart }: Now): void {
    const { clock, log, name, store } = this.#options;
    const stillMs = clock.monotonicMs() - this.#progressMs;
    if (seen >= store.head()) this.progressed();
    else if (stillMs >= STUCK_MS && handling()) log.error({ follower: name, after: applied, stillMs }, 'a batch of events is being handled for too long');
    else if (stillMs >= STUCK_MS) void this.#restartIfOursWait({ applied, seen, handling, restart }, stillMs);
  }

  /** Events of others say nothing; if one of ours waits, the subscription has missed it. */
  async #restartIfOursWait({ applied, seen, handling, restart }: Now, stillMs: number): Promise<void> {
    const { store, categories, log, name } = this.#options;
    this.progressed();
    try {
      if (!(await firstOwn(store, { after: seen, categories, upTo: store.head() })) || handling()) return;
      log.error({ follower: name, after: applied, stillMs }, 'a subscription delivers nothing although events wait; it is begun anew');
      restart();
    } catch (error) {
      log.error({ follower: name, error: String(error) }, 'the watchdog cannot read the log');
    }
  }
}

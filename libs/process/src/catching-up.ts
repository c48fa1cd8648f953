import type { Clock, Log } from '@vouchsafe/runtime';
import type { LogFollower } from './followers.js';

const AGAIN_MS = 250;

/**
 * Who has not caught up with the log since this start. Once is enough: what falls behind later is seen in the figures, and is
 * no reason to turn traffic away.
 */
export class CatchingUp {
  readonly #behind: Set<LogFollower>;
  readonly #abort = new AbortController();
  readonly #following: Promise<void>;

  constructor(followers: readonly LogFollower[], readonly clock: Clock, readonly log: Log) {
    this.#behind = new Set(followers);
    this.#following = Promise.all(followers.map((follower) => this.#caughtUp(follower))).then(() => {});
  }

  async #caughtUp(follower: LogFollower): Promise<void> {
    const { signal } = this.#abort;
    while (!signal.aborted) {
      try {
        await follower.caughtUp();
        return void this.#behind.delete(follower);
      } catch (error) {
        this.log.warn({ service: follower.service, part: follower.part, error: String(error) }, 'does not catch up with the log yet');
        await this.clock.sleep(AGAIN_MS, signal);
      }
    }
  }

  /** One sentence each, in English; none: all have caught up. */
  reasons(): readonly string[] {
    return [...this.#behind].map(({ service, part, lag }) => `the ${part} of ${service} catch up with the log, about ${lag().events} events are left`);
  }

  async stop(): Promise<void> {
    this.#abort.abort();
    await this.#following;
  }
}

import type { Clock, Log, Namespace } from '@vouchsafe/runtime';
import type { LogFollower } from './followers.js';
import type { RunningNamespace } from './namespace.js';

type Observed = Pick<RunningNamespace, 'namespace' | 'store' | 'followers'>;
const AGAIN_MS = 250;

/** Whether the platform should be given traffic: not before its views have caught up once, not while its log refuses to grow. */
export class Readiness {
  readonly #namespaces: readonly Observed[];
  readonly #behind = new Map<Namespace, Set<LogFollower>>();
  readonly #abort = new AbortController();
  #following: Promise<void> = Promise.resolve();
  #started = false;

  constructor(namespaces: readonly Observed[], readonly clock: Clock, readonly log: Log) {
    this.#namespaces = namespaces;
  }

  /** Once everything flows. */
  start(): void {
    const waits: Promise<void>[] = [];
    for (const { namespace, followers } of this.#namespaces) {
      const behind = new Set(followers());
      this.#behind.set(namespace, behind);
      for (const follower of behind) waits.push(this.#caughtUp(follower).then(() => void behind.delete(follower)));
    }
    this.#following = Promise.all(waits).then(() => {});
    this.#started = true;
  }

  /** Once is enough: what falls behind later is seen in the figures, and is no reason to turn traffic away. */
  async #caughtUp(follower: LogFollower): Promise<void> {
    const { signal } = this.#abort;
    while (!signal.aborted) {
      try {
        return await follower.caughtUp();
      } catch (error) {
        this.log.warn({ service: follower.service, part: follower.part, error: String(error) }, 'does not catch up with the log yet');
        await this.clock.sleep(AGAIN_MS, signal);
      }
    }
  }

  /** None: ready. For machines and their keepers, in English. */
  reasons(): readonly string[] {
    if (!this.#started) return ['starting'];
    return this.#namespaces.flatMap(({ namespace, store }) => [
      ...[...(this.#behind.get(namespace) ?? [])].map(({ service, part, lag }) => `${namespace}: the ${part} of ${service} catch up with the log, about ${lag().events} events are left`),
      ...(store.stats().shortOfSpace ? [`${namespace}: there is no space for the log to grow, writes are refused`] : []),
    ]);
  }

  async stop(): Promise<void> {
    this.#abort.abort();
    await this.#following;
  }
}

import { CatchingUp } from '@vouchsafe/process';
import type { Clock, Log, Namespace } from '@vouchsafe/runtime';
import type { RunningNamespace } from './namespace.js';

type Observed = Pick<RunningNamespace, 'namespace' | 'store' | 'followers'>;

/** Whether the platform should be given traffic: not before its views have caught up once, not while its log refuses to grow. */
export class Readiness {
  readonly #namespaces: readonly Observed[];
  readonly #behind = new Map<Namespace, CatchingUp>();

  constructor(namespaces: readonly Observed[], readonly clock: Clock, readonly log: Log) {
    this.#namespaces = namespaces;
  }

  /** Once everything flows. */
  start(): void {
    for (const { namespace, followers } of this.#namespaces) this.#behind.set(namespace, new CatchingUp(followers(), this.clock, this.log));
  }

  /** None: ready. For machines and their keepers, in English. */
  reasons(): readonly string[] {
    if (this.#behind.size < this.#namespaces.length) return ['starting'];
    return this.#namespaces.flatMap(({ namespace, store }) => [
      ...(this.#behind.get(namespace)?.reasons() ?? []).map((reason) => `${namespace}: ${reason}`),
      ...(store.stats().shortOfSpace ? [`${namespace}: there is no space for the log to grow, writes are refused`] : []),
    ]);
  }

  async stop(): Promise<void> {
    for (const catchingUp of this.#behind.values()) await catchingUp.stop();
  }
}

import type { Fault } from '@vouchsafe/kernel';
import type { Clock, Log } from '@vouchsafe/runtime';
import type { Assignment } from './intake.js';
import type { PartitionLag } from './lag.js';

export type Watched = {
  readonly groupId: string; readonly topics: readonly string[]; readonly assignment: Assignment;
  /** The only one of its group: all partitions are its own, also while it knows of none. */
  readonly isAlone?: boolean;
  /** Why it is begun anew however far behind it is. */
  readonly lost?: Fault | undefined;
  restart(reason: unknown): void;
};
export type WatchdogOptions = {
  readonly watched: () => readonly Watched[];
  readonly lagsOf: (groupId: string, topics: readonly string[]) => Promise<readonly PartitionLag[]>;
  /** What else is looked at each time. */
  readonly alsoLook?: () => Promise<void>;
  /** Behind, and nothing committed for so long: begun anew. */
  readonly stalledMs: number;
  readonly everyMs: number;
  readonly clock: Clock;
  readonly log: Log;
};

/**
 * Begins consumers anew that are behind in a partition of theirs and commit nothing there: whatever the reason, clients are known
 * to fall silent.
 */
export const startWatchdog = (options: WatchdogOptions): { stop(): Promise<void> } => {
  const abort = new AbortController();
  const running = new Watchdog(options).run(abort.signal);
  return {
    stop: async () => {
      abort.abort();
      await running;
    },
  };
};

class Watchdog {
  readonly #options: WatchdogOptions;
  /** By group and partition: what was committed, and since when no more. */
  readonly #seen = new Map<string, { readonly committed: number; readonly since: number }>();

  constructor(options: WatchdogOptions) {
    this.#options = options;
  }

  async run(signal: AbortSignal): Promise<void> {
    const { clock, everyMs, watched, alsoLook, log } = this.#options;
    // A sleep that was aborted settles at once: asked here too, or a process that consumes nothing would never end.
    while (!signal.aborted) {
      await clock.sleep(everyMs, signal);
      if (!signal.aborted) await alsoLook?.().catch((error: unknown) => log.warn({ error: String(error) }, 'who else is in our groups could not be looked up'));
      for (const intake of watched()) {
        if (signal.aborted) return;
        await this.#look(intake).catch((error: unknown) => log.warn({ group: intake.groupId, error: String(error) }, 'the lag of a consumer could not be looked up'));
      }
    }
  }

  async #look(intake: Watched): Promise<void> {
    const { groupId, topics, lost } = intake;
    if (lost) {
      this.#options.log.error({ group: groupId, error: lost.message }, 'CONSUMER_STALLED: a consumer has no partitions; it begins anew');
      return intake.restart(lost);
    }
    const lags = await this.#options.lagsOf(groupId, topics);
    const stalled = lags.filter((lag) => this.#isStalled(intake, lag));
    if (stalled.length === 0) return;
    this.#options.log.error({ group: groupId, stalled }, 'CONSUMER_STALLED: a consumer is behind and gets nowhere; it begins anew');
    for (const { topic, partition } of lags) this.#seen.delete(`${groupId}/${topic}/${partition}`);
    intake.restart(`behind and nothing committed for ${this.#options.stalledMs} ms`);
  }

  #isStalled({ groupId, assignment, isAlone = false }: Watched, { topic, partition, lag, committed }: PartitionLag): boolean {
    const key = `${groupId}/${topic}/${partition}`;
    if (lag === 0 || !(isAlone || assignment[topic]?.includes(partition))) {
      this.#seen.delete(key);
      return false;
    }
    const now = this.#options.clock.monotonicMs();
    const before = this.#seen.get(key);
    if (before?.committed === committed) return now - before.since >= this.#options.stalledMs;
    this.#seen.set(key, { committed, since: now });
    return false;
  }
}

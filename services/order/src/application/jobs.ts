import { type Instant, isFault } from '@vouchsafe/kernel';
import type { Clock, Log, Random, Stop, Timers } from '@vouchsafe/runtime';

export type JobsOptions = {
  readonly name: string;
  /** Does what can be done for `id` now; answers when to look again, undefined if nothing is left. Twice is harmless. */
  readonly run: (id: string) => Promise<Instant | undefined>;
  readonly clock: Clock;
  readonly random: Random;
  readonly timers: Timers;
  readonly log: Log;
};
const TICK_MS = 500;
const BACKOFF_MS = 500;
const BACKOFF_MAX_MS = 60_000;
/** Failures of one job in a row before it is told of, once. */
const LOUD_AFTER = 8;

/** Works on streams that need others: at once when woken, again with backoff when others fail. One run per id at a time. */
export class Jobs {
  readonly #running = new Map<string, { again: boolean }>();
  readonly #later = new Map<string, { readonly at: number; readonly failures: number }>();
  #stopTimer: Stop | undefined;
  #stopped = false;

  constructor(readonly options: JobsOptions) {}

  start(): void {
    const { timers, log, name } = this.options;
    this.#stopTimer = timers.every(TICK_MS, async () => this.#tick(), (error) => log.error({ error, jobs: name }, 'jobs could not be looked at'));
  }
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#stopTimer?.();
  }
  /** Ids in work or waiting for their turn. */
  get size(): number {
    return this.#running.size + this.#later.size;
  }

  wake(id: string): void {
    if (this.#stopped) return;
    const running = this.#running.get(id);
    if (running) running.again = true;
    else void this.#work(id, this.#later.get(id)?.failures ?? 0);
  }

  /** Its deadline says that it may have been forgotten; one that is in work or waits for its turn is not. */
  remind(id: string): void {
    if (!this.#running.has(id) && !this.#later.has(id)) this.wake(id);
  }

  async #work(id: string, failures: number): Promise<void> {
    const { run, clock, log, name } = this.options;
    const running = { again: false };
    this.#running.set(id, running);
    this.#later.delete(id);
    try {
      const at = await run(id);
      if (at !== undefined) this.#later.set(id, { at: Math.max(at, clock.now() + 1), failures: 0 });
    } catch (error) {
      if (!isFault(error)) log.error({ error, id, jobs: name }, 'a job met a bug; tried again');
      else if (failures === LOUD_AFTER) log.error({ code: error.code, reason: error.message, id, jobs: name }, 'a job has waited for others many times: a person should look at why');
      else log.debug({ code: error.code, id, jobs: name }, 'a job waits for others');
      this.#later.set(id, { at: clock.now() + this.#backoff(failures), failures: failures + 1 });
    }
    this.#running.delete(id);
    if (running.again && !this.#stopped) this.wake(id);
  }

  #backoff(failures: number): number {
    const most = Math.min(BACKOFF_MAX_MS, BACKOFF_MS * 2 ** Math.min(failures, 10));
    return Math.ceil(most * (0.5 + this.options.random.fraction() / 2));
  }
  #tick(): void {
    const now = this.options.clock.now();
    for (const [id, { at }] of this.#later) if (at <= now) this.wake(id);
  }
}

import type { Clock, Log, Timers } from '@vouchsafe/runtime';
import { CatchingUp } from './catching-up.js';
import type { Closers } from './closers.js';
import { Dependencies, type Dependency } from './dependencies.js';
import type { LogFollower } from './followers.js';

/** What runs once a start has succeeded. */
export type Running = {
  readonly dependencies: readonly Dependency[];
  readonly followers: () => readonly LogFollower[];
  /** Told of every change: what the gRPC health service answers. */
  setServing(isServing: boolean): void;
  /** Takes nothing new; settles when what had begun has ended, in bounded time. */
  drain(): Promise<void>;
  /** Everything else, closed in reverse. */
  readonly closers: Closers;
};
/** What a start is given: it gives up when `signal` aborts, and says what it waits for. */
export type Beginning = { readonly signal: AbortSignal; readonly waitsFor: (reason: string) => void };
export type LivingOptions = {
  /** Opens the adapters and starts the service. May be called again after it failed: it leaves nothing open then. */
  readonly begin: (beginning: Beginning) => Promise<Running>;
  readonly clock: Clock; readonly timers: Timers; readonly log: Log;
  /** Between "takes no traffic" and "takes no calls": so that balancers have noticed. */
  readonly drainDelayMs?: number;
  readonly readinessEveryMs?: number;
};
const AGAIN_MS = 500;
const AGAIN_MAX_MS = 10_000;
const READINESS_MS = 500;

/**
 * A service's life: begins again and again until all it needs is there, is ready while it stays there, and ends in order. Whatever
 * is absent at the start is awaited; so processes and servers may start in any order.
 */
export class LivingProcess {
  readonly #options: LivingOptions;
  readonly #ending = new AbortController();
  #life: Promise<void> | undefined;
  #running: { readonly parts: Running; readonly watched: Dependencies; readonly catchingUp: CatchingUp } | undefined;
  #why = 'starting';

  constructor(options: LivingOptions) {
    this.#options = options;
  }

  /** Settles with the first successful start, or with {@link LivingProcess.stop}. */
  start(): Promise<void> {
    return (this.#life ??= this.#live());
  }

  async #live(): Promise<void> {
    const { begin, clock, log } = this.#options;
    const { signal } = this.#ending;
    for (let pause = AGAIN_MS; !signal.aborted; pause = Math.min(AGAIN_MAX_MS, pause * 2)) {
      try {
        return this.#began(await begin({ signal, waitsFor: (reason) => void (this.#why = reason) }));
      } catch (error) {
        if (signal.aborted) return;
        this.#why = error instanceof Error ? error.message : String(error);
        log.error({ error, againInMs: pause }, 'not started yet: tried again');
        await clock.sleep(pause, signal);
      }
    }
  }

  #began(parts: Running): void {
    const { clock, timers, log, readinessEveryMs = READINESS_MS } = this.#options;
    this.#running = { parts, watched: new Dependencies(parts.dependencies, this.#options), catchingUp: new CatchingUp(parts.followers(), clock, log) };
    let told = false;
    const tell = async (): Promise<void> => {
      const isReady = this.reasons().length === 0;
      if (isReady !== told) parts.setServing((told = isReady));
    };
    const stop = timers.every(readinessEveryMs, tell, (error) => log.error({ error }, 'readiness cannot be told'));
    parts.closers.add(stop);
    log.info({}, 'started');
  }

  get isStarted(): boolean {
    return this.#running !== undefined;
  }
  /** Why it should get no traffic, in English; none: ready. */
  reasons(): readonly string[] {
    if (this.#ending.signal.aborted) return ['stopping'];
    if (!this.#running) return [this.#why];
    return [...this.#running.watched.reasons(), ...this.#running.catchingUp.reasons()];
  }

  /** What is wrong without being a reason to get no traffic. */
  remarks(): readonly string[] {
    return this.#running?.watched.remarks() ?? [];
  }

  /** Stops intake, drains, closes. Every part is tried; what failed is thrown after the last. May be called while it still starts. */
  async stop(): Promise<void> {
    this.#ending.abort();
    await this.#life;
    if (!this.#running) return;
    const { parts, watched, catchingUp } = this.#running;
    this.#running = undefined;
    parts.closers.add(() => Promise.all([watched.stop(), catchingUp.stop()]).then(() => {}));
    parts.setServing(false);
    await this.#options.clock.sleep(this.#options.drainDelayMs ?? 0);
    try {
      await parts.drain();
    } catch (error) {
      return parts.closers.closeAfter(error);
    }
    await parts.closers.closeAll();
  }
}

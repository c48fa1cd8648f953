import { type Position, START } from '@vouchsafe/event-store';
import { Fault } from '@vouchsafe/kernel';
import { type Halted, type Lag, type ProjectionOptions, type ProjectionRunner, type ReadStore, type Rebuilt, startProjections } from '@vouchsafe/read-store';
import type { Generation } from './generation.js';
import { through } from './through.js';

export type KeptRunnerOptions = {
  readonly projections: ProjectionOptions;
  /** What the views are written to; without a place for runners of its own. */
  readonly readStore: ReadStore;
  readonly generation: Generation;
  /** How often it is looked whether the views are still there. */
  readonly lookMs: number;
  /** Told when views begin to be built anew and when they are whole again. */
  readonly onRebuilding: (isRebuilding: boolean) => void;
};

/**
 * A runner whose views may be lost while it runs: the database or a collection dropped, or put back to an earlier state. It notices, and
 * builds them anew from the log while decisions, which never read views, go on.
 */
export class KeptRunner implements ProjectionRunner {
  readonly #options: KeptRunnerOptions;
  readonly #stopped = new AbortController();
  #inner: ProjectionRunner | undefined;
  #why: string | undefined;
  #watching: Promise<void> = Promise.resolve();

  constructor(options: KeptRunnerOptions) {
    this.#options = options;
  }

  async start(): Promise<void> {
    const why = await this.#options.generation.begin();
    if (why === undefined) this.#inner = await this.#begun();
    else await this.#renew(why);
    this.#watching = this.#watch();
  }

  async #begun(): Promise<ProjectionRunner> {
    const { projections, readStore, generation } = this.#options;
    const checkpoint = `projections/${projections.name}`;
    const guarded = through(readStore, {
      saveCheckpoint: async (name: string, position: Position): Promise<void> => {
        if (name !== checkpoint) return readStore.saveCheckpoint(name, position);
        if (this.#lost) return; // what it stood for is no more
        if (!(await generation.isMine())) throw new Fault('READ_STORE_LOST', `views of ${projections.name} were lost`);
        await generation.saveCheckpoint(position);
      },
    });
    const runner = await startProjections({ ...projections, readStore: guarded });
    await generation.settled();
    return runner;
  }

  async #watch(): Promise<void> {
    const { projections: { clock, log, name }, generation, lookMs } = this.#options;
    const { signal } = this.#stopped;
    while (!signal.aborted) {
      await clock.sleep(lookMs, signal);
      if (signal.aborted) return;
      try {
        const why = this.#lost ? this.#why : await generation.lost();
        if (why !== undefined) await this.#renew(why);
        else if (this.#why !== undefined) await this.#whole();
      } catch (error) {
        log.warn({ runner: name, error: String(error) }, 'it cannot be looked whether views are there; tried again');
      }
    }
  }

  /** True from the moment they are known to be lost until a runner fills them again. */
  get #lost(): boolean {
    return this.#why !== undefined && this.#inner === undefined;
  }

  async #renew(why: string): Promise<void> {
    const { projections: { log, name }, generation, onRebuilding } = this.#options;
    const before = this.#inner;
    this.#inner = undefined;
    this.#why = why;
    onRebuilding(true);
    log.error({ runner: name, why }, 'views were lost: they are built anew from the log');
    await before?.stop();
    await generation.renew();
    this.#inner = await this.#begun();
  }

  async #whole(): Promise<void> {
    const inner = this.#inner!;
    if (inner.stats().failing === undefined && (await inner.waitFor(this.#options.projections.store.head(), CAUGHT_UP_MS))) this.#isWhole();
  }
  #isWhole(): void {
    const { projections: { log, name }, onRebuilding } = this.#options;
    if (this.#why === undefined) return;
    this.#why = undefined;
    onRebuilding(false);
    log.warn({ runner: name }, 'views are whole again');
  }

  get seen(): Position {
    return this.#inner?.seen ?? START;
  }
  async caughtUp(): Promise<void> {
    const { clock } = this.#options.projections;
    while (!this.#inner && !this.#stopped.signal.aborted) await clock.sleep(AGAIN_MS, this.#stopped.signal);
    const inner = this.#inner;
    await inner?.caughtUp();
    if (inner === this.#inner) this.#isWhole();
  }
  async waitFor(position: Position, timeoutMs: number): Promise<boolean> {
    return this.#inner?.waitFor(position, timeoutMs) ?? false;
  }
  lag(): Lag {
    return this.#inner?.lag() ?? { events: 1, behind: START, ageMs: 0 };
  }
  stats(): ReturnType<ProjectionRunner['stats']> {
    const stats = this.#inner?.stats() ?? { applied: 0, unknown: 0, failing: undefined };
    if (this.#why === undefined) return stats;
    return { ...stats, failing: stats.failing ?? new Fault('READ_STORE_REBUILDING', `views are built anew: ${this.#why}`) };
  }
  halted(): readonly Halted[] {
    return this.#inner?.halted() ?? [];
  }
  check(): void {
    this.#inner?.check();
  }
  rebuild(collection: string): Promise<Rebuilt> {
    if (!this.#inner) throw new Fault('READ_STORE_REBUILDING', 'views are built anew already');
    return this.#inner.rebuild(collection);
  }
  async stop(): Promise<void> {
    this.#stopped.abort();
    await this.#watching;
    await this.#inner?.stop();
  }
}
const AGAIN_MS = 100;
const CAUGHT_UP_MS = 1_000;

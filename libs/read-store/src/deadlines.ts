import type { Clock, Stop, Timers } from '@vouchsafe/runtime';
import type { Collection, Doc } from './port.js';

export type DeadlineOptions<T extends { readonly dueAt: number }> = {
  /** Kept by a projection; its spec needs the index `{ fields: ['dueAt'] }`. A document is deleted by the event that settles it. */
  readonly collection: Collection<T>;
  readonly clock: Clock;
  readonly timers: Timers;
  /** How often a collection that cannot be watched is polled, and what is still due is fired again. */
  readonly periodMs?: number;
  /** What keeps the collection; nothing is fired before it has caught up once. */
  readonly projections?: { caughtUp(): Promise<void> };
  /** Called for each due document, again at every round while it is there: twice must be harmless. */
  readonly onDue: (doc: Doc<T>) => Promise<void>;
  /** Told of every rejection; the document is tried again in the next round. */
  readonly onError: (error: unknown) => void;
};

const PERIOD_MS = 500;
/** Looks at the collection so often at least: a wall clock may have been set. */
const IDLE_MAX_MS = 3_600_000;
const PAGE = 100;
/** A round never fires more; the next one goes on behind it, so that failing ones cannot keep others from their turn. */
const ROUND_MAX = 2000;
const CONCURRENT = 16;

/**
 * Fires what is due, on the injected clock (ARCHITECTURE §4.6). Where the collection can be watched it sleeps until the
 * next deadline, so that simulated months pass quickly; else it polls.
 */
export const startDeadlines = <T extends { readonly dueAt: number }>(options: DeadlineOptions<T>): Stop => {
  const deadlines = new Deadlines(options);
  const { collection, timers, periodMs = PERIOD_MS, onError } = options;
  return collection.watch ? deadlines.start() : timers.every(periodMs, async () => void (await deadlines.round()), onError);
};

class Deadlines<T extends { readonly dueAt: number }> {
  readonly #options: DeadlineOptions<T>;
  readonly #abort = new AbortController();
  #ready: boolean;
  #cursor: { readonly values: readonly [number]; readonly id: string } | undefined;
  #wake: AbortController | undefined;

  constructor(options: DeadlineOptions<T>) {
    this.#options = options;
    this.#ready = options.projections === undefined;
  }

  start(): Stop {
    const { signal } = this.#abort;
    const unwatch = this.#options.collection.watch?.(() => this.#wake?.abort());
    signal.addEventListener('abort', () => this.#wake?.abort(), { once: true });
    const done = this.#loop(signal);
    return async () => {
      unwatch?.();
      this.#abort.abort();
      await done;
    };
  }

  async #loop(signal: AbortSignal): Promise<void> {
    const { clock, onError, periodMs = PERIOD_MS } = this.#options;
    while (!signal.aborted) {
      const wake = new AbortController();
      this.#wake = wake;
      let quietMs: number | undefined;
      try {
        quietMs = await this.round();
      } catch (error) {
        onError(error);
      }
      // After a round that fired, the documents it settled change the collection: that is no reason to look again at once.
      if (!signal.aborted) await clock.sleep(quietMs ?? periodMs, quietMs === undefined ? signal : wake.signal);
    }
  }

  /** Fires what is due now. Answers how long nothing will be; undefined where something was fired and is to be looked at again. */
  async round(): Promise<number | undefined> {
    const { collection, clock, projections } = this.#options;
    if (!this.#ready) await projections!.caughtUp();
    this.#ready = true;
    const now = clock.now();
    for (let fired = 0; fired < ROUND_MAX; ) {
      const page = await collection.find({
        where: { dueAt: { lte: now } }, orderBy: [['dueAt', 'asc']], limit: PAGE, ...(this.#cursor && { after: this.#cursor }),
      });
      await this.#fire(page);
      fired += page.length;
      const last = page[page.length - 1];
      this.#cursor = page.length < PAGE || !last ? undefined : { values: [last.value.dueAt], id: last.id };
      if (!this.#cursor) return fired > 0 ? undefined : this.#quietMs();
    }
    return undefined;
  }

  async #quietMs(): Promise<number> {
    const { collection, clock } = this.#options;
    const [next] = await collection.find({ orderBy: [['dueAt', 'asc']], limit: 1 });
    return next ? Math.min(IDLE_MAX_MS, Math.max(1, next.value.dueAt - clock.now())) : IDLE_MAX_MS;
  }

  async #fire(page: readonly Doc<T>[]): Promise<void> {
    const { onDue, onError } = this.#options;
    let next = 0;
    const lane = async (): Promise<void> => {
      for (let doc = page[next++]; doc; doc = page[next++]) await onDue(doc).catch(onError);
    };
    await Promise.all(Array.from({ length: Math.min(CONCURRENT, page.length) }, lane));
  }
}

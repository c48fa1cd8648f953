import { type Page, type Position, type RecordedEvent, START } from '@vouchsafe/event-store';
import { Fault, isFault } from '@vouchsafe/kernel';
import { type Clock, type Log, nextTurn } from '@vouchsafe/runtime';
import type { FollowedLog } from './followed-log.js';
import type { ReadStore } from './port.js';
import type { Lag } from './runner-port.js';

export type FollowerOptions = {
  /** Name of the checkpoint. */
  readonly name: string;
  readonly store: FollowedLog;
  readonly readStore: ReadStore;
  readonly categories: readonly string[];
  readonly log: Log;
  readonly clock: Clock;
  /** Effects of a batch of events, in order. Called again with the same events after a failure or a crash. */
  readonly handle: (events: readonly RecordedEvent[]) => Promise<void>;
  /** Before the first event, e.g. to fill what is new. A rejection is retried like a batch. */
  readonly prepare?: (checkpoint: Position) => Promise<void>;
  /** After a checkpoint was saved. */
  readonly afterCheckpoint?: () => Promise<void>;
  /** How long it waits for more before it takes up few events, while nobody waits for them. */
  readonly gatherMs?: number;
};

/** Follows durable events from a checkpoint. */
export interface Follower {
  /** Settles once everything durable at the time of the call is handled. Rejects when handling fails meanwhile. */
  caughtUp(): Promise<void>;
  /** True once `position` is handled; false after `timeoutMs`. */
  waitFor(position: Position, timeoutMs: number): Promise<boolean>;
  lag(): Lag;
  /** Position of the last handled event. */
  readonly applied: Position;
  /** Up to here nothing of the follower's is unhandled. */
  readonly seen: Position;
  /** Why it does not get on, if it does not. */
  readonly failing: unknown;
  /** To be called now and then: where events wait but the subscription delivers none, it is begun anew; work that does not end is told of. */
  check(): void;
  /** Runs `work` while no batch is being handled. */
  exclusively<T>(work: () => Promise<T>): Promise<T>;
  stop(): Promise<void>;
}

const BATCH_MAX = 2048;
/** A batch of one event costs almost what one of a hundred does, so a moment's events are handled together. */
const GATHER_MS = 10;
const GATHER_BELOW = 1024;
const SMOOTHING = 0.2;
/** The checkpoint may lag so many events or so long behind: after a crash they are handled again. */
const CHECKPOINT_EVENTS = 1000;
const CHECKPOINT_MS = 200;
const BACKOFF_MS = 100;
const BACKOFF_MAX_MS = 10_000;
/** While the process ends others may be gone before a follower is told to stop: that is no error. */
const ENDING: readonly string[] = ['BUS_STOPPED', 'STORE_CLOSED', 'READ_STORE_CLOSED'];
/** No progress for so long, although events wait, is trouble. */
const STUCK_MS = 30_000;

type Waiter = { readonly position: Position; readonly done: () => void; readonly failed: (error: unknown) => void };

export const startFollower = async (options: FollowerOptions): Promise<Follower> => {
  const follower = new LogFollower(options);
  await follower.start();
  return follower;
};

class LogFollower implements Follower {
  readonly #options: FollowerOptions;
  readonly #abort = new AbortController();
  readonly #waiters = new Set<Waiter>();
  #applied: Position = START;
  /** Up to here nothing of ours is unhandled. */
  #seen: Position = START;
  #recordedAt = 0;
  /** Positions per event of ours, smoothed; unknown before the first. */
  #spacing: number | undefined;
  #progressMs = 0;
  #handling = false;
  #saved: Position = START;
  #unsaved = 0;
  #savedMs = 0;
  #gathering = new AbortController();
  #subscription = new AbortController();
  #failing: unknown;
  #failures = 0;
  #turn: Promise<unknown> = Promise.resolve();
  #done: Promise<void> = Promise.resolve();

  constructor(options: FollowerOptions) {
    this.#options = options;
  }

  async start(): Promise<void> {
    const { readStore, name, store, clock } = this.#options;
    this.#applied = (await readStore.loadCheckpoint(name)) ?? START;
    if (this.#applied > store.head()) await this.#checkKnown();
    this.#seen = this.#applied;
    this.#saved = this.#applied;
    this.#progressMs = clock.monotonicMs();
    this.#done = this.#run();
  }

  /** Another replica may have followed further than this process has heard of: only the log itself can tell. */
  async #checkKnown(): Promise<void> {
    const { store, name } = this.#options;
    try {
      await store.readAll({ after: this.#applied, max: 1 });
    } catch (error) {
      if (!isFault(error) || error.code !== 'POSITION_UNKNOWN') throw error;
      throw new Fault('READ_STORE_AHEAD', `${name} has seen events that the log does not have: the read store belongs to another log or a later state of it. Delete it; it is rebuilt`, false, { cause: error });
    }
  }

  get applied(): Position {
    return this.#applied;
  }
  get seen(): Position {
    return this.#seen;
  }
  get failing(): unknown {
    return this.#failing;
  }

  async #run(): Promise<void> {
    const { store, categories, prepare, log, name, clock } = this.#options;
    const { signal } = this.#abort;
    let prepared = prepare === undefined;
    while (!signal.aborted) {
      try {
        if (!prepared) await this.exclusively(() => prepare!(this.#applied));
        prepared = true;
        this.#subscription = new AbortController();
        const either = AbortSignal.any([signal, this.#subscription.signal]);
        for await (const page of store.subscribe({ after: this.#applied, categories, signal: either })) {
          this.#noteSpacing(page);
          await this.#handleAll(page.events);
          if (page.events.length === 0) await this.exclusively(() => this.#passOver(page.next));
          this.#progressed(page.next);
          if (either.aborted) break;
          if (page.events.length < GATHER_BELOW) await this.#gather();
        }
      } catch (error) {
        if (signal.aborted) return;
        this.#fail(error);
        const level = isFault(error) && ENDING.includes(error.code) ? 'debug' : 'error';
        log[level]({ follower: name, after: this.#applied, failures: this.#failures, error: describe(error) }, 'cannot handle events; will try again');
        await clock.sleep(Math.min(BACKOFF_MAX_MS, BACKOFF_MS * 2 ** (this.#failures - 1)), signal);
      }
    }
  }

  #noteSpacing({ events, next }: Page): void {
    if (events.length === 0) return;
    const spacing = Math.max(1, (next - this.#seen) / events.length);
    this.#spacing = this.#spacing === undefined ? spacing : this.#spacing + (spacing - this.#spacing) * SMOOTHING;
  }

  async #handleAll(events: readonly RecordedEvent[]): Promise<void> {
    for (let at = 0; at < events.length && !this.#abort.signal.aborted; ) {
      const batch = events.slice(at, at + BATCH_MAX);
      at += batch.length;
      this.#handling = true;
      await this.exclusively(() => this.#handleBatch(batch)).finally(() => (this.#handling = false));
      await nextTurn();
    }
  }

  /** Effects first, then the checkpoint: a crash in between repeats, it never skips. */
  async #handleBatch(batch: readonly RecordedEvent[]): Promise<void> {
    const { handle, clock } = this.#options;
    await handle(batch);
    const newest = batch[batch.length - 1]!;
    this.#applied = newest.position;
    this.#recordedAt = newest.recordedAt;
    this.#unsaved += batch.length;
    if (this.#unsaved >= CHECKPOINT_EVENTS || clock.monotonicMs() - this.#savedMs >= CHECKPOINT_MS) await this.#save();
    this.#progressed(newest.position);
  }

  /** Nothing of ours lies up to there. Kept, so that a start does not look through all of it again. */
  async #passOver(next: Position): Promise<void> {
    this.#applied = next;
    await this.#save();
  }

  async #save(): Promise<void> {
    const { readStore, name, clock, afterCheckpoint } = this.#options;
    if (this.#saved === this.#applied) return;
    await readStore.saveCheckpoint(name, this.#applied);
    this.#saved = this.#applied;
    this.#savedMs = clock.monotonicMs();
    this.#unsaved = 0;
    await afterCheckpoint?.();
  }

  /** Lets a few more events come, unless somebody waits for those that are there. */
  async #gather(): Promise<void> {
    const { clock, gatherMs = GATHER_MS } = this.#options;
    if (clock.simulated || gatherMs === 0 || this.#waiters.size > 0) return;
    this.#gathering = new AbortController();
    await clock.sleep(gatherMs, this.#gathering.signal);
  }

  #progressed(seen: Position): void {
    this.#progressMs = this.#options.clock.monotonicMs();
    this.#failing = undefined;
    this.#failures = 0;
    if (seen > this.#seen) this.#seen = seen;
    for (const waiter of this.#waiters) {
      if (waiter.position > this.#seen) continue;
      this.#waiters.delete(waiter);
      waiter.done();
    }
  }

  #fail(error: unknown): void {
    this.#failing = error;
    this.#failures++;
    for (const waiter of this.#waiters) waiter.failed(error);
    this.#waiters.clear();
  }

  async caughtUp(): Promise<void> {
    const { store } = this.#options;
    const target = store.head();
    await store.durable(target);
    await this.#reach(target);
  }

  async waitFor(position: Position, timeoutMs: number): Promise<boolean> {
    if (position <= this.#seen) return true;
    const abort = new AbortController();
    const tooLate = this.#options.clock.sleep(timeoutMs, abort.signal).then(() => false);
    const reached = this.#options.store.durable(position).then(() => this.#reach(position)).then(() => true, () => false);
    return Promise.race([reached, tooLate]).finally(() => abort.abort());
  }

  /** The subscription is silent about others' events, so the last position may never come: then we look whether any is ours. */
  async #reach(target: Position): Promise<void> {
    const { store, categories } = this.#options;
    let from = this.#seen;
    while (from < target) {
      this.#refuseIfFailing();
      if (this.#abort.signal.aborted) return;
      const page = await store.readAll({ after: from, categories, max: 1 });
      const [ours] = page.events;
      if (ours && ours.position <= target) {
        await this.#reached(ours.position);
        from = ours.position > this.#seen ? ours.position : this.#seen;
      } else if (ours || page.atEnd || page.next >= target || page.next <= from) break;
      else from = page.next;
    }
    if (target > this.#seen) this.#seen = target;
  }

  #refuseIfFailing(): void {
    if (this.#failing === undefined) return;
    throw this.#failing instanceof Error ? this.#failing : new Error(describe(this.#failing));
  }

  check(): void {
    const { clock, log, name, store } = this.#options;
    const stillMs = clock.monotonicMs() - this.#progressMs;
    if (this.#seen >= store.head()) this.#progressMs = clock.monotonicMs();
    else if (stillMs >= STUCK_MS && this.#handling) log.error({ follower: name, after: this.#applied, stillMs }, 'a batch of events is being handled for too long');
    else if (stillMs >= STUCK_MS) void this.#restartIfOursWait(stillMs);
  }

  /** Events of others say nothing; if one of ours waits, the subscription has missed it. */
  async #restartIfOursWait(stillMs: number): Promise<void> {
    const { store, categories, log, name, clock } = this.#options;
    this.#progressMs = clock.monotonicMs();
    try {
      const page = await store.readAll({ after: this.#seen, categories, max: 1 });
      if (page.events.length === 0 || this.#handling) return;
      log.error({ follower: name, after: this.#applied, stillMs }, 'a subscription delivers nothing although events wait; it is begun anew');
      this.#subscription.abort();
    } catch (error) {
      log.error({ follower: name, error: describe(error) }, 'the watchdog cannot read the log');
    }
  }

  #reached(position: Position): Promise<void> {
    if (position <= this.#seen) return Promise.resolve();
    this.#gathering.abort();
    return new Promise((done, failed) => this.#waiters.add({ position, done, failed }));
  }

  lag(): Lag {
    const { store, clock } = this.#options;
    const distance = store.head() - this.#seen;
    // Who never heard of an event of its own may have one waiting; positions are no counts.
    const events = distance <= 0 ? 0 : this.#spacing === undefined ? 1 : Math.ceil(distance / this.#spacing);
    return { events, behind: this.#applied, ageMs: events === 0 || this.#recordedAt === 0 ? 0 : Math.max(0, clock.now() - this.#recordedAt) };
  }

  exclusively<T>(work: () => Promise<T>): Promise<T> {
    const mine = this.#turn.then(work);
    this.#turn = mine.then(ignore, ignore);
    return mine;
  }

  async stop(): Promise<void> {
    this.#abort.abort();
    this.#gathering.abort();
    await this.#done;
    await this.#turn;
    await this.#save();
    for (const waiter of this.#waiters) waiter.done();
    this.#waiters.clear();
  }
}

const ignore = (): void => {};
const describe = (error: unknown): string => (error instanceof Error ? (error.stack ?? error.message) : String(error));

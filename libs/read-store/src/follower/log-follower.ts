import { type Page, type Position, type RecordedEvent, START } from '@vouchsafe/event-store';
import { Fault, isFault } from '@vouchsafe/kernel';
import { nextTurn } from '@vouchsafe/runtime';
import type { Follower, FollowerOptions } from '../follower.js';
import type { Witness } from '../port.js';
import type { Lag } from '../runner-port.js';
import { BACKOFF_MAX_MS, BACKOFF_MS, BATCH_MAX, CHECKPOINT_EVENTS, CHECKPOINT_MS, ENDING, GATHER_BELOW, GATHER_MS, MORE_FOLLOW, TAKEN_MAX, TAKE_MS } from './limits.js';
import { Spacing } from './spacing.js';
import { Stillness } from './stillness.js';
import { Waiters } from './waiters.js';
import { firstOwn, stillHas, witnessOf } from './witness.js';

/** Events that were handled but whose effects do not last yet: the newest, the position behind which it is the first of its follower's, how many. */
type Taken = { readonly newest: RecordedEvent; readonly after: Position; readonly events: number };

/** Begins to follow durable events from the checkpoint on. Throws Fault `READ_STORE_AHEAD` where the log no longer has what was handled. */
export const startFollower = async (options: FollowerOptions): Promise<Follower> => {
  const follower = new LogFollower(options);
  await follower.start();
  return follower;
};

class LogFollower implements Follower {
  readonly #options: FollowerOptions;
  readonly #abort = new AbortController();
  readonly #waiters = new Waiters();
  readonly #spacing = new Spacing();
  readonly #stillness: Stillness;
  #applied: Position = START;
  /** Up to here nothing of ours is unhandled. */
  #seen: Position = START;
  /** Up to here it is, or was taken up. */
  #upTo: Position = START;
  #recordedAt = 0;
  #handling = false;
  #taken: Taken | undefined;
  /** What was taken up could not be made to last. */
  #trouble: { readonly error: unknown } | undefined;
  #beat: Promise<void> | undefined;
  #saved: Position = START;
  #witness: Witness | undefined;
  #unsaved = 0;
  #savedMs = 0;
  #hurry = new AbortController();
  #subscription = new AbortController();
  #failing: unknown;
  #failures = 0;
  #turn: Promise<unknown> = Promise.resolve();
  #done: Promise<void> = Promise.resolve();

  constructor(options: FollowerOptions) {
    this.#options = options;
    this.#stillness = new Stillness(options);
  }

  async start(): Promise<void> {
    const { readStore, name } = this.#options;
    this.#applied = (await readStore.loadCheckpoint(name)) ?? START;
    if (this.#applied !== START) await this.#refuseUnknown();
    this.#seen = this.#applied;
    this.#saved = this.#applied;
    this.#done = this.#run();
  }

  async #refuseUnknown(): Promise<void> {
    const { readStore, store, categories, name } = this.#options;
    this.#witness = await readStore.loadWitness?.(name);
    if (await stillHas(store, { categories, applied: this.#applied, witness: this.#witness })) return;
    throw new Fault('READ_STORE_AHEAD', `${name} has seen events that the log does not have: the read store belongs to another log or a later state of it. Delete it; it is rebuilt`, false);
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
        this.#trouble = undefined;
        this.#subscription = new AbortController();
        const either = AbortSignal.any([signal, this.#subscription.signal]);
        for await (const page of store.subscribe({ after: this.#applied, categories, signal: either })) {
          await this.#handlePage(page);
          if (either.aborted) break;
          if (page.events.length < GATHER_BELOW) await this.#gather();
        }
        this.#refuseIfTroubled();
      } catch (error) {
        this.#discard();
        if (signal.aborted) return;
        this.#fail(error);
        const level = isFault(error) && ENDING.includes(error.code) ? 'debug' : 'error';
        log[level]({ follower: name, after: this.#applied, failures: this.#failures, error: describe(error) }, 'cannot handle events; will try again');
        await clock.sleep(Math.min(BACKOFF_MAX_MS, BACKOFF_MS * 2 ** (this.#failures - 1)), signal);
      }
    }
  }

  async #handlePage(page: Page): Promise<void> {
    this.#spacing.note(page, this.#seen);
    await this.#handleAll(page.events);
    if (page.events.length === 0) await this.exclusively(() => this.#passOver(page.next));
    this.#upTo = page.next;
    if (this.#taken) await this.#settleInTime(this.#taken, page.events.length);
    else this.#progressed(page.next);
  }

  async #handleAll(events: readonly RecordedEvent[]): Promise<void> {
    for (let at = 0; at < events.length && !this.#abort.signal.aborted; ) {
      const batch = events.slice(at, at + BATCH_MAX);
      at += batch.length;
      this.#handling = true;
      await this.#oneByOne(() => this.#handleBatch(batch)).finally(() => (this.#handling = false));
      await nextTurn();
    }
  }

  async #handleBatch(batch: readonly RecordedEvent[]): Promise<void> {
    const { handle, gathered } = this.#options;
    this.#refuseIfTroubled();
    await handle(batch);
    const after = batch.length > 1 ? batch[batch.length - 2]!.position : (this.#taken?.newest.position ?? this.#applied);
    this.#taken = { newest: batch[batch.length - 1]!, after, events: (this.#taken?.events ?? 0) + batch.length };
    if (!gathered) await this.#settle();
  }

  /** Effects first, then the checkpoint, or both at once: a crash in between repeats, it never skips. */
  async #settle(): Promise<void> {
    if (!this.#taken) return;
    const { gathered, clock, name } = this.#options;
    const { newest, after, events } = this.#taken;
    const witness = witnessOf(newest, after);
    try {
      await gathered?.settle({ name, position: newest.position, ...(witness && { witness }) });
    } catch (error) {
      this.#discard();
      this.#trouble = { error };
      this.#subscription.abort(); // they come again
      throw error;
    }
    this.#taken = undefined;
    this.#applied = newest.position;
    this.#witness = witness;
    this.#recordedAt = newest.recordedAt;
    this.#unsaved += events;
    if (gathered) await this.#savedNow();
    else if (this.#unsaved >= CHECKPOINT_EVENTS || clock.monotonicMs() - this.#savedMs >= CHECKPOINT_MS) await this.#save();
    this.#progressed(this.#upTo > newest.position ? this.#upTo : newest.position);
  }
  #discard(): void {
    this.#options.gathered?.discard();
    this.#taken = undefined;
  }

  /** At once where somebody waits or it is much already, else with the next beat. */
  async #settleInTime({ events }: Taken, newest: number): Promise<void> {
    const { clock, gatherMs = GATHER_MS } = this.#options;
    const waitedFor = this.#waiters.covered(this.#upTo) || (this.#waiters.any && newest < MORE_FOLLOW);
    if (waitedFor || clock.simulated || gatherMs === 0 || events >= TAKEN_MAX) await this.#oneByOne(() => this.#settle());
    else this.#beat ??= this.#settleWithBeat().finally(() => (this.#beat = undefined));
  }
  /** A beat is common to all who gather so long: what they write then is committed together. */
  async #settleWithBeat(): Promise<void> {
    const { clock, gatherMs = GATHER_MS } = this.#options;
    await clock.sleep(gatherMs - (clock.monotonicMs() % gatherMs), this.#hurrySignal());
    await this.#oneByOne(() => this.#settle()).catch(ignore); // the subscription hears of it
  }

  /** Nothing of ours lies up to there. Kept, so that a start does not look through all of it again. */
  async #passOver(next: Position): Promise<void> {
    this.#applied = next;
    await this.#save();
  }

  async #save(): Promise<void> {
    const { readStore, name } = this.#options;
    if (this.#saved === this.#applied) return;
    await readStore.saveCheckpoint(name, this.#applied, this.#witness);
    await this.#savedNow();
  }
  async #savedNow(): Promise<void> {
    const { clock, afterCheckpoint } = this.#options;
    this.#saved = this.#applied;
    this.#savedMs = clock.monotonicMs();
    this.#unsaved = 0;
    await afterCheckpoint?.();
  }

  /** Lets a few more events come, unless somebody waits for those that are there. */
  async #gather(): Promise<void> {
    const { clock, gathered, gatherMs = GATHER_MS } = this.#options;
    if (clock.simulated || gatherMs === 0 || this.#waiters.any) return;
    await clock.sleep(gathered ? TAKE_MS : gatherMs, this.#hurrySignal());
  }
  /** Aborted as soon as somebody waits. */
  #hurrySignal(): AbortSignal {
    if (this.#hurry.signal.aborted && !this.#abort.signal.aborted) this.#hurry = new AbortController();
    return this.#hurry.signal;
  }

  #progressed(seen: Position): void {
    this.#stillness.progressed();
    this.#failing = undefined;
    this.#failures = 0;
    if (seen > this.#seen) this.#seen = seen;
    this.#waiters.reached(this.#seen);
  }

  #fail(error: unknown): void {
    this.#failing = error;
    this.#failures++;
    this.#waiters.fail(error);
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
    while (this.#seen < target) {
      this.#refuseIfFailing();
      if (this.#abort.signal.aborted) return;
      const ours = await firstOwn(store, { after: this.#seen, categories, upTo: target });
      if (!ours) break;
      await this.#reached(ours.position, target);
    }
    if (target > this.#seen) this.#seen = target;
  }

  #refuseIfFailing(): void {
    if (this.#failing === undefined) return;
    throw this.#failing instanceof Error ? this.#failing : new Error(describe(this.#failing));
  }

  #refuseIfTroubled(): void {
    if (this.#trouble) throw this.#trouble.error;
  }
  check(): void {
    this.#stillness.check({ applied: this.#applied, seen: this.#seen, handling: () => this.#handling, restart: () => this.#subscription.abort() });
  }

  #reached(position: Position, target: Position): Promise<void> {
    if (position <= this.#seen) return Promise.resolve();
    this.#hurry.abort();
    return this.#waiters.until(position, target);
  }

  lag(): Lag {
    const { store, clock, categories } = this.#options;
    const events = this.#spacing.eventsWithin(store.head(categories) - this.#seen);
    return { events, behind: this.#applied, ageMs: events === 0 || this.#recordedAt === 0 ? 0 : Math.max(0, clock.now() - this.#recordedAt) };
  }

  exclusively<T>(work: () => Promise<T>): Promise<T> {
    return this.#oneByOne(async () => {
      await this.#settle();
      return work();
    });
  }
  #oneByOne<T>(work: () => Promise<T>): Promise<T> {
    const mine = this.#turn.then(work);
    this.#turn = mine.then(ignore, ignore);
    return mine;
  }

  async stop(): Promise<void> {
    this.#abort.abort();
    this.#hurry.abort();
    await this.#done;
    await this.exclusively(() => this.#save());
    this.#waiters.end();
  }
}

const ignore = (): void => {};
const describe = (error: unknown): string => (error instanceof Error ? (error.stack ?? error.message) : String(error));

import type { EventCodec } from '@vouchsafe/codec';
import { type Decider, Fault, invariant } from '@vouchsafe/kernel';
import type { Clock, Random } from '@vouchsafe/runtime';
import { type Envelope, type Handled, newEvent, unchanged } from './deciding.js';
import type { Folded } from './folded.js';
import { type AppendResult, type EventStore, type NewEvent, NO_STREAM, type RecordedEvent, type Soon } from './port.js';
import { RecentMap } from './recent-map.js';
import { type SnapshotOptions, Snapshots } from './snapshots.js';
import { Together } from './together.js';

export type { Envelope, Handled } from './deciding.js';

/** The answer, or why it has to be tried again. */
type Attempt<S, E, R extends string> = Handled<S, E, R> | 'conflict' | 'repeated' | 'uncertain';

export type DeciderHostOptions<S, C, E extends { readonly type: string }, R extends string> = {
  readonly store: EventStore;
  readonly clock: Clock;
  readonly random: Random;
  readonly decider: Decider<S, C, E, R>;
  readonly codec: EventCodec<E>;
  /** Most streams whose folded state is kept in memory. */
  readonly cacheMax?: number;
  /** Called after events were accepted (not yet durable): a process manager may run ahead within the process. */
  readonly onAccepted?: (stream: string, folded: Folded<S>, events: readonly E[], envelope: Envelope) => void;
  /**
   * Most decisions open their stream. Where others write too, one that is not in memory is then taken for absent: what is decided so is
   * proved by its append or, where nothing is to be appended, by a read. Saves the read of what is not there.
   */
  readonly opens?: boolean;
  /** For streams that grow long: a start reads a snapshot and what came after it. */
  readonly snapshot?: SnapshotOptions<S>;
};

const CACHE_MAX = 10_000;
const READ_PAGE = 500;
const CONFLICT_RETRIES = 3;
const JITTER_MS = 20;

/**
 * Runs one decider on its streams: read, fold, decide, append at the exact revision read. One decision at a time per stream;
 * on a lost race it decides again, at most {@link CONFLICT_RETRIES} times with jitter, then throws Fault `ABORTED`.
 * A stream with an event this binary does not know throws Fault `STREAM_TOO_NEW`.
 */
export class DeciderHost<S, C, E extends { readonly type: string }, R extends string = string> {
  readonly #options: DeciderHostOptions<S, C, E, R>;
  readonly #cache: RecentMap<Folded<S>>;
  /** Streams on which somebody waits for the store just now: the end of the line behind them. */
  readonly #turns = new Map<string, Promise<unknown>>();
  readonly #snapshots: Snapshots<S> | undefined;
  /** Where an append is waited for: decides those who came meanwhile. */
  readonly #together: Together<S, C, E, R> | undefined;
  readonly #presumesAbsent: boolean;
  /** Lost races; within one exclusive process each is a bug. */
  conflicts = 0;

  constructor(options: DeciderHostOptions<S, C, E, R>) {
    this.#options = options;
    const streamsMax = options.cacheMax ?? CACHE_MAX;
    this.#cache = new RecentMap(streamsMax);
    this.#snapshots = options.snapshot && new Snapshots(options.store, options.snapshot, streamsMax);
    this.#presumesAbsent = options.opens === true && !options.store.exclusive;
    this.#together = options.store.exclusive ? undefined : new Together({
      ...options, fold: (stream, refresh) => this.#fold(stream, refresh), keep: (stream, folded) => this.#keep(stream, folded),
      forget: (stream) => void this.#cache.delete(stream), onConflict: () => void this.conflicts++,
    });
  }

  /** Decides `command` on `stream`. May be called again with the same command id: the decider sees it is done. */
  handle(stream: string, command: C, envelope: Envelope): Promise<Handled<S, E, R>> {
    try {
      return Promise.resolve(this.decide(stream, command, envelope));
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** As {@link handle}, at once where nothing has to be waited for: the embedded store has nearly all it needs in memory. Throws or rejects. */
  decide(stream: string, command: C, envelope: Envelope): Soon<Handled<S, E, R>> {
    if (this.#isTaken(stream)) return this.#decideBehind(stream, command, envelope);
    const handled = this.#decide(stream, command, envelope);
    return handled instanceof Promise ? this.#inTurn(stream, handled) : handled;
  }

  /** The stream's present state (possibly ahead of the durable log; the reply floor covers that). */
  load(stream: string): Promise<Folded<S>> {
    try {
      return Promise.resolve(this.look(stream));
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** As {@link load}, at once where nothing has to be waited for. Throws or rejects. */
  look(stream: string): Soon<Folded<S>> {
    const refresh = !this.#options.store.exclusive;
    if (this.#isTaken(stream)) return this.#behind(stream, () => this.#fold(stream, refresh));
    const folded = this.#fold(stream, refresh);
    return folded instanceof Promise ? this.#inTurn(stream, folded) : folded;
  }

  /** What this process remembers of the stream: maybe not its present state, where others write too. */
  remembered(stream: string): Folded<S> | undefined {
    return this.#cache.get(stream);
  }

  /** Settles when no snapshot is being taken; for an orderly stop. */
  async idle(): Promise<void> {
    await this.#snapshots?.idle();
  }

  /** How many folded streams are held in memory. */
  get cached(): number {
    return this.#cache.size;
  }

  #isTaken(stream: string): boolean {
    return this.#turns.size > 0 && this.#turns.has(stream);
  }
  // What only happens where somebody waits has methods of its own: the closures of a method cost each call of it.
  #behind<T>(stream: string, work: () => Soon<T>): Promise<T> {
    return this.#inTurn(stream, this.#turns.get(stream)!.then(work, work));
  }
  #decideBehind(stream: string, command: C, envelope: Envelope): Promise<Handled<S, E, R>> {
    if (this.#together) return this.#together.handle(stream, command, envelope, (work) => this.#behind(stream, work));
    return this.#behind(stream, () => this.#decide(stream, command, envelope));
  }
  /** Whoever comes meanwhile waits for `mine`. */
  #inTurn<T>(stream: string, mine: Promise<T>): Promise<T> {
    this.#turns.set(stream, mine);
    const ended = (): void => {
      if (this.#turns.get(stream) === mine) this.#turns.delete(stream);
    };
    mine.then(ended, ended);
    return mine;
  }

  #decide(stream: string, command: C, envelope: Envelope): Soon<Handled<S, E, R>> {
    const folded = this.#fold(stream, false);
    if (folded instanceof Promise) return this.#decideOnceRead(stream, command, envelope, folded);
    const attempt = this.#attempt(stream, folded, command, envelope, this.#options.store.exclusive);
    return attempt instanceof Promise || typeof attempt === 'string' ? this.#decideAgain(stream, command, envelope, attempt) : attempt;
  }
  async #decideOnceRead(stream: string, command: C, envelope: Envelope, read: Promise<Folded<S>>): Promise<Handled<S, E, R>> {
    const attempt = this.#attempt(stream, await read, command, envelope, this.#options.store.exclusive);
    return this.#decideAgain(stream, command, envelope, attempt);
  }

  async #decideAgain(stream: string, command: C, envelope: Envelope, begun: Soon<Attempt<S, E, R>>): Promise<Handled<S, E, R>> {
    const { clock, random } = this.#options;
    let attempt = await begun;
    for (let tries = 1; typeof attempt === 'string'; tries++) {
      if (attempt === 'conflict') this.conflicts++;
      if (tries > CONFLICT_RETRIES) throw new Fault('ABORTED', `stream ${stream} is written by others too often just now; try again`);
      if (attempt === 'conflict') await clock.sleep(Math.ceil(random.fraction() * JITTER_MS * tries));
      attempt = await this.#attempt(stream, await this.#fold(stream, true), command, envelope, true);
    }
    return attempt;
  }

  /** `certain`: `folded` is what the store has just now, as far as this process can know. */
  #attempt(stream: string, folded: Folded<S>, command: C, envelope: Envelope, certain: boolean): Soon<Attempt<S, E, R>> {
    const decision = this.#options.decider.decide(command, folded.state);
    if (decision.ok && decision.events.length > 0) return this.#append(stream, folded, decision.events, envelope);
    // A no from a cache that others may have overtaken is confirmed by a read (ARCHITECTURE §4.5).
    return certain ? unchanged(folded, decision) : 'uncertain';
  }

  #append(stream: string, folded: Folded<S>, events: readonly E[], envelope: Envelope): Soon<Attempt<S, E, R>> {
    const { store, decider, codec } = this.#options;
    let { state, pub } = folded;
    const fresh = new Array<NewEvent>(events.length);
    for (let i = 0; i < events.length; i++) {
      const encoded = codec.encode(events[i]!);
      const published = codec.isPublished(encoded.type);
      if (published) pub++;
      fresh[i] = newEvent(encoded, envelope, i, published ? pub : undefined);
      state = decider.evolve(state, events[i]!);
    }
    const next: Folded<S> = { state, revision: folded.revision + events.length, pub };
    const result = store.append({ stream, expected: folded.revision, events: fresh });
    return result instanceof Promise ? this.#appendedLater(stream, next, events, envelope, result) : this.#appended(stream, next, events, envelope, result);
  }

  async #appendedLater(stream: string, next: Folded<S>, events: readonly E[], envelope: Envelope, appending: Promise<AppendResult>): Promise<Attempt<S, E, R>> {
    let result: AppendResult;
    try {
      result = await appending;
    } catch (error) {
      this.#cache.delete(stream); // the outcome is unknown: the next decision reads
      throw error;
    }
    return this.#appended(stream, next, events, envelope, result);
  }

  #appended(stream: string, now: Folded<S>, events: readonly E[], envelope: Envelope, result: AppendResult): Attempt<S, E, R> {
    if (!result.ok) return 'conflict';
    // Another replica did this command already, maybe with other content: only what is recorded counts.
    if (result.repeated) return 'repeated';
    invariant(result.revision === now.revision, 'an append adds as many revisions as events');
    this.#keep(stream, now);
    this.#options.onAccepted?.(stream, now, events, envelope);
    return { ok: true, state: now.state, revision: now.revision, events, pub: now.pub, position: result.position };
  }

  #fold(stream: string, refresh: boolean): Soon<Folded<S>> {
    const cached = this.#cache.get(stream);
    if (cached && !refresh) return cached;
    if (this.#presumesAbsent && !refresh) return this.#nothing;
    if (cached || !this.#snapshots) return this.#readOn(stream, cached ?? this.#nothing);
    return this.#foldSnapshot(stream, this.#snapshots);
  }
  async #foldSnapshot(stream: string, snapshots: Snapshots<S>): Promise<Folded<S>> {
    return this.#readOn(stream, (await snapshots.load(stream)) ?? this.#nothing);
  }
  get #nothing(): Folded<S> {
    return { state: this.#options.decider.initial, revision: NO_STREAM, pub: 0 };
  }

  #readOn(stream: string, before: Folded<S>): Soon<Folded<S>> {
    const page = this.#options.store.readStream(stream, { from: before.revision + 1, max: READ_PAGE });
    return page instanceof Promise ? this.#overLater(stream, before, page) : this.#over(stream, before, page);
  }
  async #overLater(stream: string, before: Folded<S>, page: Promise<readonly RecordedEvent[]>): Promise<Folded<S>> {
    return this.#over(stream, before, await page);
  }

  #over(stream: string, before: Folded<S>, page: readonly RecordedEvent[]): Soon<Folded<S>> {
    const { decider, codec, store } = this.#options;
    let { state, revision, pub } = before;
    for (const recorded of page) {
      const event = codec.decode(recorded.type, recorded.data);
      if (!event) throw new Fault('STREAM_TOO_NEW', `${recorded.type} in ${stream} is newer than this binary; upgrade it`, false);
      state = decider.evolve(state, event);
      revision = recorded.revision;
      pub = recorded.pub ?? pub;
    }
    const folded = page.length === 0 ? before : { state, revision, pub };
    if (page.length >= READ_PAGE) return this.#readOn(stream, folded);
    // That a stream is absent costs the only writer nothing to find out again.
    if (revision !== NO_STREAM || !store.exclusive) this.#keep(stream, folded);
    return folded;
  }

  #keep(stream: string, folded: Folded<S>): void {
    this.#cache.set(stream, folded);
    this.#snapshots?.offer(stream, folded);
  }
}

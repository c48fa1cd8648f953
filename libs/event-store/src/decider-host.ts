import type { Encoded, EventCodec } from '@vouchsafe/codec';
import { type Decider, type Decision, type Details, Fault, type Instant, invariant } from '@vouchsafe/kernel';
import { type Clock, eventIdOf, type Random } from '@vouchsafe/runtime';
import { LRUCache } from 'lru-cache';
import type { Folded } from './folded.js';
import { type AppendResult, type EventStore, type NewEvent, NO_STREAM, type Position, type Revision } from './port.js';
import { type SnapshotOptions, Snapshots } from './snapshots.js';

/** Who asks, when, and in what matter. `commandId` is the idempotency key: event ids derive from it. */
export type Envelope = {
  readonly commandId: string;
  readonly correlation: string;
  readonly principal: string;
  readonly at: Instant;
  readonly trace?: string;
};

export type Handled<S, E, R extends string> =
  | {
      readonly ok: true;
      readonly state: S;
      readonly revision: Revision;
      readonly events: readonly E[];
      readonly pub: number;
      readonly position: Position | undefined;
    }
  | { readonly ok: false; readonly state: S; readonly revision: Revision; readonly code: R; readonly details: Details };

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
  readonly #cache: LRUCache<string, Folded<S>>;
  readonly #queues = new Map<string, Promise<unknown>>();
  readonly #snapshots: Snapshots<S> | undefined;
  /** Lost races; within one exclusive process each is a bug. */
  conflicts = 0;

  constructor(options: DeciderHostOptions<S, C, E, R>) {
    this.#options = options;
    const streamsMax = options.cacheMax ?? CACHE_MAX;
    this.#cache = new LRUCache({ max: streamsMax });
    this.#snapshots = options.snapshot && new Snapshots(options.store, options.snapshot, streamsMax);
  }

  /** Decides `command` on `stream`. May be called again with the same command id: the decider sees it is done. */
  handle(stream: string, command: C, envelope: Envelope): Promise<Handled<S, E, R>> {
    return this.#inTurn(stream, () => this.#decide(stream, command, envelope));
  }

  /** The stream's present state (possibly ahead of the durable log; the reply floor covers that). */
  async load(stream: string): Promise<Folded<S>> {
    const cached = this.#options.store.exclusive && !this.#queues.has(stream) ? this.#cache.get(stream) : undefined;
    return cached ?? this.#inTurn(stream, () => this.#fold(stream, !this.#options.store.exclusive));
  }

  /** Settles when no snapshot is being taken; for an orderly stop. */
  async idle(): Promise<void> {
    await this.#snapshots?.idle();
  }

  /** How many folded streams are held in memory. */
  get cached(): number {
    return this.#cache.size;
  }

  #inTurn<T>(stream: string, work: () => Promise<T>): Promise<T> {
    const before = this.#queues.get(stream);
    const mine = before ? before.then(work, work) : work();
    this.#queues.set(stream, mine);
    const ended = (): void => {
      if (this.#queues.get(stream) === mine) this.#queues.delete(stream);
    };
    mine.then(ended, ended);
    return mine;
  }

  async #decide(stream: string, command: C, envelope: Envelope): Promise<Handled<S, E, R>> {
    const { store, decider, clock, random } = this.#options;
    let refresh = false;
    for (let attempt = 0; attempt <= CONFLICT_RETRIES; attempt++) {
      const folded = this.#known(stream, refresh) ?? (await this.#fold(stream, refresh));
      const decision = decider.decide(command, folded.state);
      const noEvents = !decision.ok || decision.events.length === 0;
      if (noEvents && !store.exclusive && !refresh) {
        refresh = true; // a no from a cache that others may have overtaken is confirmed by a read (ARCHITECTURE §4.5)
        continue;
      }
      if (noEvents) return unchanged(folded, decision);
      const result = await this.#append(stream, folded, decision.events, envelope);
      if (typeof result === 'object') return result;
      refresh = true;
      if (result === 'repeated') continue;
      this.conflicts++;
      if (attempt < CONFLICT_RETRIES) await clock.sleep(Math.ceil(random.fraction() * JITTER_MS * (attempt + 1)));
    }
    throw new Fault('ABORTED', `stream ${stream} is written by others too often just now; try again`);
  }

  #known(stream: string, refresh: boolean): Folded<S> | undefined {
    return refresh ? undefined : this.#cache.get(stream);
  }

  async #append(
    stream: string,
    folded: Folded<S>,
    events: readonly E[],
    envelope: Envelope,
  ): Promise<Handled<S, E, R> | 'conflict' | 'repeated'> {
    const { store, decider, codec, onAccepted } = this.#options;
    let { state, pub } = folded;
    const fresh: NewEvent[] = [];
    for (const event of events) {
      const encoded = codec.encode(event);
      const published = codec.isPublished(encoded.type);
      if (published) pub++;
      fresh.push(newEvent(encoded, envelope, fresh.length, published ? pub : undefined));
      state = decider.evolve(state, event);
    }
    let result: AppendResult;
    try {
      result = await store.append({ stream, expected: folded.revision, events: fresh });
    } catch (error) {
      this.#cache.delete(stream); // the outcome is unknown: the next decision reads
      throw error;
    }
    if (!result.ok) return 'conflict';
    // Another replica did this command already, maybe with other content: only what is recorded counts.
    if (result.repeated) return 'repeated';
    const now: Folded<S> = { state, revision: result.revision, pub };
    invariant(result.revision === folded.revision + events.length, 'an append adds as many revisions as events');
    this.#keep(stream, now);
    onAccepted?.(stream, now, events, envelope);
    return { ok: true, ...now, events, position: result.position };
  }

  async #fold(stream: string, refresh: boolean): Promise<Folded<S>> {
    const { store, decider, codec } = this.#options;
    const cached = this.#cache.get(stream);
    if (cached && !refresh) return cached;
    let folded = cached ??
      (await this.#snapshots?.load(stream)) ?? { state: decider.initial, revision: NO_STREAM, pub: 0 };
    for (;;) {
      const page = await store.readStream(stream, { from: folded.revision + 1, max: READ_PAGE });
      for (const recorded of page) {
        const event = codec.decode(recorded.type, recorded.data);
        if (!event)
          throw new Fault(
            'STREAM_TOO_NEW',
            `${recorded.type} in ${stream} is newer than this binary; upgrade it`,
            false,
          );
        folded = {
          state: decider.evolve(folded.state, event),
          revision: recorded.revision,
          pub: recorded.pub ?? folded.pub,
        };
      }
      if (page.length < READ_PAGE) break;
    }
    this.#keep(stream, folded);
    return folded;
  }

  #keep(stream: string, folded: Folded<S>): void {
    this.#cache.set(stream, folded);
    this.#snapshots?.offer(stream, folded);
  }
}

const newEvent = ({ type, data }: Encoded, envelope: Envelope, index: number, pub: number | undefined): NewEvent => {
  const { commandId, at, correlation, principal, trace } = envelope;
  const event: { -readonly [K in keyof NewEvent]: NewEvent[K] } = {
    id: eventIdOf(commandId, index),
    type,
    data,
    occurredAt: at,
    correlation,
    causation: commandId,
    principal,
  };
  if (trace !== undefined) event.trace = trace;
  if (pub !== undefined) event.pub = pub;
  return event;
};

/** The answer to a decision that adds nothing: a no, or "already so". */
const unchanged = <S, E, R extends string>({ state, revision, pub }: Folded<S>, decision: Decision<E, R>): Handled<S, E, R> =>
  decision.ok
    ? { ok: true, state, revision, events: [], pub, position: undefined }
    : { ok: false, state, revision, code: decision.code, details: decision.details };

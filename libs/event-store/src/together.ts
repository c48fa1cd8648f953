import type { EventCodec } from '@vouchsafe/codec';
import { type Decider, Fault, invariant } from '@vouchsafe/kernel';
import type { Clock, Random } from '@vouchsafe/runtime';
import { type Envelope, type Handled, newEvent, unchanged } from './deciding.js';
import type { Folded } from './folded.js';
import type { AppendResult, EventStore, NewEvent, Revision, Soon } from './port.js';

export type TogetherOptions<S, C, E extends { readonly type: string }, R extends string> = {
  readonly store: EventStore;
  readonly clock: Clock;
  readonly random: Random;
  readonly decider: Decider<S, C, E, R>;
  readonly codec: EventCodec<E>;
  readonly onAccepted?: (stream: string, folded: Folded<S>, events: readonly E[], envelope: Envelope) => void;
  /** The folded stream: from memory, or read up to its end. */
  readonly fold: (stream: string, refresh: boolean) => Soon<Folded<S>>;
  readonly keep: (stream: string, folded: Folded<S>) => void;
  readonly forget: (stream: string) => void;
  /** Told of each lost race. */
  readonly onConflict: () => void;
};
/** A command that waits to be decided, and whoever asked. */
type Asked<S, C, E, R extends string> = {
  readonly command: C;
  readonly envelope: Envelope;
  readonly resolve: (handled: Handled<S, E, R>) => void;
  readonly reject: (error: unknown) => void;
};
/** What a command comes to, if all that was decided with it is recorded. */
type Decided<S, E, R extends string> = { readonly handled: Handled<S, E, R> } | { readonly bug: unknown };
type Round<S, E, R extends string> = { readonly decided: readonly Decided<S, E, R>[]; readonly events: readonly NewEvent[]; readonly after: Folded<S> };

/** Decisions of one append at most. */
const TOGETHER_MAX = 64;
const CONFLICT_RETRIES = 3;
const JITTER_MS = 20;

/**
 * Decides where the store is elsewhere and others write to it too. An append takes its time then; whoever asks meanwhile about the
 * same stream is decided together with all others who did, in the order they came, each on what the one before leaves, in one append.
 */
export class Together<S, C, E extends { readonly type: string }, R extends string> {
  readonly #options: TogetherOptions<S, C, E, R>;
  /** By stream: those who will be decided when its turn comes. */
  readonly #gathered = new Map<string, Asked<S, C, E, R>[]>();

  constructor(options: TogetherOptions<S, C, E, R>) {
    this.#options = options;
  }

  /** `inTurn` runs work of one stream one after the other. */
  handle(stream: string, command: C, envelope: Envelope, inTurn: (work: () => Promise<void>) => unknown): Promise<Handled<S, E, R>> {
    return new Promise((resolve, reject) => {
      const asked = { command, envelope, resolve, reject };
      const gathered = this.#gathered.get(stream);
      if (gathered && gathered.length < TOGETHER_MAX) return void gathered.push(asked);
      const all = [asked];
      this.#gathered.set(stream, all);
      inTurn(() => this.#answer(stream, all));
    });
  }

  /** Never rejects. */
  async #answer(stream: string, all: readonly Asked<S, C, E, R>[]): Promise<void> {
    if (this.#gathered.get(stream) === all) this.#gathered.delete(stream); // whoever comes from here on is the next append's
    try {
      const decided = await this.#decide(stream, all);
      for (const [i, one] of decided.entries()) {
        if ('bug' in one) all[i]!.reject(one.bug);
        else all[i]!.resolve(one.handled);
      }
    } catch (error) {
      for (const { reject } of all) reject(error);
    }
  }

  async #decide(stream: string, all: readonly Asked<S, C, E, R>[]): Promise<readonly Decided<S, E, R>[]> {
    const { clock, random, fold, onConflict } = this.#options;
    let refresh = false;
    for (let attempt = 0; attempt <= CONFLICT_RETRIES; attempt++) {
      const round = this.#round(all, await fold(stream, refresh));
      if (!refresh && round.decided.some(addsNothing)) {
        refresh = true; // a no from a cache that others may have overtaken is confirmed by a read (ARCHITECTURE §4.5)
        continue;
      }
      const result = await this.#append(stream, all, round);
      if (typeof result === 'object') return result;
      refresh = true;
      if (result === 'repeated') continue;
      onConflict();
      if (attempt < CONFLICT_RETRIES) await clock.sleep(Math.ceil(random.fraction() * JITTER_MS * (attempt + 1)));
    }
    throw new Fault('ABORTED', `stream ${stream} is written by others too often just now; try again`);
  }

  /** Every command on what the one before leaves. A decider's bug concerns its command alone. */
  #round(all: readonly Asked<S, C, E, R>[], from: Folded<S>): Round<S, E, R> {
    const events: NewEvent[] = [];
    let after = from;
    const decided = all.map(({ command, envelope }): Decided<S, E, R> => {
      try {
        const one = this.#one(command, envelope, after);
        events.push(...one.events);
        after = one.after;
        return { handled: one.handled };
      } catch (bug) {
        return { bug };
      }
    });
    return { decided, events, after };
  }

  #one(command: C, envelope: Envelope, folded: Folded<S>): { readonly handled: Handled<S, E, R>; readonly events: readonly NewEvent[]; readonly after: Folded<S> } {
    const { decider, codec } = this.#options;
    const decision = decider.decide(command, folded.state);
    if (!decision.ok || decision.events.length === 0) return { handled: unchanged(folded, decision), events: [], after: folded };
    let { state, pub } = folded;
    const events = decision.events.map((event, i) => {
      const encoded = codec.encode(event);
      const published = codec.isPublished(encoded.type);
      if (published) pub++;
      state = decider.evolve(state, event);
      return newEvent(encoded, envelope, i, published ? pub : undefined);
    });
    const after = { state, revision: folded.revision + events.length, pub };
    return { handled: { ok: true, ...after, events: decision.events, position: undefined }, events, after };
  }

  async #append(stream: string, all: readonly Asked<S, C, E, R>[], { decided, events, after }: Round<S, E, R>): Promise<readonly Decided<S, E, R>[] | 'conflict' | 'repeated'> {
    const { store, keep, forget, onAccepted } = this.#options;
    if (events.length === 0) return decided;
    const expected: Revision = after.revision - events.length;
    let result: AppendResult;
    try {
      result = await store.append({ stream, expected, events });
    } catch (error) {
      forget(stream); // the outcome is unknown: the next decision reads
      throw error;
    }
    if (!result.ok) return 'conflict';
    // Another replica did one of these commands already, maybe with other content: only what is recorded counts.
    if (result.repeated) return 'repeated';
    invariant(result.revision === after.revision, 'an append adds as many revisions as events');
    keep(stream, after);
    const { position } = result;
    return decided.map((one, i) => {
      if (addsNothing(one) || 'bug' in one || !one.handled.ok) return one;
      const { state, revision, pub, events: own } = one.handled;
      onAccepted?.(stream, { state, revision, pub }, own, all[i]!.envelope);
      return { handled: { ...one.handled, position } };
    });
  }
}

const addsNothing = <S, E, R extends string>(one: Decided<S, E, R>): boolean => 'handled' in one && !(one.handled.ok && one.handled.events.length > 0);

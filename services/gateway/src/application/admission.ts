import { RpcFailure } from '@vouchsafe/rpc';

/** Most calls worked on at once and waiting, for a namespace in all and for one channel (or other principal) in it. */
export type AdmissionLimits = {
  readonly inFlight: number; readonly waiting: number;
  readonly inFlightPerKey: number; readonly waitingPerKey: number;
  /** Open streams, which may last long and so are counted apart. */
  readonly streams: number; readonly streamsPerKey: number;
};
export type Release = () => void;

/** Whoever waits for a place. */
type Waiting = { /** Nobody waits for it any more. */ isOver(): boolean };
type Waiter = { readonly go: (release: Release) => void; readonly refuse: (error: Error) => void; readonly call: Waiting };
type Lane = { inFlight: number; streams: number; readonly waiting: Waiter[] };

const RETRY_AFTER_MS = 1_000;

/**
 * The bounded queue before the command path (ARCHITECTURE §6). Lanes take turns, so that one channel's rush does not stand
 * before the others; beyond the bounds a call is refused at once with the time to wait.
 */
export class Admission {
  readonly #limits: AdmissionLimits;
  readonly #lanes = new Map<string, Lane>();
  #inFlight = 0;
  #waiting = 0;
  #streams = 0;
  refused = 0;

  constructor(limits: AdmissionLimits) {
    this.#limits = limits;
  }

  get inFlight(): number {
    return this.#inFlight;
  }
  get waiting(): number {
    return this.#waiting;
  }
  get streams(): number {
    return this.#streams;
  }
  /** Lanes remembered: those with work only. */
  get lanes(): number {
    return this.#lanes.size;
  }

  /** A place for one call, now or when it is its turn; a call that is over meanwhile is passed by. Release it once. */
  enter(key: string, call: Waiting): Release | Promise<Release> {
    const lane = this.#lane(key);
    if (this.#inFlight < this.#limits.inFlight && lane.inFlight < this.#limits.inFlightPerKey && lane.waiting.length === 0) return this.#take(key, lane);
    if (this.#waiting >= this.#limits.waiting || lane.waiting.length >= this.#limits.waitingPerKey) return this.#refuse(key, lane);
    return new Promise<Release>((go, refuse) => {
      this.#waiting++;
      lane.waiting.push({ go, refuse, call });
    });
  }

  /** A place for a stream, now or not at all. */
  open(key: string): Release {
    const lane = this.#lane(key);
    if (this.#streams >= this.#limits.streams || lane.streams >= this.#limits.streamsPerKey) this.#refuse(key, lane);
    this.#streams++;
    lane.streams++;
    return this.#once(() => {
      this.#streams--;
      lane.streams--;
      this.#forgetIdle(key, lane);
    });
  }

  #take(key: string, lane: Lane): Release {
    this.#inFlight++;
    lane.inFlight++;
    return this.#once(() => {
      this.#inFlight--;
      lane.inFlight--;
      this.#admitNext();
      this.#forgetIdle(key, lane);
    });
  }

  /** The lanes in the order in which they last had a turn; each admitted lane goes to the end. */
  #admitNext(): void {
    if (this.#waiting === 0) return;
    for (const [key, lane] of this.#lanes) {
      if (this.#inFlight >= this.#limits.inFlight) return;
      if (lane.waiting.length === 0 || lane.inFlight >= this.#limits.inFlightPerKey) continue;
      const waiter = this.#nextOf(lane);
      if (!waiter) continue;
      this.#lanes.delete(key);
      this.#lanes.set(key, lane);
      waiter.go(this.#take(key, lane));
      return; // one left, one enters
    }
  }
  #nextOf(lane: Lane): Waiter | undefined {
    for (let waiter = lane.waiting.shift(); waiter; waiter = lane.waiting.shift()) {
      this.#waiting--;
      if (!waiter.call.isOver()) return waiter;
      waiter.refuse(new RpcFailure('throttled', 'BUSY', { queue: 'deadline' }, { retryAfterMs: RETRY_AFTER_MS }));
    }
    return undefined;
  }

  #lane(key: string): Lane {
    let lane = this.#lanes.get(key);
    if (!lane) this.#lanes.set(key, (lane = { inFlight: 0, streams: 0, waiting: [] }));
    return lane;
  }
  #forgetIdle(key: string, lane: Lane): void {
    if (lane.inFlight === 0 && lane.streams === 0 && lane.waiting.length === 0 && this.#lanes.get(key) === lane) this.#lanes.delete(key);
  }
  #refuse(key: string, lane: Lane): never {
    this.refused++;
    this.#forgetIdle(key, lane);
    throw new RpcFailure('throttled', 'BUSY', { queue: 'full' }, { retryAfterMs: RETRY_AFTER_MS });
  }
  #once(release: Release): Release {
    let done = false;
    return () => {
      if (done) return;
      done = true;
      release();
    };
  }
}

import { type Instant, instant } from '@vouchsafe/kernel';
import type { Clock } from './clock.js';
import { nextTurn } from './turn.js';

/** A clock that stands still until it is told to go on; sleepers wake in the order of their due times. */
export interface SimulatedClock extends Clock {
  /** Lets `ms` pass: wakes every sleeper due within it, in order, those included that fall asleep meanwhile. */
  advance(ms: number): Promise<void>;
  /** Lets `ms` pass at one stroke, as for a machine that was asleep: the time is later first, then everybody who was due wakes, once each. */
  leap(ms: number): Promise<void>;
  /** Lets time pass from sleeper to sleeper until `work` has settled. Throws when nobody sleeps, or very many have woken, and it still has not. */
  until<T>(work: Promise<T>): Promise<T>;
  /** Moves the wall clock alone (also back), as a bad time server would; durations and sleepers do not notice. */
  jump(ms: number): void;
  /** How many sleep. */
  readonly sleeping: number;
}

type Sleeper = { readonly due: number; readonly order: number; readonly wake: () => void };

/** Turns of the event loop given to what a wake-up set off before time goes on. */
const TURNS_PER_STEP = 2;
const TURNS_AFTER = 8;
/** Sleepers woken early that may lie about in the heap. */
const AWAKE_MAX = 256;
/** `until` gives up after so many turns in which nobody slept. */
const IDLE_TURNS_MAX = 2000;
const WAKES_MAX = 50_000;

export const simulatedClock = (start: Instant): SimulatedClock => new Simulated(start);

class Simulated implements SimulatedClock {
  readonly simulated = true;
  #elapsed = 0;
  #offset: number;
  #order = 0;
  /** A binary heap by (due, order). */
  readonly #heap: Sleeper[] = [];
  readonly #awake = new Set<Sleeper>();

  constructor(start: Instant) {
    this.#offset = start;
  }

  now(): Instant {
    return instant(this.#offset + Math.floor(this.#elapsed));
  }
  monotonicMs(): number {
    return this.#elapsed;
  }
  jump(ms: number): void {
    this.#offset += ms;
  }
  get sleeping(): number {
    return this.#heap.length - this.#awake.size;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    if (signal?.aborted) return Promise.resolve();
    if (ms <= 0) return nextTurn();
    return new Promise((resolve) => {
      const sleeper: Sleeper = { due: this.#elapsed + ms, order: this.#order++, wake: () => {
        signal?.removeEventListener('abort', aborted);
        resolve();
      } };
      const aborted = (): void => {
        this.#awake.add(sleeper); // skipped when its time comes
        if (this.#awake.size > AWAKE_MAX && this.#awake.size > this.#heap.length / 2) this.#sweep();
        resolve();
      };
      signal?.addEventListener('abort', aborted, { once: true });
      this.#push(sleeper);
    });
  }

  async advance(ms: number): Promise<void> {
    const target = this.#elapsed + ms;
    await turns(TURNS_AFTER); // what was just started may want to fall asleep first
    while (this.#nextDue() <= target) {
      this.#wakeNext();
      await turns(TURNS_PER_STEP);
    }
    this.#elapsed = target;
    await turns(TURNS_AFTER);
  }

  async leap(ms: number): Promise<void> {
    this.#elapsed += ms;
    const due: Sleeper[] = [];
    while (this.#nextDue() <= this.#elapsed) due.push(this.#pop()); // whoever falls asleep again counts from the new time
    for (const { wake } of due) wake();
    await turns(TURNS_PER_STEP);
  }

  async until<T>(work: Promise<T>): Promise<T> {
    let settled = false;
    const done = (): void => void (settled = true);
    work.then(done, done);
    for (let [idle, wakes] = [0, 0]; !settled; idle++) {
      await turns(TURNS_PER_STEP);
      if (settled) break;
      if (idle >= TURNS_AFTER && this.#nextDue() < Infinity) {
        this.#wakeNext();
        idle = 0;
        if (++wakes > WAKES_MAX) throw new Error('what is waited for has not settled, however much time passed');
      }
      if (idle > IDLE_TURNS_MAX) throw new Error('nobody sleeps, and what is waited for has not settled');
    }
    return work;
  }

  /** Forgets those who were woken early: a test that stands still may have very many. A sorted list is a heap. */
  #sweep(): void {
    const asleep = this.#heap.filter((sleeper) => !this.#awake.has(sleeper)).sort((a, b) => (earlier(a, b) ? -1 : 1));
    this.#awake.clear();
    this.#heap.splice(0, this.#heap.length, ...asleep);
  }

  #nextDue(): number {
    for (let top = this.#heap[0]; top && this.#awake.has(top); top = this.#heap[0]) this.#awake.delete(this.#pop());
    return this.#heap[0]?.due ?? Infinity;
  }

  /** Time goes to the next due moment; all who are due at it wake together, in the order they fell asleep. */
  #wakeNext(): void {
    const due = this.#nextDue();
    this.#elapsed = Math.max(this.#elapsed, due);
    while (this.#nextDue() === due) this.#pop().wake();
  }

  #push(sleeper: Sleeper): void {
    const heap = this.#heap;
    let at = heap.push(sleeper) - 1;
    for (let up = (at - 1) >> 1; at > 0 && earlier(sleeper, heap[up]!); at = up, up = (at - 1) >> 1) heap[at] = heap[up]!;
    heap[at] = sleeper;
  }

  #pop(): Sleeper {
    const heap = this.#heap;
    const top = heap[0]!;
    const last = heap.pop()!;
    if (heap.length === 0) return top;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && earlier(heap[child + 1]!, heap[child]!)) child++;
      if (!earlier(heap[child]!, last)) break;
      heap[at] = heap[child]!;
      at = child;
    }
    heap[at] = last;
    return top;
  }
}

const earlier = (a: Sleeper, b: Sleeper): boolean => a.due < b.due || (a.due === b.due && a.order < b.order);
const turns = async (count: number): Promise<void> => {
  for (let i = 0; i < count; i++) await nextTurn();
};

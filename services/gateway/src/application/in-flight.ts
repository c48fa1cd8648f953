import { Fault } from '@vouchsafe/kernel';
import type { Clock, Stop, Timers } from '@vouchsafe/runtime';

/** A call under way. `signal` is made only for those who ask. */
export class InFlight {
  #abort: AbortController | undefined;
  #aborted: unknown;
  /** Set once the caller has its answer, or is gone. */
  over = false;

  /** `caller`: told when the time is over, and asked whether somebody is still there. */
  constructor(readonly dueAt: number, readonly caller: { onDue(): void; isGone(): boolean }) {}

  /** Nobody waits for it any more. */
  isOver(): boolean {
    return this.over || this.caller.isGone();
  }
  /** Its time is over: whoever works on it is told, then the caller. */
  onDue(): void {
    this.over = true;
    this.abort(new Fault('DEADLINE_EXCEEDED', 'the deadline of the call passed'));
    this.caller.onDue();
  }

  get signal(): AbortSignal {
    if (!this.#abort) {
      this.#abort = new AbortController();
      if (this.#aborted !== undefined) this.#abort.abort(this.#aborted);
    }
    return this.#abort.signal;
  }
  /** Tells whoever works on it that nobody waits any more. */
  abort(reason: unknown): void {
    this.#aborted ??= reason;
    this.#abort?.abort(reason);
  }
}

const SWEEP_MS = 50;

/** Deadlines of all calls under way, looked at together: a timer per call would cost more than most calls. */
export class Deadlines {
  readonly #calls = new Set<InFlight>();
  readonly #clock: Clock;
  #stop: Stop | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }
  start(timers: Timers): void {
    this.#stop = timers.every(SWEEP_MS, async () => this.sweep(), () => {});
  }
  async stop(): Promise<void> {
    await this.#stop?.();
  }
  get size(): number {
    return this.#calls.size;
  }

  add(call: InFlight): void {
    this.#calls.add(call);
  }
  remove(call: InFlight): void {
    this.#calls.delete(call);
  }
  sweep(): void {
    const now = this.#clock.monotonicMs();
    for (const call of this.#calls) {
      if (call.dueAt > now) continue;
      this.#calls.delete(call);
      if (!call.over) call.onDue();
    }
  }
}

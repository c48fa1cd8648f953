import type { Clock } from '@vouchsafe/runtime';

/** One deadline; `cancel` when it was kept. */
export type Ticket = { readonly fire: () => void; readonly tick: number };

const TICK_MS = 50;

/** Deadlines of many short waits with one coarse timer for all, which runs only while someone waits. Late by one tick at most. */
export class DeadlineWheel {
  readonly #clock: Clock;
  readonly #buckets = new Map<number, Set<Ticket>>();
  #waiting = 0;
  #turning = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  add(afterMs: number, fire: () => void): Ticket {
    const tick = Math.ceil((this.#clock.monotonicMs() + afterMs) / TICK_MS);
    const ticket = { fire, tick };
    const bucket = this.#buckets.get(tick);
    if (bucket) bucket.add(ticket);
    else this.#buckets.set(tick, new Set([ticket]));
    this.#waiting++;
    if (!this.#turning) void this.#turn();
    return ticket;
  }

  cancel(ticket: Ticket): void {
    const bucket = this.#buckets.get(ticket.tick);
    if (!bucket?.delete(ticket)) return;
    this.#waiting--;
    if (bucket.size === 0) this.#buckets.delete(ticket.tick);
  }

  async #turn(): Promise<void> {
    this.#turning = true;
    while (this.#waiting > 0) {
      await this.#clock.sleep(TICK_MS);
      const now = this.#clock.monotonicMs() / TICK_MS;
      for (const [tick, bucket] of this.#buckets) if (tick <= now) this.#fire(tick, bucket);
    }
    this.#turning = false;
  }

  #fire(tick: number, bucket: ReadonlySet<Ticket>): void {
    this.#buckets.delete(tick);
    this.#waiting -= bucket.size;
    for (const { fire } of bucket) fire();
  }
}

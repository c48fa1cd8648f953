import type { Clock } from '@vouchsafe/runtime';

/** A wait with an end. Whoever waits often is its own ticket; it lies in one wheel at a time. */
export abstract class Ticket {
  /** On the monotonic clock; set by the wheel, like the neighbours. */
  dueMs = 0;
  before: Ticket | undefined = undefined;
  after: Ticket | undefined = undefined;
  watched = false;
  /** Called once, when the time is over. */
  abstract fire(): void;
}

class PlainTicket extends Ticket {
  constructor(readonly onDue: () => void) {
    super();
  }
  fire(): void {
    this.onDue();
  }
}

const TICK_MS = 50;

/**
 * Deadlines of many short waits, of which nearly all are kept: a list without allocations and one coarse timer for all, which
 * runs only while someone waits and looks at each of them. Late by one tick at most.
 */
export class DeadlineWheel {
  readonly #clock: Clock;
  readonly #tickMs: number;
  #first: Ticket | undefined;
  #turning = false;

  constructor(clock: Clock, tickMs = TICK_MS) {
    this.#clock = clock;
    this.#tickMs = tickMs;
  }

  /** A wait of its own; `cancel` when it was kept. */
  add(afterMs: number, fire: () => void): Ticket {
    const ticket = new PlainTicket(fire);
    this.watch(ticket, afterMs);
    return ticket;
  }

  watch(ticket: Ticket, afterMs: number): void {
    ticket.dueMs = this.#clock.monotonicMs() + afterMs;
    ticket.watched = true;
    ticket.after = this.#first;
    if (this.#first) this.#first.before = ticket;
    this.#first = ticket;
    if (!this.#turning) void this.#turn();
  }

  /** Also of one that was cancelled or has fired. */
  cancel(ticket: Ticket): void {
    if (!ticket.watched) return;
    ticket.watched = false;
    if (ticket.before) ticket.before.after = ticket.after;
    else this.#first = ticket.after;
    if (ticket.after) ticket.after.before = ticket.before;
    ticket.before = undefined;
    ticket.after = undefined;
  }

  async #turn(): Promise<void> {
    this.#turning = true;
    while (this.#first) {
      await this.#clock.sleep(this.#tickMs);
      for (const ticket of this.#due(this.#clock.monotonicMs())) {
        this.cancel(ticket);
        ticket.fire();
      }
    }
    this.#turning = false;
  }

  /** The longest waiting first. */
  #due(now: number): readonly Ticket[] {
    const due: Ticket[] = [];
    for (let ticket = this.#first; ticket; ticket = ticket.after) if (ticket.dueMs <= now) due.push(ticket);
    return due.reverse();
  }
}

import type { CategoryFilter, Page, Position, StoredEvent } from '@vouchsafe/event-store';

/** The newest events that were handed to the thread, for all runners alike. */
export class RecentEvents {
  #events: StoredEvent[] = [];
  /** `preceding`: position of the last event before the first that is here. */
  constructor(public preceding: Position, readonly maxEvents: number) {}

  push(events: readonly StoredEvent[], passed: Position): void {
    for (const event of events) this.#events.push(event);
    const first = Math.max(this.#events.length - this.maxEvents, this.#firstAfter(passed));
    if (first <= 0) return;
    this.preceding = this.#events[first - 1]!.position;
    this.#events = this.#events.slice(first);
  }

  /** Events after `after`, at most `max`; undefined where older ones than those here may be among them. */
  after(after: Position, filter: CategoryFilter, max: number): Page | undefined {
    if (after < this.preceding) return undefined;
    return pageOf(this.#events, { after, filter, max }, this.#firstAfter(after));
  }

  countAfter(position: Position): number {
    return this.#events.length - this.#firstAfter(position);
  }

  #firstAfter(position: Position): number {
    let [low, high] = [0, this.#events.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#events[middle]!.position <= position) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

type Wanted = { readonly after: Position; readonly filter: CategoryFilter; readonly max: number };

/** Of `events`, from index `first` on, those of interest, at most `max`; at their end where none is left out. */
export const pageOf = (events: readonly StoredEvent[], { after, filter, max }: Wanted, first = 0): Page => {
  const ours: StoredEvent[] = [];
  let next = after;
  for (let i = first; i < events.length; i++) {
    const event = events[i]!;
    if (filter.matches(event.stream)) {
      if (ours.length === max) return { events: ours, next, atEnd: false };
      ours.push(event);
    }
    next = event.position;
  }
  return { events: ours, next, atEnd: true };
};

import type { Page, Position } from '@vouchsafe/event-store';

const SMOOTHING = 0.2;

/** How many positions of the log lie between two events of a follower's, smoothed. */
export class Spacing {
  #spacing: number | undefined;

  note({ events, next }: Page, after: Position): void {
    if (events.length === 0) return;
    const spacing = Math.max(1, (next - after) / events.length);
    this.#spacing = this.#spacing === undefined ? spacing : this.#spacing + (spacing - this.#spacing) * SMOOTHING;
  }

  /** About so many events lie within a distance. Who never heard of an event of its own may have one waiting; positions are no counts. */
  eventsWithin(distance: number): number {
    if (distance <= 0) return 0;
    return this.#spacing === undefined ? 1 : Math.ceil(distance / this.#spacing);
  }
}

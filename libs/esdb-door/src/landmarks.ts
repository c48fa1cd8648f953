import { type EventStore, type Page, type Position, type RecordedEvent, START } from '@vouchsafe/event-store';
import { isFault } from '@vouchsafe/kernel';

const KEPT_MAX = 4_096;
const PAGE = 512;

/**
 * Reads that begin anywhere. The protocol reads from an event on, that event included; a store reads after an event, and knows
 * no way to the one before. So the places where reads began are remembered, and a read that the store does not know how to begin
 * starts at the nearest of them (at worst at the log's beginning) and passes over what lies before.
 */
export class Landmarks {
  readonly #store: EventStore;
  #places: Position[] = [];

  constructor(store: EventStore) {
    this.#store = store;
  }

  /** A page whose events all lie at `from` or behind it. `next` may be read after without this. */
  async pageFrom(from: number, max: number): Promise<Page> {
    const head = this.#store.head();
    await this.#store.durable(head);
    if (from > head) return { events: [], next: head, atEnd: true };
    const direct = await this.#directly((from - 1) as Position, max);
    if (direct) return direct;
    let after = this.#before(from);
    for (;;) {
      const page = await this.pageAfter(after, PAGE);
      const events = page.events.filter(({ position }) => position >= from).slice(0, max);
      const last = events.at(-1);
      if (last) return { events, next: last.position, atEnd: page.atEnd && last === page.events.at(-1) };
      if (page.atEnd || page.next <= after) return { events: [], next: page.next, atEnd: true };
      after = page.next;
    }
  }

  /** Events before `before`, the newest first: as many as lie behind the nearest place known. `before`: read on before it; undefined at the log's beginning. */
  async pageBefore(before: number): Promise<{ readonly events: readonly RecordedEvent[]; readonly before: number | undefined }> {
    let start = this.#before(before - 1);
    let chunk: readonly RecordedEvent[] = [];
    for (let after = start; ; ) {
      const page = await this.pageAfter(after, PAGE);
      const events = page.events.filter(({ position }) => position < before);
      if (events.length > 0) [chunk, start] = [events, after];
      if (page.atEnd || page.next <= after || events.length < page.events.length) break;
      after = page.next;
    }
    return { events: [...chunk].reverse(), before: chunk.length === 0 || start === START ? undefined : start + 1 };
  }

  /** The store's own page, its beginning remembered. */
  async pageAfter(after: Position, max: number): Promise<Page> {
    const page = await this.#store.readAll({ after, max });
    this.#remember(after);
    return page;
  }

  async #directly(after: Position, max: number): Promise<Page | undefined> {
    if (after < START) return this.pageAfter(START, max);
    try {
      return await this.#store.readAll({ after, max });
    } catch (error) {
      if (isFault(error) && error.code === 'POSITION_UNKNOWN') return undefined;
      throw error;
    }
  }

  #before(position: number): Position {
    return this.#places[this.#indexBefore(position) - 1] ?? START;
  }
  /** How many places lie before `position`. */
  #indexBefore(position: number): number {
    let low = 0;
    let high = this.#places.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#places[middle]! < position) low = middle + 1;
      else high = middle;
    }
    return low;
  }
  #remember(place: Position): void {
    const index = this.#indexBefore(place);
    if (this.#places[index] === place) return;
    this.#places.splice(index, 0, place);
    if (this.#places.length > KEPT_MAX) this.#places = this.#places.filter((_, i) => i % 2 === 0);
  }
}

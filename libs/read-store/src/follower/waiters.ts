import type { Position } from '@vouchsafe/event-store';

type Waiter = { readonly position: Position; readonly done: () => void; readonly failed: (error: unknown) => void };

/** Who waits until a position of the log is reached. */
export class Waiters {
  readonly #waiting = new Set<Waiter>();

  get any(): boolean {
    return this.#waiting.size > 0;
  }
  until(position: Position): Promise<void> {
    return new Promise((done, failed) => this.#waiting.add({ position, done, failed }));
  }
  reached(position: Position): void {
    for (const waiter of this.#waiting) {
      if (waiter.position > position) continue;
      this.#waiting.delete(waiter);
      waiter.done();
    }
  }
  fail(error: unknown): void {
    for (const waiter of this.#waiting) waiter.failed(error);
    this.#waiting.clear();
  }
  /** Nothing more will be reached. */
  end(): void {
    for (const waiter of this.#waiting) waiter.done();
    this.#waiting.clear();
  }
}

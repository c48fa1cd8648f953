import type { Position } from '@vouchsafe/event-store';

/** `position`: of the next event it waits for; `target`: up to where it waits in all. */
type Waiter = { readonly position: Position; readonly target: Position; readonly done: () => void; readonly failed: (error: unknown) => void };

/** Who waits until a position of the log is reached. */
export class Waiters {
  readonly #waiting = new Set<Waiter>();

  get any(): boolean {
    return this.#waiting.size > 0;
  }
  /** Whether somebody waits for no more than what lies up to `position`. */
  covered(position: Position): boolean {
    for (const { target } of this.#waiting) if (target <= position) return true;
    return false;
  }
  until(position: Position, target: Position): Promise<void> {
    return new Promise((done, failed) => this.#waiting.add({ position, target, done, failed }));
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

import type { Soon } from '@vouchsafe/event-store';

type Line = { taken: number; readonly waiting: { readonly most: number; readonly go: () => void }[] };

/** `waited`: the world may have changed since the question. `done` must be called, once. */
export type Permit = { readonly waited: boolean; done(): void };

/** Counted permits by key: no more than `most` at once; who comes later waits in line. Keys at rest cost nothing. */
export class Permits {
  readonly #lines = new Map<string, Line>();

  /** At once where one is free. */
  take(key: string, most: number): Soon<Permit> {
    const line = this.#lines.get(key) ?? this.#open(key);
    if (line.taken < most) {
      line.taken++;
      return { waited: false, done: () => this.#give(key, line) };
    }
    return new Promise<void>((go) => line.waiting.push({ most, go })).then(() => ({ waited: true, done: () => this.#give(key, line) }));
  }
  #open(key: string): Line {
    const line: Line = { taken: 0, waiting: [] };
    this.#lines.set(key, line);
    return line;
  }

  /** The permit goes to whoever waits first; it stays taken then. */
  #give(key: string, line: Line): void {
    const next = line.waiting.shift();
    if (next) return next.go();
    line.taken--;
    if (line.taken === 0) this.#lines.delete(key);
  }
}

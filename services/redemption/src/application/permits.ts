type Line = { taken: number; readonly waiting: { readonly most: number; readonly go: () => void }[] };

/** Counted permits by key: no more than `most` at once; who comes later waits in line. Keys at rest cost nothing. */
export class Permits {
  readonly #lines = new Map<string, Line>();

  /** `waited`: the world may have changed since the question. `done` must be called, once. */
  async take(key: string, most: number): Promise<{ readonly waited: boolean; done(): void }> {
    const line = this.#lines.get(key) ?? { taken: 0, waiting: [] };
    this.#lines.set(key, line);
    const waited = line.taken >= most;
    if (waited) await new Promise<void>((go) => line.waiting.push({ most, go }));
    else line.taken++;
    return { waited, done: () => this.#give(key, line) };
  }

  /** The permit goes to whoever waits first; it stays taken then. */
  #give(key: string, line: Line): void {
    const next = line.waiting.shift();
    if (next) return next.go();
    line.taken--;
    if (line.taken === 0) this.#lines.delete(key);
  }
}

/** Who wants to know of this process's writes, by collection. */
export class Watchers {
  readonly #byName = new Map<string, Set<() => void>>();

  add(name: string, changed: () => void): () => void {
    const watching = this.#byName.get(name) ?? new Set();
    this.#byName.set(name, watching.add(changed));
    return () => void watching.delete(changed);
  }
  tell(name: string): void {
    for (const changed of this.#byName.get(name) ?? []) changed();
  }
}

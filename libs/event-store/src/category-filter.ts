/** Tells whether a stream is of one of some categories (the part of its name before the first dash), without cutting it up. */
export class CategoryFilter {
  readonly #names: readonly string[] | undefined;
  readonly #set: ReadonlySet<string>;
  readonly #bytes: readonly Buffer[];

  /** `categories` absent: every stream matches. */
  constructor(readonly categories: readonly string[] | undefined) {
    this.#names = categories?.filter((name) => !name.includes('-')); // no category has a dash
    this.#set = new Set(this.#names);
    this.#bytes = (this.#names ?? []).map((name) => Buffer.from(name));
  }

  matches(stream: string): boolean {
    if (!this.#names) return true;
    return this.#names.some(
      (name) => stream.startsWith(name) && (stream.length === name.length || stream.charCodeAt(name.length) === DASH),
    );
  }

  matchesCategory(category: string): boolean {
    return !this.#names || this.#set.has(category);
  }
  matchesAny(categories: ReadonlySet<string>): boolean {
    return !this.#names || this.#names.some((name) => categories.has(name));
  }

  /** As {@link matches}, for a name that lies as UTF-8 in `bytes` from `at` to `end`. */
  matchesBytes(bytes: Buffer, at: number, end: number): boolean {
    if (!this.#names) return true;
    return this.#bytes.some((name) => {
      const length = name.length;
      if (end - at < length || (end - at > length && bytes[at + length] !== DASH)) return false;
      for (let i = 0; i < length; i++) if (bytes[at + i] !== name[i]) return false;
      return true;
    });
  }
}

const DASH = 45;

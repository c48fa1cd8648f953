import type { Collection } from '@vouchsafe/read-store';
import { type Log, nextTurn } from '@vouchsafe/runtime';
import { LRUCache } from 'lru-cache';

export type Progress = { readonly pub: number };

const STREAMS_CACHED = 20_000;
/** Streams whose progress is not written yet; then a consumer waits for the write. */
const UNWRITTEN_MAX = 2000;

/**
 * How far a consumer has got in each stream. Written a moment after the effect, many at once: what a crash forgets is only
 * fetched and handled again.
 */
export class ConsumedPubs {
  readonly #collection: Collection<Progress>;
  readonly #log: Log;
  readonly #cache = new LRUCache<string, number>({ max: STREAMS_CACHED });
  #unwritten = new Map<string, number>();
  #writing: Promise<void> | undefined;

  constructor(collection: Collection<Progress>, log: Log) {
    this.#collection = collection;
    this.#log = log;
  }

  /** Number of the last event of `stream` that was handled; 0 if none was. */
  async of(stream: string): Promise<number> {
    const known = this.#unwritten.get(stream) ?? this.#cache.get(stream);
    if (known !== undefined) return known;
    const pub = (await this.#collection.get(stream))?.value.pub ?? 0;
    this.#cache.set(stream, pub);
    return pub;
  }

  async set(stream: string, pub: number): Promise<void> {
    this.#cache.set(stream, pub);
    this.#unwritten.set(stream, pub);
    this.#writing ??= this.#writeSoon();
    if (this.#unwritten.size >= UNWRITTEN_MAX) await this.#writing;
  }

  async #writeSoon(): Promise<void> {
    await nextTurn();
    const batch = this.#unwritten;
    this.#unwritten = new Map();
    try {
      await this.#collection.write([...batch].map(([stream, pub]) => ({ id: stream, value: { pub }, revisions: { pub } })));
    } catch (error) {
      this.#log.warn({ error: String(error) }, 'a consumer could not write its progress; after a restart it repeats some effects');
    }
    this.#writing = this.#unwritten.size > 0 ? this.#writeSoon() : undefined;
  }

  async flush(): Promise<void> {
    while (this.#writing) await this.#writing;
  }
}

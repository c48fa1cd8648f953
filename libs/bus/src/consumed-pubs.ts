import type { Instant } from '@vouchsafe/kernel';
import type { Collection } from '@vouchsafe/read-store';
import { type Clock, type Log, nextTurn } from '@vouchsafe/runtime';
import { LRUCache } from 'lru-cache';
import type { EventMessage } from './port.js';

export type Progress = { readonly pub: number };
export type ConsumedPubsOptions = { readonly collection: Collection<Progress>; readonly clock: Clock; readonly log: Log };

const STREAMS_CACHED = 20_000;
/** Progress is written so late, so that a stream's events of a moment cost one write. */
const WRITE_AFTER_MS = 1000;
const WRITE_PAGE = 500;
/** Streams whose progress is not written yet; beyond it a consumer waits for the write. */
const UNWRITTEN_MAX = 10_000;

/**
 * How far a consumer has got in each stream. Written a moment after the effect, many at once: what a crash forgets is only
 * fetched and handled again.
 */
export class ConsumedPubs {
  readonly #options: ConsumedPubsOptions;
  readonly #cache = new LRUCache<string, number>({ max: STREAMS_CACHED });
  readonly #unwritten = new Map<string, number>();
  #writing: Promise<void> | undefined;
  #hurry = new AbortController();

  readonly #startedAt: Instant;

  constructor(options: ConsumedPubsOptions) {
    this.#options = options;
    this.#startedAt = options.clock.now();
  }

  /**
   * Number of the last event of the stream that was handled; 0 if none was. A stream's first event recorded in this process's
   * time cannot have been handled before it, so that is not looked up.
   */
  async before({ stream, pub, recordedAt }: EventMessage): Promise<number> {
    const known = this.#unwritten.get(stream) ?? this.#cache.get(stream);
    if (known !== undefined) return known;
    if (pub === 1 && recordedAt > this.#startedAt) return 0;
    const stored = (await this.#options.collection.get(stream))?.value.pub ?? 0;
    this.#cache.set(stream, stored);
    return stored;
  }

  async set(stream: string, pub: number): Promise<void> {
    this.#cache.set(stream, pub);
    this.#unwritten.set(stream, pub);
    this.#writing ??= this.#writeLater();
    if (this.#unwritten.size < UNWRITTEN_MAX) return;
    this.#hurry.abort();
    await this.#writing;
  }

  async #writeLater(): Promise<void> {
    const { clock } = this.#options;
    this.#hurry = new AbortController();
    await (clock.simulated ? nextTurn() : clock.sleep(WRITE_AFTER_MS, this.#hurry.signal));
    try {
      while (this.#unwritten.size > 0) {
        await this.#writePage();
        await nextTurn();
      }
    } catch (error) {
      this.#options.log.warn({ error: String(error) }, 'a consumer could not write its progress; after a restart it repeats some effects');
    }
    this.#writing = undefined;
  }

  async #writePage(): Promise<void> {
    const page: [string, number][] = [];
    for (const entry of this.#unwritten) {
      page.push(entry);
      if (page.length >= WRITE_PAGE) break;
    }
    for (const [stream] of page) this.#unwritten.delete(stream);
    await this.#options.collection.write(page.map(([stream, pub]) => ({ id: stream, value: { pub }, revisions: { pub } })));
  }

  /** Writes what is unwritten. */
  async flush(): Promise<void> {
    while (this.#writing) {
      this.#hurry.abort();
      await this.#writing;
    }
  }
}

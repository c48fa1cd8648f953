import type { Clock, Log } from '@vouchsafe/runtime';
import { isFull } from '../faults.js';
import type { EmbeddedOptions } from '../layout.js';
import type { LogEnd } from '../frame.js';
import type { RunSet } from './run-set.js';
import type { Tail } from './tail.js';
import type { TailMemory } from './tail-memory.js';

export type UpkeepParts = {
  readonly runs: RunSet;
  readonly memory: TailMemory;
  readonly clock: Clock;
  readonly log: Log;
  readonly options: EmbeddedOptions;
  /** Ends the present frame of the log; settles with its end once that is durable. */
  readonly cut: () => Promise<LogEnd>;
  /** An error of the disk that is not just a full disk: the process must end. */
  readonly onBroken: (error: unknown) => void;
};

type Frozen = { readonly tails: ReadonlyMap<string, Tail>; readonly rows: number; readonly end: LogEnd };

/** A start reads at most so much of the log again to fill the directory's memory. */
const COVER_EVERY_BYTES = 64 << 20;

/**
 * Writes the directory's memory to the disk as it fills, and merges runs as they become many, both beside the store's
 * work. A full disk only delays it: appends end soon after, so the memory stays bounded.
 */
export class Upkeep {
  readonly #parts: UpkeepParts;
  #unwritten: Frozen | undefined;
  #writing: Promise<void> | undefined;
  #merging: Promise<void> | undefined;
  #failedAtMs: number | undefined;
  #closing = false;

  constructor(parts: UpkeepParts) {
    this.#parts = parts;
  }

  /** Call after every flush of the log, which now ends at `end`. */
  tick(end: number): void {
    const { memory, runs, options, clock } = this.#parts;
    if (this.#closing || this.#writing) return;
    if (this.#failedAtMs !== undefined && clock.monotonicMs() - this.#failedAtMs < options.allocateEveryMs) return;
    if (!this.#unwritten && memory.rows < options.directoryRows && end - runs.cover.end < COVER_EVERY_BYTES) return;
    this.#writing = this.#guarded(() => this.#write()).finally(() => {
      this.#writing = undefined;
    });
  }

  async #write(): Promise<void> {
    const { memory, runs, cut } = this.#parts;
    if (!this.#unwritten) {
      // In one turn: what is in memory now is in frames up to this end.
      const ending = cut();
      const frozen = memory.freeze();
      this.#unwritten = { ...frozen, end: await ending };
    }
    const { tails, rows, end } = this.#unwritten;
    await runs.write(tails.values(), rows, end);
    this.#unwritten = undefined;
    this.#failedAtMs = undefined;
    this.#merging ??= this.#guarded(() => this.#merge()).finally(() => {
      this.#merging = undefined;
    });
  }

  async #merge(): Promise<void> {
    while (await this.#parts.runs.mergeOnce(() => this.#closing)) if (this.#closing) return;
  }

  async #guarded(work: () => Promise<void>): Promise<void> {
    const { clock, log, onBroken } = this.#parts;
    try {
      await work();
    } catch (error) {
      if (!isFull(error)) return onBroken(error);
      this.#failedAtMs = clock.monotonicMs();
      log.warn({ error }, 'no space for the stream directory; it is tried again');
    }
  }

  /** Ends what runs and, unless `abandon`, writes what is in memory, so that the next start is quick. */
  async close(abandon: boolean): Promise<void> {
    this.#closing = true;
    await this.#writing;
    await this.#merging;
    if (!abandon && (this.#unwritten || this.#parts.memory.rows > 0)) await this.#guarded(() => this.#write());
    await this.#merging;
  }
}

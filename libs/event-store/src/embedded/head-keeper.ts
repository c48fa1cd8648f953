import type { Clock } from '@vouchsafe/runtime';
import type { LogEnd } from './frame.js';
import type { HeadFile } from './head-file.js';

export type HeadKeeperParts = {
  readonly file: HeadFile;
  readonly clock: Clock;
  readonly epoch: number;
  readonly everyMs: number;
  readonly onBroken: (error: unknown) => void;
};

/**
 * Writes the durable head after flushes, at most every `everyMs` and beside the log's own work. What it lags behind
 * only matters for the very last frame: an earlier one is vouched for by the frame after it.
 */
export class HeadKeeper {
  readonly #parts: HeadKeeperParts;
  readonly #stop = new AbortController();
  #newest: LogEnd | undefined;
  #running: Promise<void> | undefined;

  constructor(parts: HeadKeeperParts) {
    this.#parts = parts;
  }

  /** The log is durable up to `end` now. */
  note(end: LogEnd): void {
    this.#newest = end;
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined;
    });
  }

  async #run(): Promise<void> {
    const { clock, everyMs, onBroken } = this.#parts;
    try {
      while (this.#newest && !this.#stop.signal.aborted) {
        await this.#write();
        await clock.sleep(everyMs, this.#stop.signal);
      }
    } catch (error) {
      onBroken(error);
    }
  }

  async #write(): Promise<void> {
    const newest = this.#newest;
    if (!newest) return;
    this.#newest = undefined;
    const { file, epoch } = this.#parts;
    await file.write({ epoch, end: newest.end, chain: newest.chain });
  }

  /** Writes what is not written yet, unless `abandon`, and closes the file. */
  async close(abandon: boolean): Promise<void> {
    this.#stop.abort();
    await this.#running;
    if (!abandon) await this.#write();
    await this.#parts.file.close();
  }
}

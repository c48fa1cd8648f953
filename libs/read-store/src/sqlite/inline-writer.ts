import type { WriteEngine } from './write-engine.js';
import type { WriteRequest, Writer } from './rows.js';

/** The writer in the caller's thread, on the caller's connection (closed with it): for `:memory:`. */
export class InlineWriter implements Writer {
  readonly #engine: WriteEngine;
  constructor(engine: WriteEngine) {
    this.#engine = engine;
  }
  async run(request: WriteRequest): Promise<void> {
    const [error] = this.#engine.runAll([request]);
    if (error !== undefined) throw error as Error;
  }
  async close(): Promise<void> {}
}

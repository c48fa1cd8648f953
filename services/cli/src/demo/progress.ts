import { type Speech } from '../speech.js';

const REDRAW_MS = 100;
/** Steps of a long command, each with its time; a bar where stderr is a terminal. */
export class Progress {
  readonly #speech: Speech;
  readonly #terminal = process.stderr.isTTY === true;
  #from = performance.now();
  #drawn = 0;
  #title = '';
  constructor(speech: Speech) {
    this.#speech = speech;
  }
  begin(zh: string, en: string): void {
    this.#title = this.#speech.t(zh, en);
    this.#from = performance.now();
    if (!this.#terminal) return;
    process.stderr.write(`  ${this.#title} …`);
  }
  at(done: number, of: number): void {
    if (!this.#terminal || performance.now() - this.#drawn < REDRAW_MS) return;
    this.#drawn = performance.now();
    const filled = Math.round((done / of) * 30);
    process.stderr.write(`\r  ${this.#title} [${'█'.repeat(filled)}${'·'.repeat(30 - filled)}] ${done}/${of} `);
  }
  end(note = ''): void {
    const line = `✔ ${this.#title} ${note} (${((performance.now() - this.#from) / 1000).toFixed(1)} s)`;
    if (this.#terminal) process.stderr.write(`\r${line.padEnd(80)}\n`);
    else this.#speech.note(line);
  }
}

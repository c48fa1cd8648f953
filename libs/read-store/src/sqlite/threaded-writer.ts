import { Worker } from 'node:worker_threads';
import { Fault } from '@vouchsafe/kernel';
import type { Log } from '@vouchsafe/runtime';
import type { WriteRequest, Writer } from './rows.js';
import { sealed } from './sealed-rows.js';
import type { Answered, Numbered } from './writer-worker.js';

type Pending = { readonly done: () => void; readonly failed: (error: Error) => void };

/** The writer in a thread of its own. A thread that dies fails what it had not answered and is started again. */
export class ThreadedWriter implements Writer {
  readonly #options: { readonly file: string; readonly script: string; readonly log: Log };
  readonly #pending = new Map<number, Pending>();
  #worker: Worker | undefined;
  #ended: Promise<void> = Promise.resolve();
  #number = 0;

  constructor(options: { readonly file: string; readonly script: string; readonly log: Log }) {
    this.#options = options;
  }

  run(request: WriteRequest): Promise<void> {
    const worker = (this.#worker ??= this.#start());
    return new Promise((done, failed) => {
      const number = this.#number++;
      this.#pending.set(number, { done, failed });
      worker.postMessage({ number, request: sealed(request) } satisfies Numbered);
    });
  }

  #start(): Worker {
    const { file, script, log } = this.#options;
    const worker = new Worker(script, { workerData: { file } });
    worker.on('message', (answers: Answered) => this.#answered(answers));
    worker.on('error', (error) => log.error({ file, error: String(error) }, 'the read store\'s writer died; it is started again'));
    this.#ended = new Promise((resolve) => {
      worker.on('exit', () => {
        if (this.#worker === worker) this.#worker = undefined;
        this.#failAll();
        resolve();
      });
    });
    return worker;
  }

  #answered(answers: Answered): void {
    for (const { number, error } of answers) {
      const pending = this.#pending.get(number);
      this.#pending.delete(number);
      if (error) pending?.failed(new Fault('READ_STORE_FAILED', error.message, true, { cause: error.stack }));
      else pending?.done();
    }
  }

  #failAll(): void {
    for (const { failed } of this.#pending.values()) failed(new Fault('READ_STORE_FAILED', 'the read store\'s writer ended before it answered'));
    this.#pending.clear();
  }

  /** Lets what was sent be written first. */
  async close(): Promise<void> {
    this.#worker?.postMessage({ number: this.#number++, request: undefined } satisfies Numbered);
    await this.#ended;
  }
}

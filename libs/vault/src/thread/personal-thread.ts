import { Worker } from 'node:worker_threads';
import { Fault, faultOf, type Instant } from '@vouchsafe/kernel';
import type { Log } from '@vouchsafe/runtime';
import type { Entry } from '../personal-pages.js';
import type { KeptAt, PersonalShelf, ShelfCounts, ToKeep } from '../personal-shelf.js';
import type { FromShelf, PersonalWorkerData, ShelfJob, ToShelf } from './protocol.js';

export type PersonalThreadOptions = PersonalWorkerData & {
  /** Compiled script of the thread. */
  readonly script: string;
  readonly log: Log;
};
type Pending = { readonly done: (result: unknown) => void; readonly failed: (error: Error) => void };

/**
 * The shelf in a thread of its own. A thread that dies is not started again: nobody knows which of its commits are durable,
 * so the vault stays closed until a restart, as after a failed flush.
 */
export class PersonalThread implements PersonalShelf {
  readonly #worker: Worker;
  readonly #ended: Promise<void>;
  readonly #pending = new Map<number, Pending>();
  #jobs: ShelfJob[] = [];
  #number = 0;
  /** Jobs of the lot that the thread has, as yet unanswered. */
  #away = 0;
  #counts: ShelfCounts = { commits: 0, flushes: 0 };
  #over: Fault | undefined;

  constructor({ script, file, keys, log }: PersonalThreadOptions) {
    this.#worker = new Worker(script, { workerData: { file, keys } satisfies PersonalWorkerData });
    this.#worker.on('message', (message: FromShelf) => {
      if (message.kind === 'log') log[message.level](message.fields, message.message);
      else this.#hear(message);
    });
    this.#worker.on('error', (error) => log.error({ file, error: String(error) }, 'the personal vault\'s thread died; the vault stays closed until a restart'));
    this.#ended = new Promise((resolve) => {
      this.#worker.on('exit', () => {
        this.#over ??= new Fault('VAULT_UNAVAILABLE', 'the personal vault\'s thread ended; the vault stays closed until a restart', true);
        for (const { failed } of this.#pending.values()) failed(this.#over);
        this.#pending.clear();
        resolve();
      });
    });
  }

  keep(values: readonly ToKeep[]): Promise<readonly KeptAt[]> {
    return this.#ask({ kind: 'keep', values }) as Promise<readonly KeptAt[]>;
  }
  keepApart(entry: Entry): Promise<string> {
    return this.#ask({ kind: 'keepApart', entry }) as Promise<string>;
  }
  erase(subject: string): Promise<boolean> {
    return this.#ask({ kind: 'erase', subject }) as Promise<boolean>;
  }
  claim(scope: string, nonce: string, until: Instant, now: Instant): Promise<boolean> {
    return this.#ask({ kind: 'claim', scope, nonce, until, now }) as Promise<boolean>;
  }
  rewrap(kek: string, keys: readonly { readonly id: number; readonly wrapped: Uint8Array }[]): Promise<void> {
    return this.#ask({ kind: 'rewrap', kek, keys }) as Promise<void>;
  }
  copyTo(file: string): Promise<void> {
    return this.#ask({ kind: 'copyTo', file }) as Promise<void>;
  }
  counts(): ShelfCounts {
    return this.#counts;
  }

  async close(): Promise<void> {
    const closing = this.#over ? undefined : this.#ask({ kind: 'close' });
    this.#over ??= new Fault('VAULT_UNAVAILABLE', 'the personal vault is closed', false);
    await closing;
    await this.#ended;
  }

  #ask(job: ShelfJob): Promise<unknown> {
    return new Promise((done, failed) => {
      if (this.#over) return failed(this.#over);
      if (this.#jobs.length === 0 && this.#away === 0) setImmediate(() => this.#send());
      this.#jobs.push(job);
      this.#pending.set(this.#number++, { done, failed });
    });
  }
  /** Jobs of one turn go together; and while a lot is away, which is a commit's time, the next one gathers: waking a thread costs more than a job does. */
  #send(): void {
    const jobs = this.#jobs;
    if (jobs.length === 0 || this.#away > 0) return;
    this.#jobs = [];
    this.#away = jobs.length;
    this.#worker.postMessage({ first: this.#number - jobs.length, jobs } satisfies ToShelf);
  }

  #hear({ answers, counts }: Extract<FromShelf, { kind: 'answers' }>): void {
    this.#counts = counts;
    for (const { number, result, error } of answers) {
      const pending = this.#pending.get(number);
      this.#pending.delete(number);
      if (error) pending?.failed(faultOf(error, 'VAULT_UNAVAILABLE'));
      else pending?.done(result);
    }
    this.#away -= answers.length;
    this.#send();
  }
}

import { open } from 'node:fs/promises';
import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import { describeError } from '@vouchsafe/kernel';
import { createIds, systemClock, systemRandom, toldLog } from '@vouchsafe/runtime';
import { SubjectShelf } from '../personal-shelf.js';
import { PersonalTables } from '../sqlite-personal-tables.js';
import type { FromShelf, PersonalWorkerData, ShelfAnswer, ShelfJob, ToShelf } from './protocol.js';

/** Entry point of the personal vault's thread: seals and writes, so that neither holds up those who take orders. */
class PersonalWorker {
  readonly #port: MessagePort;
  readonly #shelf: SubjectShelf;
  #answers: ShelfAnswer[] = [];

  constructor(port: MessagePort, shelf: SubjectShelf) {
    this.#port = port;
    this.#shelf = shelf;
    port.on('message', ({ first, jobs }: ToShelf) => jobs.forEach((job, i) => void this.#take(first + i, job)));
  }

  async #take(number: number, job: ShelfJob): Promise<void> {
    try {
      this.#answer({ number, result: await this.#do(job) });
    } catch (error) {
      this.#answer({ number, error: describeError(error) });
    }
  }
  #do(job: ShelfJob): Promise<unknown> {
    switch (job.kind) {
      case 'keep': return this.#shelf.keep(job.values);
      case 'keepApart': return this.#shelf.keepApart(job.entry);
      case 'erase': return this.#shelf.erase(job.subject);
      case 'claim': return this.#shelf.claim(job.scope, job.nonce, job.until, job.now);
      case 'rewrap': return this.#shelf.rewrap(job.kek, job.keys);
      case 'copyTo': return this.#shelf.copyTo(job.file);
      case 'close': return this.#close();
    }
  }
  async #close(): Promise<void> {
    await this.#shelf.close();
    setImmediate(() => setImmediate(() => this.#port.close())); // after the answer
  }

  /** Answers of one turn, which are those of one commit, go together. */
  #answer(answer: ShelfAnswer): void {
    if (this.#answers.length === 0) setImmediate(() => this.#port.postMessage({ kind: 'answers', answers: this.#answers.splice(0), counts: this.#shelf.counts() } satisfies FromShelf));
    this.#answers.push(answer);
  }
}

const start = async (port: MessagePort, { file, keys }: PersonalWorkerData): Promise<void> => {
  const random = systemRandom();
  const tables = new PersonalTables(file);
  const wal = await open(`${file}-wal`, 'r');
  const log = toldLog((line) => port.postMessage({ kind: 'log', ...line } satisfies FromShelf));
  new PersonalWorker(port, new SubjectShelf({ tables, keys, random, ids: createIds(systemClock(), random), log, flush: (handle) => handle.datasync(), wal }));
};
if (parentPort) void start(parentPort, workerData as PersonalWorkerData);

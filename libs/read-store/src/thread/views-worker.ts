import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import type { Position, RecordPage } from '@vouchsafe/event-store';
import { describeError } from '@vouchsafe/kernel';
import { systemClock, toldLog } from '@vouchsafe/runtime';
import { readStoreOver } from '../sqlite-read-store.js';
import { Database } from '../sqlite/database.js';
import { Reader } from '../sqlite/reader.js';
import { unsealed } from '../sqlite/sealed-rows.js';
import { WriteEngine } from '../sqlite/write-engine.js';
import { GroupedWriter } from './grouped-writer.js';
import { HostedRunners, type ProjectionsByRunner } from './hosted-runners.js';
import { type Answer, errorOf, type FromThread, type ToThread, type ViewsWorkerData, type Work } from './protocol.js';

const REPORT_MS = 100;

/** Entry point of the views' thread: the one writer of the file, and the runners; nothing of it holds up those who take orders. */
class ViewsWorker {
  readonly #port: MessagePort;
  readonly #reader: Reader;
  readonly #writer: GroupedWriter;
  readonly #runners: HostedRunners;
  readonly #reads = new Map<number, { readonly done: (page: RecordPage) => void; readonly failed: (error: Error) => void }>();
  readonly #reporting: NodeJS.Timeout;
  #answers: Answer[] = [];
  #asked = 0;

  constructor(port: MessagePort, { file, projections }: ViewsWorkerData) {
    this.#port = port;
    const db = new Database(file);
    const engine = new WriteEngine(db);
    this.#reader = new Reader(db);
    this.#writer = new GroupedWriter(engine, (written) => {
      for (const name of written.tables) this.#reader.refresh(name);
      this.#say({ kind: 'changed', ...written });
    });
    this.#runners = new HostedRunners({
      projections: projections === undefined ? {} : (require(projections) as { readonly SERVICE_PROJECTIONS: ProjectionsByRunner }).SERVICE_PROJECTIONS,
      readStore: readStoreOver(this.#reader, this.#writer),
      clock: systemClock(), log: toldLog((line) => this.#say({ kind: 'log', ...line })),
      read: (after, maxBytes) => this.#read(after, maxBytes),
      report: (runner, report) => this.#say({ kind: 'report', runner, report }),
    });
    this.#reporting = setInterval(() => this.#runners.reportAll(), REPORT_MS);
    port.on('message', (message: ToThread) => void this.#take(message));
  }

  async #take(message: ToThread): Promise<void> {
    if (message.kind === 'records') return this.#given(message);
    const { number, work } = message;
    try {
      const result = await this.#do(work);
      this.#answer({ number, ...(result !== undefined && { result }) });
    } catch (error) {
      this.#answer({ number, error: describeError(error) });
    }
  }

  async #do(work: Work): Promise<unknown> {
    if (work.kind === 'close') return this.#close();
    // Whoever is told that it is applied, or that it failed, finds it so.
    if ('runner' in work) return this.#runners.run(work).finally(() => this.#runners.reportAll());
    return this.#writer.run(unsealed(work));
  }

  #read(after: Position, maxBytes: number): Promise<RecordPage> {
    return new Promise((done, failed) => {
      const number = this.#asked++;
      this.#reads.set(number, { done, failed });
      this.#say({ kind: 'read', number, after, maxBytes });
    });
  }
  #given({ number, page, error }: Extract<ToThread, { kind: 'records' }>): void {
    const read = this.#reads.get(number);
    this.#reads.delete(number);
    if (page) read?.done(page);
    else read?.failed(errorOf(error ?? { message: 'no records and no error' }));
  }

  async #close(): Promise<void> {
    clearInterval(this.#reporting);
    await this.#runners.stop();
    await this.#writer.close();
    setImmediate(() => setImmediate(() => this.#port.close())); // after the answer
  }

  /** Answers of one turn go together. */
  #answer(answer: Answer): void {
    if (this.#answers.length === 0) setImmediate(() => this.#say({ kind: 'answers', answers: this.#answers.splice(0) }));
    this.#answers.push(answer);
  }
  #say(message: FromThread): void {
    this.#port.postMessage(message);
  }
}

if (parentPort) new ViewsWorker(parentPort, workerData as ViewsWorkerData);

import { Worker } from 'node:worker_threads';
import { describeError, Fault } from '@vouchsafe/kernel';
import type { Clock, Log } from '@vouchsafe/runtime';
import type { FollowedLog } from '../followed-log.js';
import type { FollowedBy, ProjectionRunner, RunnersElsewhere } from '../runner-port.js';
import type { WriteRequest, Writer } from '../sqlite/rows.js';
import { sealed } from '../sqlite/sealed-rows.js';
import type { Written } from './grouped-writer.js';
import { errorOf, type FromThread, type ToThread, type ViewsWorkerData, type Work } from './protocol.js';
import { RemoteRunner } from './remote-runner.js';

export type ViewsThreadOptions = ViewsWorkerData & {
  /** Compiled script of the thread. */
  readonly script: string;
  readonly log: Log;
  readonly written: (written: Written) => void;
};
type Pending = { readonly done: (result: unknown) => void; readonly failed: (error: Error) => void };

/** A thread that dies sooner than this is given a rest before the next, each longer than the one before: what kills it may stay. */
const STEADY_MS = 10_000;
const REST_MS = 100;
const REST_MAX_MS = 10_000;

/**
 * The thread that writes the views' file and, where it is given their definitions, runs the projections. One that dies fails
 * what it had not answered and is started again, its runners with it, from their checkpoints.
 */
export class ViewsThread implements Writer, RunnersElsewhere {
  readonly #options: ViewsThreadOptions;
  readonly #pending = new Map<number, Pending>();
  readonly #runners = new Map<string, RemoteRunner>();
  #store: FollowedLog | undefined;
  #worker: Worker | undefined;
  #ended: Promise<void> = Promise.resolve();
  #number = 0;
  #closing = false;
  readonly #closed = new AbortController();
  /** Of those who follow; none, no thread is started but for what it is asked. */
  #clock: Clock | undefined;
  #startedMs = 0;
  #deaths = 0;
  #restMs = 0;
  #resting = false;
  #reading = new AbortController();

  constructor(options: ViewsThreadOptions) {
    this.#options = options;
  }

  async run(request: WriteRequest): Promise<void> {
    await this.#ask(sealed(request));
  }

  /** Whether projections can run here: it must have their definitions, and the log must hand on its records. */
  canRun({ store, clock }: FollowedBy): boolean {
    return this.#options.projections !== undefined && store.feed !== undefined && clock.simulated !== true;
  }

  async startRunner(name: string, { store, clock }: FollowedBy): Promise<ProjectionRunner> {
    this.#store = store;
    this.#clock = clock;
    const runner = new RemoteRunner({ name, store, ask: (work) => this.#ask(work), ended: () => this.#runners.delete(name) });
    await runner.start();
    this.#runners.set(name, runner);
    return runner;
  }

  #ask(work: Work): Promise<unknown> {
    if (this.#resting) return Promise.reject(new Fault('READ_STORE_FAILED', 'the views\' thread died again and again; it will be started after a rest'));
    const worker = (this.#worker ??= this.#start());
    return new Promise((done, failed) => {
      const number = this.#number++;
      this.#pending.set(number, { done, failed });
      worker.postMessage({ kind: 'work', number, work } satisfies ToThread);
    });
  }

  #start(): Worker {
    const { file, projections, script, log } = this.#options;
    const worker = new Worker(script, { workerData: { file, ...(projections !== undefined && { projections }) } satisfies ViewsWorkerData });
    this.#reading = new AbortController();
    this.#startedMs = this.#clock?.monotonicMs() ?? 0;
    worker.on('message', (message: FromThread) => this.#hear(worker, message));
    worker.on('error', (error) => log.error({ file, error: String(error) }, 'the views\' thread died; it is started again'));
    this.#ended = new Promise((resolve) => {
      worker.on('exit', () => {
        if (this.#worker === worker) this.#worker = undefined;
        this.#deaths++;
        this.#reading.abort();
        this.#failAll();
        for (const runner of this.#runners.values()) runner.died();
        resolve();
        if (!this.#closing && this.#clock) void this.#startAgain(this.#clock);
      });
    });
    return worker;
  }

  #hear(worker: Worker, message: FromThread): void {
    switch (message.kind) {
      case 'answers': {
        for (const { number, result, error } of message.answers) {
          const pending = this.#pending.get(number);
          this.#pending.delete(number);
          if (error) pending?.failed(errorOf(error));
          else pending?.done(result);
        }
        return;
      }
      case 'read': return void this.#read(worker, message);
      case 'report': return this.#runners.get(message.runner)?.hear(message.report);
      case 'changed': return this.#options.written(message);
      case 'log': return this.#options.log[message.level](message.fields, message.message);
    }
  }

  async #read(worker: Worker, { number, after, maxBytes }: Extract<FromThread, { kind: 'read' }>): Promise<void> {
    try {
      const page = await this.#feed(this.#store).read(after, maxBytes, this.#reading.signal);
      worker.postMessage({ kind: 'records', number, page } satisfies ToThread, [page.records.buffer, page.positions.buffer]);
    } catch (error) {
      worker.postMessage({ kind: 'records', number, error: describeError(error) } satisfies ToThread);
    }
  }
  #feed(store: FollowedLog | undefined): NonNullable<FollowedLog['feed']> {
    if (!store?.feed) throw new Fault('STORE_UNAVAILABLE', 'no log feeds the views\' thread');
    return store.feed;
  }

  async #startAgain(clock: Clock): Promise<void> {
    const steady = clock.monotonicMs() - this.#startedMs >= STEADY_MS;
    this.#restMs = steady ? 0 : Math.min(REST_MAX_MS, Math.max(REST_MS, this.#restMs * 2));
    this.#resting = true;
    await clock.sleep(this.#restMs, this.#closed.signal);
    this.#resting = false;
    for (const [name, runner] of this.#runners) void this.#startRunnerAgain(name, runner, clock);
  }
  async #startRunnerAgain(name: string, runner: RemoteRunner, clock: Clock): Promise<void> {
    const { log } = this.#options;
    const deaths = this.#deaths;
    const wanted = (): boolean => !this.#closing && this.#deaths === deaths && this.#runners.get(name) === runner;
    while (wanted()) {
      try {
        return await runner.start();
      } catch (error) {
        if (!wanted()) return; // the thread died once more
        log.error({ runner: name, error: String(error) }, 'projections could not be started again; the views stand still until they can');
        await clock.sleep(REST_MAX_MS, this.#closed.signal);
      }
    }
  }

  #failAll(): void {
    for (const { failed } of this.#pending.values()) failed(new Fault('READ_STORE_FAILED', 'the views\' thread ended before it answered'));
    this.#pending.clear();
  }

  /** Lets what was sent be written first. */
  async close(): Promise<void> {
    this.#closing = true;
    this.#closed.abort();
    if (this.#worker) await this.#ask({ kind: 'close' }).catch((error: unknown) => this.#options.log.error({ error: String(error) }, 'the views\' thread did not end in order'));
    this.#reading.abort();
    await this.#ended;
  }
}

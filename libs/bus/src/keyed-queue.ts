import { Fault } from '@vouchsafe/kernel';

/** Work of one key. Must call {@link KeyedQueue.ended} once when it is over, also during `start`; must not throw. */
export interface Job {
  readonly key: string;
  start(): void;
}

/**
 * Runs jobs of one key in their order, those of different keys at once. At most `concurrent` run and `waitingMax` wait;
 * beyond that Fault `BUSY`.
 */
export class KeyedQueue {
  readonly #limits: { readonly concurrent: number; readonly waitingMax: number };
  /** Keys with a running or ready job, and what waits behind it (undefined while nothing does). */
  readonly #behind = new Map<string, Job[] | undefined>();
  /** Keys of jobs being started just now, the innermost last; undefined once ended. Most end before they would have to be noted. */
  readonly #entering: (string | undefined)[] = [];
  /** First jobs of keys for which there was no place yet. */
  #ready: Job[] = [];
  #running = 0;
  #waiting = 0;
  #starting = false;
  #idle: (() => void)[] = [];

  constructor(limits: { readonly concurrent: number; readonly waitingMax: number }) {
    this.#limits = limits;
  }

  push(job: Job): void {
    const { key } = job;
    const taken = this.#behind.has(key) || this.#entering.includes(key);
    if (!taken && this.#running < this.#limits.concurrent) {
      this.#enter(job);
      return;
    }
    if (this.#waiting >= this.#limits.waitingMax) throw new Fault('BUSY', 'too many messages wait; try again');
    this.#waiting++;
    if (!taken) {
      this.#behind.set(key, undefined);
      this.#ready.push(job);
    } else {
      const behind = this.#behind.get(key);
      if (behind) behind.push(job);
      else this.#behind.set(key, [job]);
    }
  }

  #enter(job: Job): void {
    this.#running++;
    this.#entering.push(job.key);
    job.start();
    if (this.#entering.pop() !== undefined && !this.#behind.has(job.key)) this.#behind.set(job.key, undefined);
  }

  /** How many run, and how many wait. */
  get load(): { readonly running: number; readonly waiting: number } {
    return { running: this.#running, waiting: this.#waiting };
  }

  /** Settles when nothing runs or waits. */
  idle(): Promise<void> {
    if (this.#running === 0) return Promise.resolve();
    return new Promise((resolve) => this.#idle.push(resolve));
  }

  /** The running job of `key` is over. Its next one queues behind other keys' first ones, so that a busy key starves nobody. */
  ended(key: string): void {
    this.#running--;
    const innermost = this.#entering.length - 1;
    if (innermost >= 0 && this.#entering[innermost] === key) this.#entering[innermost] = undefined;
    const behind = this.#behind.get(key);
    const next = behind?.shift();
    if (next) this.#ready.push(next);
    else this.#behind.delete(key);
    if (this.#ready.length > 0) this.#startReady();
    else if (this.#running === 0) this.#tellIdle();
  }

  /** A loop, for jobs that end at once would else start each other ever deeper. */
  #startReady(): void {
    if (this.#starting) return;
    this.#starting = true;
    let started = 0;
    for (; started < this.#ready.length && this.#running < this.#limits.concurrent; started++) {
      this.#waiting--;
      this.#running++;
      this.#ready[started]!.start();
    }
    this.#ready = started === this.#ready.length ? [] : this.#ready.slice(started);
    this.#starting = false;
    if (this.#running === 0 && this.#ready.length === 0) this.#tellIdle();
  }

  #tellIdle(): void {
    if (this.#idle.length > 0) for (const tell of this.#idle.splice(0)) tell();
  }
}

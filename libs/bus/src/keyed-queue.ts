import { Fault } from '@vouchsafe/kernel';

/** Starts work; must settle, and must not reject. */
export type Task = () => Promise<void>;

/**
 * Runs tasks of one key in their order, those of different keys at once. At most `concurrent` run and `waitingMax` wait;
 * beyond that Fault `BUSY`.
 */
export class KeyedQueue {
  readonly #limits: { readonly concurrent: number; readonly waitingMax: number };
  /** Keys with a running or ready task, and what waits behind it (undefined while nothing does). */
  readonly #behind = new Map<string, Task[] | undefined>();
  /** First tasks of keys for which there was no place yet. */
  #ready: { readonly key: string; readonly task: Task }[] = [];
  #running = 0;
  #waiting = 0;
  #idle: (() => void)[] = [];

  constructor(limits: { readonly concurrent: number; readonly waitingMax: number }) {
    this.#limits = limits;
  }

  push(key: string, task: Task): void {
    const taken = this.#behind.has(key);
    if (!taken && this.#running < this.#limits.concurrent) {
      this.#behind.set(key, undefined);
      this.#start(key, task);
      return;
    }
    if (this.#waiting >= this.#limits.waitingMax) throw new Fault('BUSY', 'too many messages wait; try again');
    this.#waiting++;
    if (!taken) {
      this.#behind.set(key, undefined);
      this.#ready.push({ key, task });
    } else {
      const behind = this.#behind.get(key);
      if (behind) behind.push(task);
      else this.#behind.set(key, [task]);
    }
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

  #start(key: string, task: Task): void {
    this.#running++;
    const ended = (): void => this.#ended(key);
    task().then(ended, ended);
  }

  /** The key's next task queues behind other keys' first ones, so that a busy key starves nobody. */
  #ended(key: string): void {
    this.#running--;
    const behind = this.#behind.get(key);
    const next = behind?.shift();
    if (next) this.#ready.push({ key, task: next });
    else this.#behind.delete(key);
    if (this.#ready.length > 0) this.#startReady();
    else if (this.#running === 0) this.#tellIdle();
  }

  #startReady(): void {
    let started = 0;
    while (started < this.#ready.length && this.#running < this.#limits.concurrent) {
      const { key, task } = this.#ready[started++]!;
      this.#waiting--;
      this.#start(key, task);
    }
    this.#ready = started === this.#ready.length ? [] : this.#ready.slice(started);
  }

  #tellIdle(): void {
    for (const tell of this.#idle.splice(0)) tell();
  }
}

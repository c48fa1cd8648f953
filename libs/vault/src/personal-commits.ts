import type { DatabaseSync } from 'node:sqlite';
import { Fault } from '@vouchsafe/kernel';
import { type Log, nextTurn } from '@vouchsafe/runtime';

export type PersonalCommitsOptions = {
  readonly db: DatabaseSync;
  readonly log: Log;
  /** Makes committed pages survive a power cut. */
  readonly flush: () => Promise<void>;
  /** Writes what the jobs prepared, within their transaction. */
  readonly beforeCommit: () => void;
  /** Called when the transaction is over, one way or the other. */
  readonly afterCommit: () => void;
};

type Job = { readonly work: () => void; readonly settle: () => void; readonly fail: (error: unknown) => void };
const BATCH_MAX = 512;

/**
 * Group commit: jobs that arrive while a commit is being flushed share the next one. A job's promise settles only when its
 * commit is durable. After a commit or flush whose outcome is unknown nothing is taken any more (VAULT_UNAVAILABLE).
 */
export class PersonalCommits {
  readonly #options: PersonalCommitsOptions;
  readonly #queue: Job[] = [];
  #draining: Promise<void> | undefined;
  #failed: Fault | undefined;
  commits = 0;
  flushes = 0;

  constructor(options: PersonalCommitsOptions) {
    this.#options = options;
  }

  /** Runs `work` in a transaction with others; settles with its answer when that is durable. `work` throws before it writes, or not at all. */
  run<T>(work: () => T): Promise<T> {
    return new Promise((resolve, reject) => {
      if (this.#failed) return reject(this.#failed);
      let answer: T;
      this.#queue.push({ work: () => { answer = work(); }, settle: () => resolve(answer), fail: reject });
      this.#draining ??= this.#drain();
    });
  }

  async close(): Promise<void> {
    await this.#draining;
    this.#failed ??= new Fault('VAULT_UNAVAILABLE', 'the personal vault is closed', false);
  }

  async #drain(): Promise<void> {
    await nextTurn(); // callers of this turn share one commit
    while (this.#queue.length > 0) {
      const jobs = this.#queue.splice(0, BATCH_MAX);
      try {
        const done = this.#commit(jobs);
        await this.#options.flush();
        this.flushes++;
        for (const job of done) job.settle();
      } catch (error) {
        const fault = isFull(error) ? new Fault('STORE_READ_ONLY', 'the disk of the personal vault is full', true, { cause: error }) : this.#break(error);
        for (const job of jobs) job.fail(fault);
      }
    }
    this.#draining = undefined;
  }

  /** Jobs whose effect is in the commit; one that fails by itself (before writing) fails alone. */
  #commit(jobs: readonly Job[]): readonly Job[] {
    const { db, beforeCommit, afterCommit } = this.#options;
    const done: Job[] = [];
    db.exec('BEGIN IMMEDIATE');
    try {
      for (const job of jobs) {
        try {
          job.work();
          done.push(job);
        } catch (error) {
          if (isSqlite(error)) throw error;
          job.fail(error);
        }
      }
      beforeCommit();
      db.exec('COMMIT');
      this.commits++;
      return done;
    } catch (error) {
      if (db.isTransaction) db.exec('ROLLBACK');
      throw error;
    } finally {
      afterCommit();
    }
  }

  #break(error: unknown): Fault {
    this.#failed ??= new Fault('VAULT_UNAVAILABLE', 'the personal vault could not write; it stays closed until a restart', true, { cause: error });
    this.#options.log.error({ error: String(error) }, 'the personal vault could not write');
    return this.#failed;
  }
}

const SQLITE_FULL = 13;
const sqliteCode = (error: unknown): number | undefined => (isSqlite(error) ? (error as { errcode?: number }).errcode : undefined);
const isSqlite = (error: unknown): boolean => (error as { code?: unknown } | null)?.code === 'ERR_SQLITE_ERROR';
/** Nothing was written, so it may be tried again when there is space. */
const isFull = (error: unknown): boolean => sqliteCode(error) === SQLITE_FULL;

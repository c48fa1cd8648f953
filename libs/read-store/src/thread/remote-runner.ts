import type { Position } from '@vouchsafe/event-store';
import { Fault, isFault } from '@vouchsafe/kernel';
import type { FollowedLog } from '../followed-log.js';
import type { Halted, Lag, ProjectionRunner, Rebuilt } from '../runner-port.js';
import type { RunnerReport, Work } from './protocol.js';

export type RemoteRunnerOptions = {
  readonly name: string;
  readonly store: FollowedLog;
  /** Sends work to the thread and gives its answer. */
  readonly ask: (work: Work) => Promise<unknown>;
  /** The runner is no longer wanted. */
  readonly ended: () => void;
};

const NOTHING_YET: Omit<RunnerReport, 'seen' | 'lag'> = { applied: 0, unknown: 0, halted: [] };

/** A runner that lives in the views' thread, as its service sees it. */
export class RemoteRunner implements ProjectionRunner {
  readonly #options: RemoteRunnerOptions;
  #report: RunnerReport | undefined;
  #stopped = false;
  #dead: string | undefined;

  constructor(options: RemoteRunnerOptions) {
    this.#options = options;
  }

  /** Begins, also again in a new thread; settles once it follows the log. */
  async start(): Promise<void> {
    const { store, name, ask } = this.#options;
    const head = store.head();
    await store.durable(head); // the thread reads durable records only
    await ask({ kind: 'start', runner: name, head });
    this.#dead = undefined;
  }

  /** Its thread is gone: until it is started in another, the figures tell so instead of what was last heard. */
  died(): void {
    this.#dead = 'the views\' thread died; the views stand still until it is started again';
  }

  /** News of the thread. */
  hear(report: RunnerReport): void {
    this.#report = report;
  }

  get seen(): Position {
    return this.#report?.seen ?? (-1 as Position);
  }

  async caughtUp(): Promise<void> {
    const { store, name, ask } = this.#options;
    const head = store.head();
    await store.durable(head);
    await ask({ kind: 'caughtUp', runner: name, head });
  }

  async waitFor(position: Position, timeoutMs: number): Promise<boolean> {
    if (position <= this.seen) return true;
    const { store, name, ask } = this.#options;
    try {
      return (await ask({ kind: 'waitFor', runner: name, head: store.head(), position, timeoutMs })) as boolean;
    } catch (error) {
      if (error instanceof Fault) return false; // the thread died; it goes on in a new one
      throw error;
    }
  }

  lag(): Lag {
    const known = this.#report?.lag ?? { events: 0, behind: this.seen, ageMs: 0 };
    // What the log has got since the report waits too, though nobody has counted it.
    return known.events === 0 && this.seen < this.#options.store.head() ? { ...known, events: 1 } : known;
  }
  stats(): { readonly applied: number; readonly unknown: number; readonly failing: unknown } {
    const { applied, unknown, failing } = this.#report ?? { ...NOTHING_YET, failing: undefined };
    return { applied, unknown, failing: this.#dead ?? failing };
  }
  halted(): readonly Halted[] {
    return this.#report?.halted ?? [];
  }

  check(): void {
    const { store, name, ask } = this.#options;
    void ask({ kind: 'check', runner: name, head: store.head() }).catch(() => undefined); // a dead thread is told of where it dies
  }

  async rebuild(collection: string): Promise<Rebuilt> {
    return (await this.#options.ask({ kind: 'rebuild', runner: this.#options.name, collection })) as Rebuilt;
  }

  async stop(): Promise<void> {
    if (this.#stopped) return;
    this.#stopped = true;
    this.#options.ended(); // first, so that a thread that dies meanwhile does not start it again
    await this.#options.ask({ kind: 'stop', runner: this.#options.name }).catch((error: unknown) => {
      // In a thread that is dead nothing runs, and what a checkpoint lacks comes again; who stops must get to whatever is next.
      if (!isFault(error) || error.code !== 'READ_STORE_FAILED') throw error;
    });
  }
}

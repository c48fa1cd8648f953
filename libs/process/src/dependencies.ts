import type { Clock, Log, Stop, Timers } from '@vouchsafe/runtime';

/** Something a process needs and does not have in itself. `check` settles when it can be worked with; else it rejects with the reason. */
export type Dependency = {
  readonly name: string;
  /** True where the process does its main work without it: then it is told of, and traffic stays. */
  readonly optional?: true;
  check(): Promise<void>;
};
export type DependencyOptions = {
  readonly clock: Clock; readonly timers: Timers; readonly log: Log;
  readonly everyMs?: number;
  /** A check that takes longer has failed. */
  readonly patienceMs?: number;
  /** So many failures in a row count, and so many successes in a row end it: a hiccup moves no traffic. */
  readonly failures?: number;
  readonly successes?: number;
};
type State = { down: boolean; inRow: number; reason: string };
const DEFAULTS = { everyMs: 2_000, patienceMs: 5_000, failures: 3, successes: 2 };

/** Looks at dependencies again and again and tells, with hysteresis, which of them are down. */
export class Dependencies {
  readonly #options: DependencyOptions & typeof DEFAULTS;
  readonly #states: ReadonlyMap<Dependency, State>;
  readonly #stop: Stop;

  constructor(dependencies: readonly Dependency[], options: DependencyOptions) {
    this.#options = { ...DEFAULTS, ...options };
    this.#states = new Map(dependencies.map((dependency) => [dependency, { down: false, inRow: 0, reason: '' }]));
    this.#stop = options.timers.every(this.#options.everyMs, () => this.#look(), (error) => options.log.error({ error }, 'dependencies cannot be checked'));
  }

  async #look(): Promise<void> {
    await Promise.all([...this.#states].map(async ([dependency, state]) => this.#note(dependency, state, await this.#failureOf(dependency))));
  }

  async #failureOf(dependency: Dependency): Promise<string | undefined> {
    const { clock, patienceMs } = this.#options;
    const over = new AbortController();
    const late = clock.sleep(patienceMs, over.signal).then(() => `no answer within ${patienceMs} ms`);
    try {
      return await Promise.race([dependency.check().then(() => undefined), late]);
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    } finally {
      over.abort();
    }
  }

  #note({ name, optional }: Dependency, state: State, failure: string | undefined): void {
    const { failures, successes, log } = this.#options;
    if (failure !== undefined) state.reason = failure;
    // In a row: what confirms the present state begins the count anew.
    state.inRow = (failure !== undefined) === state.down ? 0 : state.inRow + 1;
    if (state.inRow < (state.down ? successes : failures)) return;
    state.down = !state.down;
    state.inRow = 0;
    if (state.down && optional) log.error({ dependency: name, reason: state.reason }, 'a dependency is down: what needs it waits or is refused, all else goes on');
    else if (state.down) log.error({ dependency: name, reason: state.reason }, 'a dependency is down: this process takes no traffic until it is back');
    else log.warn({ dependency: name }, 'a dependency is back');
  }

  /** One sentence per dependency that is down and without which no traffic can be taken. */
  reasons(): readonly string[] {
    return this.#down(false);
  }
  /** The same of those without which the main work goes on. */
  remarks(): readonly string[] {
    return this.#down(true);
  }
  #down(isOptional: boolean): readonly string[] {
    return [...this.#states].flatMap(([{ name, optional = false }, { down, reason }]) => (down && optional === isOptional ? [`${name}: ${reason}`] : []));
  }
  stop(): Promise<void> {
    return this.#stop();
  }
}

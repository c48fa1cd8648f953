import type { Position } from '@vouchsafe/event-store';
import { Fault, invariant } from '@vouchsafe/kernel';
import type { Clock, Log } from '@vouchsafe/runtime';
import type { ReadStore } from '../port.js';
import type { BoundProjection } from '../projections/bound.js';
import { startProjections } from '../projections/runner.js';
import type { ProjectionRunner } from '../runner-port.js';
import { FedLog, type ReadRecords } from './fed-log.js';
import { type RunnerReport, type Work } from './protocol.js';

/** Of each service, by the name of its runner, what makes its views. */
export type ProjectionsByRunner = Readonly<Record<string, () => readonly BoundProjection[]>>;
export type HostedRunnersOptions = {
  readonly projections: ProjectionsByRunner;
  readonly readStore: ReadStore;
  readonly clock: Clock;
  readonly log: Log;
  readonly read: ReadRecords;
  readonly report: (runner: string, report: RunnerReport) => void;
};
type RunnerWork = Extract<Work, { readonly runner: string }>;

/** The runners that live in the thread, each begun and ended by its service in the other. */
export class HostedRunners {
  readonly #options: HostedRunnersOptions;
  readonly #runners = new Map<string, ProjectionRunner>();
  readonly #reported = new Map<string, string>();
  readonly #starting = new Set<Promise<unknown>>();
  #fed: FedLog | undefined;

  constructor(options: HostedRunnersOptions) {
    this.#options = options;
  }

  async run(work: RunnerWork): Promise<unknown> {
    if ('head' in work) this.#fed?.tell(work.head);
    switch (work.kind) {
      case 'start': return this.#start(work.runner, work.head);
      case 'caughtUp': return this.#of(work.runner).caughtUp();
      case 'waitFor': return this.#of(work.runner).waitFor(work.position, work.timeoutMs);
      case 'rebuild': return this.#of(work.runner).rebuild(work.collection);
      case 'check': return this.#of(work.runner).check();
      case 'stop': return this.#stop(work.runner);
    }
  }

  async #start(name: string, head: Position): Promise<void> {
    const { projections, readStore, clock, log, read } = this.#options;
    const makes = projections[name];
    if (this.#runners.has(name)) return;
    invariant(makes, `${name} is a runner whose projections the thread has`);
    this.#fed ??= new FedLog({ read, clock, log, ready: () => Promise.allSettled(this.#starting) }, head);
    const starting = startProjections({ name, store: this.#fed, readStore, log, clock, projections: makes(), ownThread: true });
    this.#starting.add(starting);
    this.#runners.set(name, await starting.finally(() => this.#starting.delete(starting)));
  }

  async #stop(name: string): Promise<void> {
    await this.#runners.get(name)?.stop();
    this.#runners.delete(name);
  }

  /** Tells how each runner fares, where that has changed. */
  reportAll(): void {
    for (const [name, runner] of this.#runners) {
      const { applied, unknown, failing } = runner.stats();
      const lag = runner.lag();
      const report: RunnerReport = { seen: runner.seen, lag, applied, unknown, halted: runner.halted(), ...(failing !== undefined && { failing: String(failing) }) };
      const said = JSON.stringify([report.seen, applied, unknown, report.failing, report.halted.length]);
      if (this.#reported.get(name) === said) continue;
      this.#reported.set(name, said);
      this.#options.report(name, report);
    }
  }

  async stop(): Promise<void> {
    this.#fed?.stop();
    for (const name of [...this.#runners.keys()]) await this.#stop(name);
  }

  #of(name: string): ProjectionRunner {
    const runner = this.#runners.get(name);
    if (!runner) throw new Fault('READ_STORE_FAILED', `runner ${name} is not started in the thread`);
    return runner;
  }
}

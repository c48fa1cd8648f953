import { setTimeout as sleep } from 'node:timers/promises';

type Sample = { readonly events: number; readonly lag: number };
const EVERY_MS = 500;
/** Views may fall behind by so much of what is appended, for lag swings by whole batches. */
const GROWTH_MAX = 0.05;

/** Those that every order concerns: one that hears of nothing cannot say how far it is. */
const VIEWS = /service="(order|ledger|inventory|redemption|risk|insight)",part="views"/;
const valuesOf = (text: string, name: string, which = /./): readonly number[] =>
  text.split('\n').filter((line) => line.startsWith(`${name}{`) && which.test(line)).map((line) => Number(line.slice(line.lastIndexOf(' ') + 1)));
const sampled = async (http: string): Promise<Sample> => {
  const text = await (await fetch(`${http}/metrics`)).text();
  return { events: Math.max(0, ...valuesOf(text, 'vouchsafe_log_events')), lag: Math.max(0, ...valuesOf(text, 'vouchsafe_projection_lag_events', VIEWS)) };
};
const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);

/** How far the furthest behind of the views is, while something runs. */
export class LagWatch {
  readonly #growths: number[] = [];
  #most = 0;
  constructor(readonly http: string, readonly everyMs = EVERY_MS) {}

  /** Does `work`, watching; its result. */
  async during<T>(work: () => Promise<T>): Promise<T> {
    const samples: Sample[] = [];
    let working = true;
    const watching = (async () => {
      for (; working; await sleep(this.everyMs)) samples.push(await sampled(this.http));
    })();
    try {
      return await work();
    } finally {
      working = false;
      await watching;
      this.#note(samples);
    }
  }

  #note(samples: readonly Sample[]): void {
    const half = Math.floor(samples.length / 2);
    const [early, late] = [samples.slice(0, half), samples.slice(-half)];
    this.#most = Math.max(this.#most, ...samples.map(({ lag }) => lag));
    if (half === 0) return;
    const appended = mean(late.map(({ events }) => events)) - mean(early.map(({ events }) => events));
    this.#growths.push((mean(late.map(({ lag }) => lag)) - mean(early.map(({ lag }) => lag))) / Math.max(1, appended));
  }

  get note(): string {
    return `lag at most ${Math.round(this.#most).toLocaleString('en')} events`;
  }
  /** What is wrong: the lag grew in most rounds, by a share of what was appended. */
  get growing(): string | undefined {
    const growth = [...this.#growths].sort((a, b) => a - b)[Math.floor(this.#growths.length / 2)] ?? 0;
    return growth > GROWTH_MAX ? `the views fall behind by ${Math.round(growth * 100)} % of the events` : undefined;
  }
}

import { isFault } from '@vouchsafe/kernel';
import type { MemoryDisk } from '@vouchsafe/runtime';
import { memoryDisk, silentLog } from '@vouchsafe/runtime';
import type { EmbeddedStore } from '../embedded/embedded-store.js';
import type { EmbeddedOptions } from '../embedded/layout.js';
import { openEmbeddedStore } from '../embedded/open.js';
import { type AppendRequest, NO_STREAM, type RecordedEvent, type Revision, type Soon } from '../port.js';
import { anAppend, readToEnd } from './builders.js';
import { SteppedClock } from './stepped-clock.js';

/** Segments of a few frames, runs of a few rows: everything happens within a hundred events. */
export const TINY: Partial<EmbeddedOptions> = {
  segmentBytes: 6000,
  frameBytes: 1500,
  frameEvents: 6,
  unflushedBytes: 3000,
  recentBytes: 2000,
  recentEvents: 6,
  cacheBytes: 1,
  reserveBytes: 0,
  directoryRows: 5,
  headEveryMs: 50,
  allocateEveryMs: 100,
};

const STREAMS = [
  'order-1',
  'order-2',
  'order-3',
  'pool-1',
  'pool-2',
  'account-1',
  'account-2',
  'grant-1',
  'grant-2',
  'grant-3',
  'x',
  'y-1',
];
const CRASHED = Symbol('crashed');
type Attempt = AppendRequest & { readonly name: string };

/**
 * A store that is crashed again and again, beside a record of what it was asked and what it said. After each crash it is
 * opened and everything it shows is held against that record; any difference throws.
 */
export class CrashWorld {
  readonly #random: () => number;
  readonly #clock = new SteppedClock();
  #disk: MemoryDisk;
  #operationsLeft = Number.POSITIVE_INFINITY;
  #onCrash: (crashed: typeof CRASHED) => void = () => {};
  #names = 0;
  /** Every append ever asked for, by the name of its events. */
  readonly #attempts = new Map<string, Attempt>();
  /** In this life, in order: appends known to be accepted; and the names of those known to be durable in any life. */
  #accepted: { readonly name: string; readonly position: number }[] = [];
  readonly #acknowledged = new Set<string>();
  /** What the log held when this life began, and per stream where it ends. */
  #log: readonly RecordedEvent[] = [];
  #revisions = new Map<string, Revision>();
  readonly #busy = new Set<string>();
  #epoch = 0;
  #failure: unknown;
  #life = 0;
  crashes = 0;

  constructor(random: () => number) {
    this.#random = random;
    this.#disk = memoryDisk({ before: () => this.#before() });
  }

  get acknowledged(): number {
    return this.#acknowledged.size;
  }

  #before(): void | Promise<void> {
    if (this.#operationsLeft-- > 0) return;
    if (this.#operationsLeft === -1) this.#onCrash(CRASHED);
    return new Promise(() => {});
  }

  /** Opens the store, checks it, and uses it until its disk dies at the `operations`th operation, or it had its fill. */
  async live(operations: number): Promise<void> {
    this.#operationsLeft = operations;
    const crashed = new Promise<typeof CRASHED>((resolve) => (this.#onCrash = resolve));
    const outcome = await Promise.race([crashed, this.#use()]);
    if (this.#failure) throw new Error('an append went wrong', { cause: this.#failure });
    if (outcome === CRASHED) this.crashes++;
    this.#life++;
    this.#operationsLeft = Number.POSITIVE_INFINITY;
    this.#onCrash = () => {};
    this.#disk = this.#random() < 0.7 ? this.#disk.crash(this.#random) : this.#disk.kill();
  }

  async #use(): Promise<void> {
    const life = this.#life;
    const store = await this.#inLife(life, this.open());
    await this.check(store);
    for (let step = 0; step < 40; step++) await this.#inLife(life, this.#step(store));
    if (this.#random() < 0.5) {
      await this.#inLife(life, store.close());
      for (const { name } of this.#accepted) this.#acknowledged.add(name);
    }
  }

  /** As `work`, but never settling once `life` is over: what a killed process would have done next, it does not do. */
  async #inLife<T>(life: number, work: Soon<T>): Promise<T> {
    const result = await work;
    return life === this.#life ? result : new Promise<never>(() => {});
  }

  async open(): Promise<EmbeddedStore> {
    const onFatal = (fault: Error): never => {
      throw fault;
    };
    return openEmbeddedStore({ disk: this.#disk, clock: this.#clock, log: silentLog, options: TINY, onFatal });
  }

  async #step(store: EmbeddedStore): Promise<void> {
    const dice = this.#random();
    if (this.#failure) throw new Error('an append went wrong', { cause: this.#failure });
    if (dice < 0.55) {
      this.#append(store).catch((error: unknown) => {
        if (!(isFault(error) && error.code === 'STORE_CLOSED')) this.#failure ??= error;
      });
    } else if (dice < 0.7) await store.durable(store.head());
    else if (dice < 0.8) this.#clock.pass(Math.floor(this.#random() * 120));
    else if (dice < 0.9) await this.#readOne(store);
    else for (let i = 0; i < this.#random() * 30; i++) await Promise.resolve();
  }

  async #append(store: EmbeddedStore): Promise<void> {
    const stream = this.#pick();
    if (this.#busy.has(stream)) return; // as the decider's host would, one append at a time
    this.#busy.add(stream);
    const name = `n${this.#names++}`;
    const expected = this.#revisions.get(stream) ?? NO_STREAM;
    const request = anAppend(stream, expected, name, 1 + Math.floor(this.#random() * 3), {
      pad: 'x'.repeat(Math.floor(this.#random() * 300)),
      name,
    });
    this.#attempts.set(name, { ...request, name });
    const result = await this.#inLife(this.#life, store.append(request));
    if (!result.ok) throw new Error(`refused at ${expected}, the store says ${result.actual}`);
    this.#busy.delete(stream);
    this.#revisions.set(stream, result.revision);
    this.#accepted.push({ name, position: result.position });
    await store.durable(result.position);
    this.#acknowledged.add(name); // also if the life has just ended: the answer had left
  }

  async #readOne(store: EmbeddedStore): Promise<void> {
    const stream = this.#pick();
    const before = this.#accepted.length;
    const events = await this.#inLife(this.#life, store.readStream(stream, { max: 1000 }));
    const known = [...this.#log, ...this.#expand(this.#accepted.slice(0, before))].filter(
      (event) => event.stream === stream,
    ).length;
    if (events.length < known) throw new Error(`${stream} shows ${events.length} of at least ${known} events`);
    this.#checkDense(stream, events);
  }
  #expand(accepted: readonly { name: string }[]): { stream: string }[] {
    return accepted.flatMap(({ name }) =>
      this.#attempts.get(name)!.events.map(() => ({ stream: this.#attempts.get(name)!.stream })),
    );
  }

  #pick(): string {
    return STREAMS[Math.floor(this.#random() * STREAMS.length)]!;
  }

  /** Holds everything that a store just opened shows against what is known, and takes it over. */
  async check(store: EmbeddedStore): Promise<void> {
    if (store.epoch <= this.#epoch) throw new Error(`epoch ${store.epoch} after ${this.#epoch}`);
    this.#epoch = store.epoch;
    const life = this.#life;
    const log = await this.#inLife(life, readToEnd(store, { max: 7 }));
    this.#checkLog(log);
    for (const stream of [...STREAMS, 'never-1', 'order-4']) {
      const expected = log.filter((event) => event.stream === stream);
      const events = await this.#inLife(life, store.readStream(stream, { max: 1000 }));
      this.#checkDense(stream, events);
      if (events.length !== expected.length || events.some((event, i) => event.position !== expected[i]!.position)) {
        throw new Error(`${stream} shows ${events.length} events, the log has ${expected.length}`);
      }
      if ((await this.#inLife(life, store.revisionOf(stream))) !== events.length - 1)
        throw new Error(`${stream} has another revision`);
    }
    if (store.head() !== (log[log.length - 1]?.position ?? -1)) throw new Error('the head is not the last event');
    this.#log = log;
    this.#busy.clear();
    this.#accepted = [];
    this.#revisions = new Map(
      STREAMS.map((stream) => [stream, log.filter((event) => event.stream === stream).length - 1]),
    );
  }

  #checkDense(stream: string, events: readonly RecordedEvent[]): void {
    events.forEach((event, i) => {
      if (event.revision !== i || event.stream !== stream)
        throw new Error(`${stream} shows ${event.stream} ${event.revision} at ${i}`);
    });
  }

  #checkLog(log: readonly RecordedEvent[]): void {
    this.#log.forEach((event, i) => {
      if (log[i]?.position !== event.position || !event.canonical.every((byte, at) => byte === log[i]!.canonical[at]))
        throw new Error(`event ${i} of the life before is not what it was`);
    });
    const names = this.#wholeAppends(log.slice(this.#log.length));
    for (const name of this.#acknowledged) {
      if (!names.includes(name) && !this.#log.some((event) => nameOf(event) === name))
        throw new Error(`${name} was acknowledged and is gone`);
    }
    // Of what was accepted a first part is there, in order, and nothing else between.
    const there = this.#accepted.filter(({ name }) => names.includes(name));
    if (there.some(({ name }, i) => name !== this.#accepted[i]!.name))
      throw new Error('an accepted append is gone before one that is there');
    if (there.some(({ name }, i) => name !== names[i])) throw new Error('accepted appends are in another order');
  }

  /** The names of the appends that `events` are made of, each whole and at the revision it asked for. */
  #wholeAppends(events: readonly RecordedEvent[]): string[] {
    const names: string[] = [];
    for (let i = 0; i < events.length; ) {
      const name = nameOf(events[i]!);
      const attempt = this.#attempts.get(name);
      if (!attempt) throw new Error(`${name} was never asked for`);
      attempt.events.forEach((event, j) => {
        const found = events[i + j];
        if (found?.id !== event.id || found.stream !== attempt.stream || found.revision !== attempt.expected + 1 + j)
          throw new Error(`${name} is not there whole`);
        if (JSON.stringify(found.data) !== JSON.stringify(event.data)) throw new Error(`${name} has other data`);
      });
      names.push(name);
      i += attempt.events.length;
    }
    return names;
  }
}

const nameOf = ({ data }: RecordedEvent): string => (data as { name: string }).name;

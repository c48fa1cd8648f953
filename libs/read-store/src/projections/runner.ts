import { type Position, type RecordedEvent, START } from '@vouchsafe/event-store';
import { Fault, invariant } from '@vouchsafe/kernel';
import { type Clock, type Log, nextTurn } from '@vouchsafe/runtime';
import type { FollowedLog } from '../followed-log.js';
import type { Follower } from '../follower.js';
import { startFollower } from '../follower/log-follower.js';
import type { Checkpoint, Collection, CollectionSpec, ReadStore } from '../port.js';
import type { Halted, Lag, ProjectionRunner, Rebuilt } from '../runner-port.js';
import type { BoundProjection } from './bound.js';
import { compareCollections } from './compare.js';
import type { Halting } from './delivery.js';
import { GatheredDocuments } from './gathered-documents.js';
import { applyBatch, Routed } from './guarded.js';
import { HaltedDocuments } from './halted.js';
import { replay } from './replay.js';
import { type Deliveries, Router } from './router.js';

export type ProjectionOptions = {
  /** Names the runner's checkpoint; unique within the read store, kept for ever. */
  readonly name: string;
  readonly store: FollowedLog;
  readonly readStore: ReadStore;
  readonly log: Log;
  readonly clock: Clock;
  readonly projections: readonly BoundProjection[];
  /** True where nobody but projections waits for the thread: then a batch is worked through in one turn, and all runners' are committed together. */
  readonly ownThread?: boolean;
};

const UNKNOWN_TYPES_LOGGED = 100;
/** A matter's events come within some tens of milliseconds, and what is written together shares pages: so long they are gathered while nobody waits. */
const GATHER_MS = 250;
/** Events read in one turn of the event loop, which also takes orders. */
const EVENTS_PER_TURN = 256;

/**
 * Starts one runner for all projections of a service. A collection that is new to the runner is first filled from the
 * start of the log. Order of effects: documents, then the checkpoint.
 */
export const startProjections = async (options: ProjectionOptions): Promise<ProjectionRunner> => {
  const { runners } = options.readStore;
  if (runners?.canRun(options)) return runners.startRunner(options.name, options);
  const runner = new Runner(options);
  await runner.start();
  return runner;
};

class Runner implements ProjectionRunner {
  readonly #options: ProjectionOptions;
  readonly #router: Router;
  readonly #collections = new Map<string, Collection<unknown>>();
  readonly #newcomers = new Set<string>();
  readonly #toForget = new Set<string>();
  readonly #documents = new GatheredDocuments();
  #applied = 0;
  /** Events applied in memory only so far. */
  #taken = 0;
  #rebuilding: Promise<unknown> = Promise.resolve();
  #follower: Follower | undefined;
  #halted: HaltedDocuments | undefined;

  constructor(options: ProjectionOptions) {
    this.#options = options;
    const { log } = options;
    const logged = new Set<string>();
    this.#router = new Router(options.projections, {
      unknown: (type) => {
        if (logged.has(type) || logged.size >= UNKNOWN_TYPES_LOGGED) return;
        logged.add(type);
        log.warn({ type, runner: options.name }, 'events of an unknown type are skipped by projections');
      },
      unreadable: (halted) => this.#halting.add(halted),
    });
  }

  async start(): Promise<void> {
    const { readStore, name, store, clock, log } = this.#options;
    const existing = new Set(await readStore.collectionNames());
    this.#halted = await HaltedDocuments.open(readStore, name, log);
    for (const spec of this.#specs()) {
      this.#collections.set(spec.name, await readStore.collection(spec));
      const known = existing.has(spec.name) && (await readStore.loadCheckpoint(this.#marker(spec.name))) !== undefined;
      if (!known) this.#newcomers.add(spec.name);
    }
    this.#follower = await startFollower({
      name: `projections/${name}`, store, readStore, clock, log, categories: this.#router.categories,
      gatherMs: GATHER_MS,
      prepare: (checkpoint) => this.#fillNewcomers(checkpoint),
      handle: (events) => this.#apply(events),
      ...(readStore.commit && { gathered: { settle: (checkpoint: Checkpoint) => this.#commit(checkpoint), discard: () => this.#discard() } }),
      afterCheckpoint: () => this.#forget(),
    });
  }

  #specs(): readonly CollectionSpec[] {
    const specs = new Map<string, CollectionSpec>();
    for (const { collection } of this.#options.projections) {
      const other = specs.get(collection.name);
      invariant(!other || JSON.stringify(other) === JSON.stringify(collection), 'projections of one collection agree about its indexes');
      specs.set(collection.name, collection);
    }
    return [...specs.values()];
  }

  #spec(name: string): CollectionSpec {
    const spec = this.#specs().find((known) => known.name === name);
    invariant(spec, `${name} is a collection of runner ${this.#options.name}`);
    return spec;
  }

  #marker(collection: string): string {
    return `projections/${this.#options.name}/${collection}`;
  }

  /** What the runner has run past already, a new collection has not seen: it is filled up to the checkpoint first. */
  async #fillNewcomers(checkpoint: Position): Promise<void> {
    const { readStore, log } = this.#options;
    for (const name of this.#newcomers) {
      if (checkpoint > START) {
        log.info({ collection: name, upTo: checkpoint }, 'fills a new collection from the log');
        if (readStore.commit) await this.#emptied(name); // of what an attempt before this one left
        await replay({ ...this.#options, ...this.#only(name), name, collection: this.#collections.get(name)!, after: START, upTo: checkpoint, halting: this.#halting });
        await this.#halting.save();
      }
      await readStore.saveCheckpoint(this.#marker(name), checkpoint);
      this.#newcomers.delete(name);
    }
  }
  async #emptied(name: string): Promise<void> {
    const { readStore } = this.#options;
    await readStore.dropCollection(name);
    this.#collections.set(name, await readStore.collection(this.#spec(name)));
  }

  async #apply(events: readonly RecordedEvent[]): Promise<void> {
    if (this.#options.readStore.commit) {
      await this.#route(events, this.#documents);
      await this.#documents.apply((name) => this.#collections.get(name)!, this.#halting);
      this.#taken += events.length;
    } else {
      const routed = new Routed();
      await this.#route(events, routed);
      await this.#write(routed);
      this.#applied += events.length;
    }
  }
  async #route(events: readonly RecordedEvent[], into: Deliveries): Promise<void> {
    if (this.#options.ownThread) return this.#router.route(events, into);
    for (let at = 0; at < events.length; at += EVENTS_PER_TURN) {
      if (at > 0) await nextTurn();
      this.#router.route(events.slice(at, at + EVENTS_PER_TURN), into);
    }
  }

  /** Documents, what stands still among them, and the checkpoint, all or none of it. */
  async #commit(checkpoint: Checkpoint): Promise<void> {
    const documents = this.#documents.changed();
    for (const [name, halted] of this.#halting.unsaved()) documents.set(name, halted);
    await this.#options.readStore.commit!({ documents, checkpoint });
    this.#documents.clear();
    this.#halting.saved();
    this.#applied += this.#taken;
    this.#taken = 0;
  }
  #discard(): void {
    this.#documents.clear();
    this.#halting.takeBack();
    this.#taken = 0;
  }

  async #write(routed: Routed): Promise<void> {
    const applied = await Promise.allSettled([...routed.byCollection].map(async ([name, byDocument]) => {
      if (await applyBatch(this.#collections.get(name)!, byDocument, this.#halting)) this.#toForget.add(name);
    }));
    for (const one of applied) if (one.status === 'rejected') throw one.reason;
    await this.#halting.save();
  }

  /** What lies behind the checkpoint never comes again, so tombstones have done their work. */
  async #forget(): Promise<void> {
    for (const name of this.#toForget) await this.#collections.get(name)!.forgetDeleted();
    this.#toForget.clear();
  }

  #only(collection: string): { readonly projections: readonly BoundProjection[] } {
    return { projections: this.#options.projections.filter((bound) => bound.collection.name === collection) };
  }

  /** One at a time: two at once would drop each other's documents beside the live ones, and switch to what is left. */
  rebuild(name: string): Promise<Rebuilt> {
    const mine = this.#rebuilding.then(() => this.#rebuild(name));
    this.#rebuilding = mine.catch(() => undefined);
    return mine;
  }
  async #rebuild(name: string): Promise<Rebuilt> {
    const { readStore } = this.#options;
    const beside = { ...this.#spec(name), name: `${name} (rebuild)` };
    await readStore.dropCollection(beside.name);
    const collection = await readStore.collection<unknown>(beside);
    const failed: Halted[] = [];
    const halting: Halting = { has: (_, document) => failed.some((halted) => halted.document === document), add: (halted) => void failed.push(halted) };
    const work = { ...this.#options, ...this.#only(name), name: beside.name, collection, halting };
    const near = this.#running.applied;
    await replay({ ...work, after: START, upTo: near });
    return this.#running.exclusively(async () => {
      await replay({ ...work, after: near, upTo: this.#running.applied });
      const result = await compareCollections(this.#collections.get(name)!, collection);
      await readStore.replaceCollection(name, beside.name);
      await this.#halting.replace(name, failed);
      return result;
    });
  }

  get #halting(): HaltedDocuments {
    invariant(this.#halted, 'the runner was started');
    return this.#halted;
  }
  get #running(): Follower {
    invariant(this.#follower, 'the runner was started');
    return this.#follower;
  }
  async caughtUp(): Promise<void> {
    await this.#running.caughtUp();
    const halted = this.#halting.takeUntold();
    if (halted) throw new Fault('DOCUMENT_HALTED', `${halted.collection}/${halted.document ?? 'unknown'} stands still at ${halted.stream}/${halted.revision}: ${halted.error}`);
  }
  get seen(): Position {
    return this.#running.seen;
  }
  waitFor(position: Position, timeoutMs: number): Promise<boolean> {
    return this.#running.waitFor(position, timeoutMs);
  }
  lag(): Lag {
    return this.#running.lag();
  }
  stats(): { applied: number; unknown: number; failing: unknown } {
    return { applied: this.#applied, unknown: this.#router.unknown, failing: this.#running.failing };
  }
  halted(): readonly Halted[] {
    return this.#halting.list();
  }
  check(): void {
    this.#running.check();
  }
  stop(): Promise<void> {
    return this.#running.stop();
  }
}

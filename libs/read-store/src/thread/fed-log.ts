import { CategoryFilter, eventsOf, type EventStore, type Page, type Position, type ReadAll, type RecordPage, START } from '@vouchsafe/event-store';
import { type Clock, type Log, nextTurn } from '@vouchsafe/runtime';
import type { FollowedLog } from '../followed-log.js';
import { pageOf, RecentEvents } from './recent-events.js';

/** Asks the log's owner for durable records; waits there until there are some. */
export type ReadRecords = (after: Position, maxBytes: number) => Promise<RecordPage>;

export type FedLogOptions = {
  readonly read: ReadRecords; readonly clock: Clock; readonly log: Log;
  /** Settles once those who are about to follow can: they begin together, so that they stay together. */
  readonly ready?: () => Promise<unknown>;
};

const PULL_BYTES = 1 << 20;
const PAGE_BYTES = 1 << 18;
const PAGE_EVENTS = 2048;
const RECENT_EVENTS = 16_384;
/** A message for each flush would cost more than its events: so long they are let gather, while nobody waits for them. */
const GATHER_MS = 25;
/** A pull that brought so much has more behind it. */
const FULL_BYTES = PULL_BYTES / 2;
/** So many events at most are handed out before the slowest has had them; but for one that does not move for {@link STALL_MS}. */
const AHEAD_EVENTS = RECENT_EVENTS / 2;
const STALL_MS = 1_000;
const BACKOFF_MS = 250;

/** Who was passed over for so many bytes is told how far. */
const QUIET_BYTES = 1 << 20;

/** `stalled`: it was waited for in vain, and is not until it moves. */
type Following = { after: Position; stalled: boolean };
type Waiter = { readonly position: Position; readonly wake: () => void };

/** The durable log as another thread sees it, by the records it is handed. Every event is made once, for all who follow. */
export class FedLog implements FollowedLog {
  readonly #options: FedLogOptions;
  /** From where the first began to follow; none before. */
  #recent: RecentEvents | undefined;
  readonly #following = new Set<Following>();
  readonly #durableWaiters = new Set<Waiter>();
  #more: (() => void)[] = [];
  #head: Position;
  #end: Position;
  #hurry = new AbortController();
  /** While some are waited for. */
  #moved: AbortController | undefined;
  #stopped = false;

  /** `head`: the log's, when the thread began to follow it. */
  constructor(options: FedLogOptions, head: Position) {
    this.#options = options;
    this.#head = head;
    this.#end = START;
  }

  head(): Position {
    return this.#head;
  }
  /** The log's owner says how far it has got. */
  tell(head: Position): void {
    if (head > this.#head) this.#head = head;
  }

  async durable(position: Position): Promise<void> {
    if (position <= this.#end) return;
    await new Promise<void>((resolve) => {
      const waiter: Waiter = { position, wake: () => {
        this.#durableWaiters.delete(waiter);
        resolve();
      } };
      this.#durableWaiters.add(waiter);
      this.#hurry.abort();
    });
  }

  async readAll({ after, categories, max }: ReadAll): Promise<Page> {
    const filter = new CategoryFilter(categories);
    const recent = this.#inMemory(after, filter, max);
    if (recent) return recent;
    const events = eventsOf(await this.#options.read(after, PAGE_BYTES));
    const page = pageOf(events, { after, filter, max });
    return { ...page, atEnd: events.length === 0 }; // there may be more behind what was handed over
  }

  /** None where events behind `after` may be older than those in memory, or newer. */
  #inMemory(after: Position, filter: CategoryFilter, max: number): Page | undefined {
    return after > this.#end && after < this.#head ? undefined : this.#recent?.after(after, filter, max);
  }

  async *subscribe({ after, categories, signal }: Parameters<EventStore['subscribe']>[0]): AsyncIterable<Page> {
    const filter = new CategoryFilter(categories);
    await this.#options.ready?.();
    const following: Following = { after, stalled: false };
    let told = after;
    this.#following.add(following);
    if (!this.#recent) void this.#pull((this.#recent = new RecentEvents(after, RECENT_EVENTS)), after);
    try {
      while (!signal.aborted) {
        const page = this.#inMemory(following.after, filter, PAGE_EVENTS) ?? (await this.readAll({ after: following.after, max: PAGE_EVENTS, ...(categories && { categories }) }));
        following.after = page.next;
        following.stalled = false;
        this.#moved?.abort();
        if (page.events.length > 0 || page.next - told >= QUIET_BYTES) {
          told = page.next;
          yield page;
        }
        if (page.atEnd && following.after >= this.#end) await this.#moreThan(following.after, signal);
        else await nextTurn();
      }
    } finally {
      this.#following.delete(following);
      this.#moved?.abort();
    }
  }

  async #moreThan(after: Position, signal: AbortSignal): Promise<void> {
    if (signal.aborted || this.#end > after) return;
    await new Promise<void>((resolve) => {
      const wake = (): void => {
        signal.removeEventListener('abort', wake);
        resolve();
      };
      this.#more.push(wake);
      signal.addEventListener('abort', wake, { once: true });
    });
  }

  async #pull(recent: RecentEvents, from: Position): Promise<void> {
    const { read, clock, log } = this.#options;
    this.#reached(from);
    for (let after = from; !this.#stopped; ) {
      let bytes = 0;
      try {
        const page = await read(after, PULL_BYTES);
        const events = eventsOf(page);
        const newest = events[events.length - 1];
        if (!newest) continue;
        bytes = page.records.length;
        after = newest.position;
        recent.push(events, this.#passed(recent));
        this.#reached(after);
      } catch (error) {
        if (this.#stopped) return;
        log.debug({ after, error: String(error) }, 'the log hands over no records; will ask again');
        await clock.sleep(BACKOFF_MS);
      }
      await this.#roomIn(recent);
      if (this.#durableWaiters.size > 0 || bytes >= FULL_BYTES) continue;
      this.#hurry = new AbortController();
      await clock.sleep(GATHER_MS, this.#hurry.signal);
    }
  }

  /** While much lies behind all who follow they get on side by side, so that each event is made once for all. */
  async #roomIn(recent: RecentEvents): Promise<void> {
    for (let slowest = this.#slowest(recent); slowest && !this.#stopped && recent.countAfter(slowest.after) > AHEAD_EVENTS; slowest = this.#slowest(recent)) {
      const { signal } = (this.#moved = new AbortController());
      await this.#options.clock.sleep(STALL_MS, signal);
      if (!signal.aborted) slowest.stalled = true;
      this.#moved = undefined;
    }
  }
  #slowest({ preceding }: RecentEvents): Following | undefined {
    let slowest: Following | undefined;
    for (const following of this.#following) {
      if (!following.stalled && following.after >= preceding && following.after < (slowest?.after ?? this.#end)) slowest = following;
    }
    return slowest;
  }

  /** What all who follow have had, but for those who still catch up. */
  #passed({ preceding }: RecentEvents): Position {
    let passed = this.#end;
    for (const { after } of this.#following) if (after < passed && after >= preceding) passed = after;
    return passed;
  }

  #reached(position: Position): void {
    this.#end = position;
    this.tell(position);
    for (const waiter of this.#durableWaiters) if (waiter.position <= position) waiter.wake();
    for (const wake of this.#more.splice(0)) wake();
  }

  /** Nothing more comes. Who follows stays asleep until told to stop: woken it would ask again at once, for ever. */
  stop(): void {
    this.#stopped = true;
    this.#hurry.abort();
    this.#moved?.abort();
    for (const waiter of this.#durableWaiters) waiter.wake();
  }
}

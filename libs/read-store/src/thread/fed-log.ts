import { CategoryFilter, eventsOf, type EventStore, type Page, type Position, type ReadAll, type RecordPage, START } from '@vouchsafe/event-store';
import { type Clock, type Log, nextTurn } from '@vouchsafe/runtime';
import type { FollowedLog } from '../followed-log.js';
import { pageOf, RecentEvents } from './recent-events.js';

/** Asks the log's owner for durable records; waits there until there are some. */
export type ReadRecords = (after: Position, maxBytes: number) => Promise<RecordPage>;

const PULL_BYTES = 1 << 20;
const PAGE_BYTES = 1 << 18;
const PAGE_EVENTS = 2048;
const RECENT_EVENTS = 16_384;
/** A message for each flush would cost more than its events: so long they are let gather, while nobody waits for them. */
const GATHER_MS = 10;
const BACKOFF_MS = 250;

/** Who was passed over for so many bytes is told how far. */
const QUIET_BYTES = 1 << 20;

type Following = { after: Position };
type Waiter = { readonly position: Position; readonly wake: () => void };

/** The durable log as another thread sees it, by the records it is handed. Every event is made once, for all who follow. */
export class FedLog implements FollowedLog {
  readonly #options: { readonly read: ReadRecords; readonly clock: Clock; readonly log: Log };
  readonly #recent: RecentEvents;
  readonly #following = new Set<Following>();
  readonly #durableWaiters = new Set<Waiter>();
  #more: (() => void)[] = [];
  #head: Position;
  #end: Position;
  #hurry = new AbortController();
  #stopped = false;

  /** `head`: the log's, when the thread began to follow it; what lies before is read when somebody asks for it. */
  constructor(options: { readonly read: ReadRecords; readonly clock: Clock; readonly log: Log }, head: Position) {
    this.#options = options;
    this.#head = head;
    this.#end = START;
    this.#recent = new RecentEvents(head, RECENT_EVENTS);
    void this.#pull(head);
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
    const recent = this.#recent.after(after, filter, max);
    if (recent) return recent;
    const events = eventsOf(await this.#options.read(after, PAGE_BYTES));
    const page = pageOf(events, { after, filter, max });
    return { ...page, atEnd: events.length === 0 }; // there may be more behind what was handed over
  }

  async *subscribe({ after, categories, signal }: Parameters<EventStore['subscribe']>[0]): AsyncIterable<Page> {
    const filter = new CategoryFilter(categories);
    const following: Following = { after };
    let told = after;
    this.#following.add(following);
    try {
      while (!signal.aborted) {
        const page = this.#recent.after(following.after, filter, PAGE_EVENTS) ?? (await this.readAll({ after: following.after, max: PAGE_EVENTS, ...(categories && { categories }) }));
        following.after = page.next;
        if (page.events.length > 0 || page.next - told >= QUIET_BYTES) {
          told = page.next;
          yield page;
        }
        if (following.after >= this.#recent.preceding && following.after >= this.#end) await this.#moreThan(following.after, signal);
        else await nextTurn();
      }
    } finally {
      this.#following.delete(following);
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

  async #pull(from: Position): Promise<void> {
    const { read, clock, log } = this.#options;
    this.#reached(from);
    for (let after = from; !this.#stopped; ) {
      try {
        const events = eventsOf(await read(after, PULL_BYTES));
        const newest = events[events.length - 1];
        if (!newest) continue;
        after = newest.position;
        this.#recent.push(events, this.#passed());
        this.#reached(after);
      } catch (error) {
        if (this.#stopped) return;
        log.debug({ after, error: String(error) }, 'the log hands over no records; will ask again');
        await clock.sleep(BACKOFF_MS);
      }
      if (this.#durableWaiters.size > 0) continue;
      this.#hurry = new AbortController();
      await clock.sleep(GATHER_MS, this.#hurry.signal);
    }
  }

  /** What all who follow have had, but for those who still catch up. */
  #passed(): Position {
    let passed = this.#end;
    for (const { after } of this.#following) if (after < passed && after >= this.#recent.preceding) passed = after;
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
    for (const waiter of this.#durableWaiters) waiter.wake();
  }
}

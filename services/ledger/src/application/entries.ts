import type { EventStore, RecordedEvent } from '@vouchsafe/event-store';
import type { Collection } from '@vouchsafe/read-store';
import { dayOf, type Entry, type Posting } from '../domain/entry.js';
import type { BusinessDate, Segment } from '../domain/period.js';
import { accountIdOf, entryIn } from '../projections/entries-of.js';
import type { EntryDay } from '../projections/entry-days.js';
import type { EntryPlace } from '../projections/entry-places.js';
import type { LedgerEvent } from '../projections/ledger-event.js';
import { accountRootOf, type Streams } from './streams.js';

/** An entry and where it lies. `accountId`: in whose stream, if in a limited account's. */
export type LocatedEntry = { readonly entry: Entry; readonly accountId?: string; readonly stream: string; readonly revision: number };
/** A place in a list: go on behind this event. */
export type Cursor = { readonly stream: string; readonly revision: number; readonly day?: BusinessDate };
/** What a list walks over: one event, which may be an entry. */
export type Step = { readonly cursor: Cursor; readonly located?: LocatedEntry };

export type EntriesOptions = {
  readonly store: Pick<EventStore, 'readStream'>;
  readonly decode: (type: string, data: unknown) => LedgerEvent | undefined;
  readonly streams: Pick<Streams, 'accountRoots'>;
  readonly places: Collection<EntryPlace>;
  readonly days: Collection<EntryDay>;
  /** Settles when views know all that is durable now. */
  readonly caughtUp: () => Promise<void>;
};
type DayRange = { readonly from?: BusinessDate; readonly until?: BusinessDate };
type Order = { readonly descending: boolean; readonly after?: Cursor };

const PAGE = 200;
const DAYS_PAGE = 200;

/** Reads entries back from the log, where they lie once; views only say where. */
export class Entries {
  readonly #options: EntriesOptions;
  constructor(options: EntriesOptions) {
    this.#options = options;
  }

  /** An entry by its id. One booked this moment is waited for. */
  async byId(entryId: string): Promise<LocatedEntry | undefined> {
    const { places, caughtUp } = this.#options;
    let place = await places.get(entryId);
    if (!place) {
      await caughtUp();
      place = await places.get(entryId);
    }
    return place && this.#at(place.value);
  }

  /** The postings of an entry, to mirror them. */
  async postingsOf(entryId: string): Promise<readonly Posting[] | undefined> {
    return (await this.byId(entryId))?.entry.postings;
  }

  /** At most `limit` entries of an order behind `after` (an entry id), by id; `next`: where to go on, while there may be more. */
  async ofOrder(orderId: string, after: string | undefined, limit: number): Promise<{ readonly found: readonly (LocatedEntry & { readonly entryId: string })[]; readonly next: string | undefined }> {
    const docs = await this.#options.places.find({ where: { orderId }, limit, ...(after !== undefined && { after: { values: [], id: after } }) });
    const found: (LocatedEntry & { entryId: string })[] = [];
    for (const { id, value } of docs) {
      const one = await this.#at(value);
      if (one) found.push({ ...one, entryId: id });
    }
    return { found, next: docs.length < limit ? undefined : docs[docs.length - 1]!.id };
  }

  async #at({ stream, revision }: EntryPlace): Promise<LocatedEntry | undefined> {
    const [recorded] = await this.#options.store.readStream(stream, { from: revision, max: 1 });
    return recorded && this.#stepOf(recorded).located;
  }

  #stepOf(recorded: RecordedEvent, day?: BusinessDate): Step {
    const { stream, revision } = recorded;
    const event = this.#options.decode(recorded.type, recorded.data);
    const entry = event && entryIn(event);
    const accountId = accountIdOf(stream);
    const cursor = { stream, revision, ...(day !== undefined && { day }) };
    return entry ? { cursor, located: { entry, stream, revision, ...(accountId !== undefined && { accountId }) } } : { cursor };
  }

  /** All events of limited accounts, one account after the other, each as it was booked. */
  async *ofAccounts(accountIds: readonly string[], { descending, after }: Order): AsyncGenerator<Step> {
    const afterId = after && accountIdOf(after.stream);
    const ids = [...accountIds].sort();
    for (const accountId of descending ? ids.reverse() : ids) {
      if (afterId !== undefined && (descending ? accountId > afterId : accountId < afterId)) continue;
      const from = accountId === afterId ? after : undefined;
      yield* descending ? this.#backwards(accountId, from) : this.#forwards(accountId, from);
    }
  }

  async *#forwards(accountId: string, after: Cursor | undefined): AsyncGenerator<Step> {
    const root = accountRootOf(accountId);
    let stream = after?.stream ?? (await this.#firstOf(root));
    let from = after ? after.revision + 1 : 0;
    while (stream !== undefined) {
      for await (const recorded of this.#read(stream, from)) yield this.#stepOf(recorded);
      const next = await this.#nextOf(stream);
      stream = next === undefined ? undefined : `${root}_${next}`;
      from = 0;
    }
  }

  async #firstOf(root: string): Promise<string | undefined> {
    const first = (await this.#options.streams.accountRoots.load(root)).state?.segment;
    return first === undefined ? undefined : `${root}_${first}`;
  }

  async #nextOf(stream: string): Promise<Segment | undefined> {
    const [last] = await this.#options.store.readStream(stream, { direction: 'backwards', max: 1 });
    const event = last && this.#options.decode(last.type, last.data);
    return event?.type === 'PeriodClosed' ? event.next : undefined;
  }

  async *#backwards(accountId: string, after: Cursor | undefined): AsyncGenerator<Step> {
    const root = accountRootOf(accountId);
    let stream: string | undefined = after?.stream ?? (await this.#lastOf(root));
    let before = after?.revision;
    while (stream !== undefined) {
      let previous: Segment | undefined;
      for await (const recorded of this.#readBackwards(stream, before)) {
        yield this.#stepOf(recorded);
        const event = this.#options.decode(recorded.type, recorded.data);
        if (event?.type === 'PeriodOpened') previous = event.previous;
      }
      stream = previous === undefined ? undefined : `${root}_${previous}`;
      before = undefined;
    }
  }

  async #lastOf(root: string): Promise<string | undefined> {
    let stream = await this.#firstOf(root);
    let last: string | undefined;
    while (stream !== undefined) {
      const [opening] = await this.#options.store.readStream(stream, { max: 1 });
      if (!opening) break; // named by its predecessor, not opened yet
      last = stream;
      const next = await this.#nextOf(stream);
      stream = next === undefined ? undefined : `${root}_${next}`;
    }
    return last;
  }

  async *#read(stream: string, from: number): AsyncGenerator<RecordedEvent> {
    for (let next = from; ; ) {
      const page = await this.#options.store.readStream(stream, { from: next, max: PAGE });
      yield* page;
      if (page.length < PAGE) return;
      next = page[page.length - 1]!.revision + 1;
    }
  }

  async *#readBackwards(stream: string, before: number | undefined): AsyncGenerator<RecordedEvent> {
    for (let next = before === undefined ? undefined : before - 1; next === undefined || next >= 0; ) {
      const page = await this.#options.store.readStream(stream, { direction: 'backwards', max: PAGE, ...(next !== undefined && { from: next }) });
      yield* page;
      if (page.length < PAGE) return;
      next = page[page.length - 1]!.revision - 1;
    }
  }

  /** All events of a book, by day booked; within a day stream by stream, each as it was booked. */
  async *ofBook(bookId: string, range: DayRange, { descending, after }: Order): AsyncGenerator<Step> {
    for await (const day of this.#daysOf(bookId, { range, descending, ...(after && { after }) })) {
      const here = after !== undefined && day.day === after.day;
      if (here && day.stream < after.stream) continue;
      yield* this.#ofDay(day, { descending, ...(here && day.stream === after.stream && { after }) });
    }
  }

  async *#daysOf(bookId: string, { range, descending, after }: Order & { readonly range: DayRange }): AsyncGenerator<EntryDay> {
    const day = dayCondition(descending ? { ...range, until: earlier(range.until, after?.day) } : { ...range, from: later(range.from, after?.day) });
    let last: { readonly values: readonly [string, string]; readonly id: string } | undefined;
    for (;;) {
      const page = await this.#options.days.find({
        where: { bookId, day }, orderBy: [['day', descending ? 'desc' : 'asc'], ['stream', 'asc']], limit: DAYS_PAGE, ...(last && { after: last }),
      });
      for (const { value } of page) yield value;
      const tail = page[page.length - 1];
      if (!tail || page.length < DAYS_PAGE) return;
      last = { values: [tail.value.day, tail.value.stream], id: tail.id };
    }
  }

  async *#ofDay({ stream, day, from, to }: EntryDay, { descending, after }: Order): AsyncGenerator<Step> {
    const events = descending ? this.#readBackwards(stream, after ? after.revision : to + 1) : this.#read(stream, after ? after.revision + 1 : from);
    for await (const recorded of events) {
      if (descending ? recorded.revision < from : recorded.revision > to) return;
      const step = this.#stepOf(recorded, day);
      const entry = step.located?.entry;
      if (entry && dayOf(entry) === day) yield step;
    }
  }
}

const dayCondition = ({ from, until }: DayRange) =>
  from === undefined && until === undefined ? undefined : { ...(from !== undefined && { gte: from }), ...(until !== undefined && { lte: until }) };
const later = (a: BusinessDate | undefined, b: BusinessDate | undefined): BusinessDate | undefined => (a === undefined || (b !== undefined && b > a) ? b : a);
const earlier = (a: BusinessDate | undefined, b: BusinessDate | undefined): BusinessDate | undefined => (a === undefined || (b !== undefined && b < a) ? b : a);

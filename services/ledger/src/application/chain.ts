import type { DeciderHost, Envelope, EventStore, Folded, Handled, Soon } from '@vouchsafe/event-store';
import { type Decider, Fault, type Instant, invariant } from '@vouchsafe/kernel';
import type { Clock, Log } from '@vouchsafe/runtime';
import { monthOf, nextSegment, type Period, type Segment } from '../domain/period.js';

/** What the chain must know of a segment's state. */
export type SegmentState =
  | { readonly step: 'unopened' }
  | { readonly step: 'open'; readonly segment: Segment; readonly previous?: Segment; readonly postedUpTo: Instant; readonly bookId: string; readonly closedThrough?: Period }
  | { readonly step: 'closed'; readonly segment: Segment; readonly previous?: Segment; readonly postedUpTo: Instant; readonly bookId: string; readonly next: Segment };
type ChainCode = 'PERIOD_CLOSED' | 'LOOK_BACK';

export type ChainOptions<S extends SegmentState, C, E extends { readonly type: string }, R extends string> = {
  readonly host: DeciderHost<S, C, E, R | ChainCode>;
  readonly decider: Decider<S, C, E, R | ChainCode>;
  readonly store: Pick<EventStore, 'readStream'>;
  readonly clock: Clock;
  readonly log: Log;
  /** The first segment of a chain; undefined: there is no such chain. */
  readonly firstOf: (root: string) => Promise<Segment | undefined>;
  /** A segment that is surely one of the chain's, the later the better; only to find the last one faster. */
  readonly hintOf: (root: string) => Promise<Segment | undefined>;
  /** Opens the very first segment. */
  readonly openFirst: (root: string, segment: Segment, at: Instant) => Promise<C>;
  /** Opens what comes after a closed one, with its carry-forward. */
  readonly openNext: (closed: Extract<S, { step: 'closed' }>, at: Instant) => C;
  readonly close: (next: Segment, closedThrough: Period | undefined, at: Instant) => C;
  /** The segment that an event of closing names. */
  readonly nextNamedBy: (type: string, data: unknown) => Segment | undefined;
  /** The month running in a book. */
  readonly monthNow: (bookId: string, at: Instant) => Soon<Period>;
  /** The same command, told that what it asks for lies in no segment before. */
  readonly afterLooking: (command: C) => C;
  readonly maxEvents: number;
};

const ROOTS_MAX = 10_000;
/** Segments walked per ask; a chain of a hundred years of months, or a hot one of some weeks from its hint. */
const HOPS_MAX = 100_000;
const CLOSES_MAX = 10;

/** The open segment of a chain, with what of it is asked for with every command. */
type Page = { readonly segment: Segment; readonly stream: string; readonly month: Period };

/**
 * One thing whose stream is continued in ever new segments (the books are closed): finds the open one, goes on to the next
 * when it closed meanwhile, looks into closed ones for a late ask that may have succeeded before, and turns the page when
 * the month ends or the stream grows long.
 */
export class Chain<S extends SegmentState, C, E extends { readonly type: string }, R extends string> {
  readonly #options: ChainOptions<S, C, E, R>;
  /** Open segment by root: at most {@link ROOTS_MAX}, the one remembered longest goes first. */
  readonly #open = new Map<string, Page>();

  constructor(options: ChainOptions<S, C, E, R>) {
    this.#options = options;
  }

  streamOf(root: string, segment: Segment): string {
    return `${root}_${segment}`;
  }

  /**
   * Decides in the open segment, at once where nothing has to be waited for. `occurredAt` bounds how far back a repeat is
   * looked for. Undefined: there is no such chain.
   */
  handle(root: string, command: C, envelope: Envelope, occurredAt: Instant): Soon<Handled<S, E, R> | undefined> {
    const page = this.#open.get(root);
    if (!page) return this.#find(root).then((found) => found && this.#ask(root, found, command, envelope, occurredAt));
    return this.#ask(root, page, command, envelope, occurredAt);
  }

  #ask(root: string, page: Page, command: C, envelope: Envelope, occurredAt: Instant): Soon<Handled<S, E, R> | undefined> {
    const handled = this.#options.host.decide(page.stream, command, envelope);
    if (!(handled instanceof Promise)) return this.#answered(root, page, command, envelope, occurredAt, handled);
    return handled.then((later) => this.#answered(root, page, command, envelope, occurredAt, later));
  }

  /** The page's answer, unless it is one of the chain's own two, which say where to ask instead. */
  #answered(root: string, page: Page, command: C, envelope: Envelope, occurredAt: Instant, handled: Handled<S, E, R | ChainCode>): Soon<Handled<S, E, R> | undefined> {
    if (!handled.ok && handled.code === 'PERIOD_CLOSED') return this.#goOn(root, handled.state).then((next) => this.#ask(root, next, command, envelope, occurredAt));
    if (!handled.ok && handled.code === 'LOOK_BACK') {
      const looking = this.#options.afterLooking(command);
      return this.#lookBack(root, handled.state, looking, occurredAt).then((before) => before ?? this.#ask(root, page, looking, envelope, occurredAt));
    }
    const result = handled as Handled<S, E, R>;
    const turning = result.ok && result.events.length > 0 ? this.#turnPage(root, page, result) : undefined;
    return turning ? turning.then(() => result) : result;
  }

  /** State of the open segment. */
  async load(root: string): Promise<Folded<S> | undefined> {
    const { host } = this.#options;
    let page = this.#open.get(root) ?? (await this.#find(root));
    for (let hops = 0; page !== undefined && hops < HOPS_MAX; hops++) {
      const folded: Folded<S> = await host.load(page.stream);
      if (folded.state.step !== 'closed') return folded;
      page = await this.#goOn(root, folded.state);
    }
    return undefined;
  }

  /** Closes the open segment and opens the next, so that nothing more is booked in months up to `closedThrough`. May be called again. */
  async close(root: string, closedThrough: Period): Promise<void> {
    for (let tries = 0; tries < CLOSES_MAX; tries++) {
      const state = (await this.load(root))?.state;
      if (state?.step !== 'open' || (state.closedThrough !== undefined && state.closedThrough >= closedThrough)) return;
      await this.#roll(root, state, closedThrough); // if the page was turned meanwhile, the fence goes into the next one
    }
    throw new Fault('ABORTED', `${root} turns its pages faster than it can be closed; try again`);
  }

  async #roll(root: string, state: SegmentState & { readonly step: 'open' }, closedThrough: Period | undefined): Promise<void> {
    const { host, close, monthNow, clock } = this.#options;
    const at = clock.now();
    const stream = this.streamOf(root, state.segment);
    const next = nextSegment(state.segment, await monthNow(state.bookId, at));
    const commandId = `close/${stream}`;
    const closed = await host.handle(stream, close(next, closedThrough, at), { commandId, correlation: root, principal: 'svc_ledger', at });
    if (closed.state.step === 'closed') await this.#goOn(root, closed.state);
  }

  /** Turns the page when the month is over or the segment long enough; undefined: it is not. The answer that caused it stands whatever happens here. */
  #turnPage(root: string, page: Page, { state, revision }: Handled<S, E, R>): Promise<void> | undefined {
    if (state.step !== 'open') return undefined;
    const { maxEvents, monthNow, clock } = this.#options;
    const month = monthNow(state.bookId, clock.now());
    if (revision + 1 < maxEvents && !(month instanceof Promise) && month <= page.month) return undefined;
    return this.#turned(root, page, state, revision, month);
  }
  async #turned(root: string, page: Page, state: SegmentState & { readonly step: 'open' }, revision: number, month: Soon<Period>): Promise<void> {
    const { maxEvents, log } = this.#options;
    try {
      if (revision + 1 < maxEvents && (await month) <= page.month) return;
      await this.#roll(root, state, undefined);
    } catch (error) {
      log.warn({ root, segment: page.segment, error: String(error) }, 'the page could not be turned; the next command tries again');
    }
  }

  /** Opens (unless it is open) what follows a closed segment. */
  async #goOn(root: string, state: S): Promise<Page> {
    invariant(state.step === 'closed', 'only a closed segment has a next one');
    const { host, openNext, clock } = this.#options;
    const open = this.#open.get(root);
    if (open?.segment === state.next) return open;
    const at = clock.now();
    const stream = this.streamOf(root, state.next);
    const envelope = { commandId: `open/${stream}`, correlation: root, principal: 'svc_ledger', at };
    await host.handle(stream, openNext(state as Extract<S, { step: 'closed' }>, at), envelope);
    return this.#remember(root, state.next);
  }

  #remember(root: string, segment: Segment): Page {
    if (this.#open.size >= ROOTS_MAX && !this.#open.has(root)) this.#open.delete(this.#open.keys().next().value!);
    const page = { segment, stream: this.streamOf(root, segment), month: monthOf(segment) };
    this.#open.set(root, page);
    return page;
  }

  /** The open segment of a chain that was not asked for lately; undefined: there is no such chain. */
  async #find(root: string): Promise<Page | undefined> {
    const { firstOf, hintOf, host, openFirst, clock } = this.#options;
    const at = clock.now();
    const first = await firstOf(root);
    if (first === undefined) return undefined;
    const last = await this.#follow(root, (await hintOf(root)) ?? first);
    if (last.exists) return this.#remember(root, last.segment);
    if (last.previous !== undefined) return this.#goOn(root, (await host.load(this.streamOf(root, last.previous))).state);
    const stream = this.streamOf(root, last.segment);
    await host.handle(stream, await openFirst(root, last.segment, at), { commandId: `open/${stream}`, correlation: root, principal: 'svc_ledger', at });
    return this.#remember(root, last.segment);
  }

  /** The last segment named by the chain; it may have been named and not opened, by a process that ended in between. */
  async #follow(root: string, from: Segment): Promise<{ segment: Segment; exists: boolean; previous?: Segment }> {
    const { store, nextNamedBy } = this.#options;
    let segment = from;
    let previous: Segment | undefined;
    for (let hops = 0; hops < HOPS_MAX; hops++) {
      const [last] = await store.readStream(this.streamOf(root, segment), { direction: 'backwards', max: 1 });
      if (!last) return { segment, exists: false, ...(previous !== undefined && { previous }) };
      const next = nextNamedBy(last.type, last.data);
      if (next === undefined) return { segment, exists: true };
      previous = segment;
      segment = next;
    }
    invariant(false, 'a chain of segments has an end');
  }

  async #lookBack(root: string, state: S, command: C, occurredAt: Instant): Promise<Handled<S, E, R> | undefined> {
    const { host, decider } = this.#options;
    let previous = state.step === 'unopened' ? undefined : state.previous;
    for (let hops = 0; previous !== undefined && hops < HOPS_MAX; hops++) {
      const folded: Folded<S> = await host.load(this.streamOf(root, previous));
      const decision = decider.decide(command, folded.state);
      if (decision.ok) return { ok: true, ...folded, events: [], position: undefined };
      if (decision.code !== 'PERIOD_CLOSED' && decision.code !== 'LOOK_BACK') {
        return { ok: false, state: folded.state, revision: folded.revision, code: decision.code, details: decision.details };
      }
      const before: S = folded.state;
      previous = before.step === 'unopened' || occurredAt > before.postedUpTo ? undefined : before.previous;
    }
    return undefined;
  }
}

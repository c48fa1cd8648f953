import type { RecordedEvent } from '@vouchsafe/event-store';
import { TrialBalance } from './books.js';
import { nameIn } from './known-events.js';
import { OrderBook } from './orders.js';
import { SalesBook } from './sales.js';
import { type Fields, fieldsOf, listAt, maybeTextAt, type Range, tellIn, textAt, textOf, Unreadable } from './strict.js';
import { UseBook } from './uses.js';

/** What an audit of a whole log found. */
export type Findings = {
  readonly events: number;
  readonly streams: number;
  readonly ordersByState: Readonly<Record<string, number>>;
  readonly reasons: Readonly<Record<string, number>>;
  readonly verdicts: Readonly<Record<string, number>>;
  readonly verdictReasons: Readonly<Record<string, number>>;
  readonly redemptions: number;
  readonly disclosures: number;
  readonly units: Readonly<Record<string, number>>;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly entries: number;
  readonly trialBalance: readonly (readonly [string, string, string, bigint])[];
  readonly ledgerSums: Readonly<Record<string, bigint>>;
  /** What must not be, by check; all empty where the log keeps its promises. */
  readonly violations: Readonly<Record<'integrity' | 'codes' | 'redemptions' | 'books' | 'orders', readonly string[]>>;
};

/**
 * Whether one process records a log, or several do, each by its own clock: then what follows in the log may be recorded a moment
 * earlier, except within a stream, whose every writer has seen what it follows.
 */
export type Recorders = 'one' | 'several';

const count = (into: Record<string, number>, word: string): void => { into[word] = (into[word] ?? 0) + 1; };
const quantile = (sorted: readonly number[], share: number): number => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;

/**
 * Folds a log event by event, in order. It shares no code with the services: what it proves, it proves by itself. An event that it
 * cannot read is a finding, not a pass.
 */
export class Auditor {
  readonly #revisions = new Map<string, number>();
  readonly #orders = new OrderBook();
  readonly #uses = new UseBook();
  readonly #sales = new SalesBook();
  readonly #books = new TrialBalance();
  readonly #integrity: string[] = [];
  readonly #verdicts: Record<string, number> = {};
  readonly #verdictReasons: Record<string, number> = {};
  #events = 0;
  #disclosures = 0;
  /** By stream, or for the whole log where one process records it. */
  readonly #recordedAt = new Map<string, number>();

  constructor(readonly recorders: Recorders = 'one') {}

  see(event: RecordedEvent): void {
    this.#events++;
    this.#whole(event);
    try {
      this.#read(event);
    } catch (error) {
      if (!(error instanceof Unreadable)) throw error;
      tellIn(this.#integrity, `${event.stream} ${event.revision} ${event.type}: ${error.message}`);
    }
  }

  #read(event: RecordedEvent): void {
    const { stream } = event;
    const { category, name } = nameIn(event);
    const data = fieldsOf(event.data, 'data');
    if (category === 'pool') this.#sales.stock(name, data);
    else if (category === 'grant') this.#grant(name, stream, data);
    else if (category === 'order') this.#orders.see(name, event, data);
    else if (category === 'verdict' && name === 'VerdictGiven') this.#verdict(data);
    else if (name === 'FundsCaptured' || name === 'EntryPosted') this.#entry(category, name, stream, data);
  }

  /** The bytes themselves were proved by whoever opened the log. */
  #whole({ stream, revision, recordedAt }: RecordedEvent): void {
    const before = this.#revisions.get(stream) ?? -1;
    if (revision !== before + 1) tellIn(this.#integrity, `${stream}: revision ${revision} after ${before}`);
    const clock = this.recorders === 'one' ? '' : stream;
    if (recordedAt < (this.#recordedAt.get(clock) ?? 0)) tellIn(this.#integrity, `${stream} ${revision}: recorded before its predecessor`);
    this.#recordedAt.set(clock, recordedAt);
    this.#revisions.set(stream, revision);
  }

  #grant(name: string, stream: string, data: Fields): void {
    if (name === 'GrantActivated') {
      this.#sales.granted(data);
      this.#orders.granted(data);
    } else if (name === 'UnitsDisclosed') {
      this.#disclosures++;
      this.#sales.disclosed(data);
    }
    this.#uses.see(name, stream, data);
  }

  #entry(category: string, name: string, stream: string, data: Fields): void {
    const order = this.#books.post(stream, data);
    if (name !== 'FundsCaptured') return;
    if (category !== 'account') tellIn(this.#integrity, `${stream}: a capture outside an account`);
    this.#orders.told(textOf(order, 'order'), 'money captured');
  }

  /** `allow` and no reasons are left out. */
  #verdict(data: Fields): void {
    textAt(data, 'orderId');
    count(this.#verdicts, maybeTextAt(data, 'verdict') ?? 'allow');
    if (data.reasons !== undefined) for (const reason of listAt(data, 'reasons')) count(this.#verdictReasons, textOf(reason, 'reasons'));
  }

  /** Ranges of units that are our stock now. */
  inStock(): Iterable<Range> {
    return this.#sales.units.inStock();
  }

  findings(): Findings {
    const { byState, took, violations: orders } = this.#orders.results();
    const sums = this.#books.sums();
    const unbalanced = Object.entries(sums).filter(([, sum]) => sum !== 0n).map(([key, sum]) => `${key}: ${sum}`);
    return {
      events: this.#events, streams: this.#revisions.size, ordersByState: byState, reasons: this.#orders.reasons, verdicts: this.#verdicts,
      verdictReasons: this.#verdictReasons, redemptions: this.#uses.redemptions, disclosures: this.#disclosures, units: this.#sales.units.counts(),
      p50Ms: quantile(took, 0.5), p99Ms: quantile(took, 0.99), entries: this.#books.entries, trialBalance: this.#books.rows(), ledgerSums: sums,
      violations: {
        integrity: this.#integrity, codes: this.#sales.units.violations, redemptions: this.#uses.violations, books: [...this.#books.violations, ...unbalanced], orders,
      },
    };
  }
}

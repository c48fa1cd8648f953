import type { Json } from '@vouchsafe/codec';
import type { RecordedEvent } from '@vouchsafe/event-store';
import { TrialBalance } from './books.js';
import { type Range, rangesIn, UnitBook } from './units.js';

type Fields = Readonly<Record<string, Json>>;
type Unit = { readonly batchId: string; readonly index: number };
type OrderSeen = { readonly placedAt: number; endedAt: number; state: string };

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

const VIOLATIONS_MAX = 20;
const count = (into: Record<string, number>, word: string): void => {
  if (word) into[word] = (into[word] ?? 0) + 1;
};
const quantile = (sorted: readonly number[], share: number): number => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;

/** Folds a log event by event, in order. It shares no code with the services: what it proves, it proves by itself. */
export class Auditor {
  readonly #revisions = new Map<string, number>();
  readonly #orders = new Map<string, OrderSeen>();
  readonly #uses = new Map<string, number>();
  readonly #single = new Map<string, number>();
  readonly #units = new UnitBook();
  readonly #books = new TrialBalance();
  readonly #integrity: string[] = [];
  readonly #twice: string[] = [];
  readonly #reasons: Record<string, number> = {};
  readonly #verdicts: Record<string, number> = {};
  readonly #verdictReasons: Record<string, number> = {};
  #events = 0;
  #redemptions = 0;
  #disclosures = 0;
  #recordedAt = 0;

  see(event: RecordedEvent): void {
    this.#events++;
    this.#whole(event);
    const [, name = ''] = event.type.split('.');
    const data = event.data as Fields;
    if (event.stream.startsWith('pool-')) this.#stock(name, data);
    else if (event.stream.startsWith('grant-')) this.#grant(name, event.stream, data);
    else if (event.stream.startsWith('order-')) this.#order(name, event, data);
    else if (event.stream.startsWith('verdict-')) this.#verdict(data);
    else if (name === 'FundsCaptured' || name === 'EntryPosted') this.#books.post(event.data);
    if (name === 'FundsCaptured' && !event.stream.startsWith('account-')) this.#integrity.push(`${event.stream}: a capture outside an account`);
  }

  /** The bytes themselves were proved by whoever opened the log. */
  #whole({ stream, revision, recordedAt }: RecordedEvent): void {
    if (this.#integrity.length > VIOLATIONS_MAX) return;
    const before = this.#revisions.get(stream) ?? -1;
    if (revision !== before + 1) this.#integrity.push(`${stream}: revision ${revision} after ${before}`);
    if (recordedAt < this.#recordedAt) this.#integrity.push(`${stream} ${revision}: recorded before its predecessor`);
    this.#recordedAt = recordedAt;
    this.#revisions.set(stream, revision);
  }

  #stock(name: string, data: Fields): void {
    if (name === 'StockReceived') this.#units.received(rangesIn(data, 'segments'));
    else if (name === 'VouchersReserved') {
      this.#units.reserved(rangesIn(data));
      this.#reserve(data);
    } else if (name === 'ReservationCommitted') {
      this.#units.committed(rangesIn(data));
      this.#forget(data);
    } else if (name === 'ReservationReleased') {
      this.#units.freed(rangesIn(data));
      this.#forget(data);
    } else if (name === 'UnitsReturned') this.#units.freed(rangesIn(data));
    else if (name === 'UnitsLost') this.#units.lost(rangesIn(data));
    else if (name === 'ReservationsExpired') for (const expired of data.expired as readonly Fields[]) this.#expire(expired);
  }

  /** Ranges of open reservations, for an expiry names none. */
  readonly #open = new Map<string, Fields>();
  #reserve(data: Fields): void {
    this.#open.set(reservationIn(data), data);
  }
  #forget(data: Fields): void {
    this.#open.delete(reservationIn(data));
  }
  #expire(expired: Fields): void {
    const id = reservationIn(expired);
    const data = this.#open.get(id);
    if (data) this.#units.freed(rangesIn(data));
    this.#open.delete(id);
  }

  #grant(name: string, stream: string, data: Fields): void {
    if (name === 'GrantActivated') {
      this.#units.granted(rangesIn(data));
      const { usage, times = 1 } = data.terms as { readonly usage?: string; readonly times?: number };
      this.#single.set(stream, usage === 'balance' ? Number.POSITIVE_INFINITY : usage === 'times' ? times : 1);
    } else if (name === 'UnitsDisclosed') {
      this.#disclosures++;
      this.#units.disclosed(rangesIn(data));
    } else if (name === 'VoucherRedeemed') {
      this.#redemptions++;
      this.#use(stream, data.voucherUnit as Unit, 1);
    } else if (name === 'RedemptionReversed') this.#use(stream, data.unit as Unit, -1);
  }
  #use(stream: string, { batchId, index }: Unit, by: number): void {
    const key = `${stream}/${batchId}#${index}`;
    const uses = (this.#uses.get(key) ?? 0) + by;
    this.#uses.set(key, uses);
    if (uses > (this.#single.get(stream) ?? 0) && this.#twice.length < VIOLATIONS_MAX) this.#twice.push(`${key}: used ${uses} times`);
  }

  #order(name: string, { stream, recordedAt }: RecordedEvent, data: Fields): void {
    const id = stream.slice('order-'.length);
    if (name === 'OrderPlaced') this.#orders.set(id, { placedAt: recordedAt, endedAt: 0, state: 'OPEN' });
    const waiting = WAITS[name];
    const known = this.#orders.get(id);
    if (waiting && known) known.state = waiting;
    const state = ENDS[name];
    if (!state) return;
    count(this.#reasons, typeof data.reason === 'string' ? data.reason : '');
    const order = this.#orders.get(id) ?? { placedAt: recordedAt, endedAt: 0, state };
    order.state = state;
    order.endedAt = recordedAt;
    this.#orders.set(id, order);
  }

  #verdict(data: Fields): void {
    count(this.#verdicts, (data.verdict ?? 'allow') as string);
    for (const reason of (data.reasons ?? []) as readonly string[]) count(this.#verdictReasons, reason);
  }

  /** Ranges of units that are our stock now. */
  inStock(): Iterable<Range> {
    return this.#units.inStock();
  }

  findings(): Findings {
    const byState: Record<string, number> = {};
    const took: number[] = [];
    for (const { state, placedAt, endedAt } of this.#orders.values()) {
      count(byState, state);
      if (state === 'COMPLETED') took.push(endedAt - placedAt);
    }
    took.sort((a, b) => a - b);
    const sums = this.#books.sums();
    const unbalanced = Object.entries(sums).filter(([, sum]) => sum !== 0n).map(([key, sum]) => `${key}: ${sum}`);
    return {
      events: this.#events, streams: this.#revisions.size, ordersByState: byState, reasons: this.#reasons, verdicts: this.#verdicts,
      verdictReasons: this.#verdictReasons, redemptions: this.#redemptions, disclosures: this.#disclosures, units: this.#units.counts(),
      p50Ms: quantile(took, 0.5), p99Ms: quantile(took, 0.99), entries: this.#books.entries, trialBalance: this.#books.rows(), ledgerSums: sums,
      violations: {
        integrity: this.#integrity, codes: this.#units.violations, redemptions: this.#twice, books: [...this.#books.violations, ...unbalanced],
        orders: [...this.#orders].filter(([, { state }]) => state === 'OPEN').slice(0, VIOLATIONS_MAX).map(([id]) => `${id} has not ended`),
      },
    };
  }
}

/** A reservation is named after its order's line, unless the event says otherwise. */
const reservationIn = (data: Fields): string => {
  const { reservationId, orderId, lineId } = data.claim as { readonly reservationId?: string; readonly orderId: string; readonly lineId: string };
  return reservationId ?? `rsv_${orderId.slice(orderId.indexOf('_') + 1)}.${lineId}`;
};

const WAITS: Readonly<Record<string, string>> = { ReviewBegun: 'IN_REVIEW', ReviewResolved: 'OPEN', PaymentAwaited: 'AWAITING_PAYMENT', PaymentReceived: 'OPEN' };
const ENDS: Readonly<Record<string, string>> = {
  OrderCompleted: 'COMPLETED', OrderRejected: 'REJECTED', OrderRefused: 'REJECTED', OrderCancelled: 'CANCELLED',
};

import type { Answer, CommandEnvelope } from '@vouchsafe/bus';
import type { CommandOf, CostedRange, commitReservation, releaseReservation, ResultOf, reserveVouchers, returnUnits } from '@vouchsafe/contracts';
import type { DeciderHost, Envelope, Handled } from '@vouchsafe/event-store';
import type { Journal, JournalEntry } from '@vouchsafe/journal';
import { Fault, invariant } from '@vouchsafe/kernel';
import { type Clock, eventIdOf } from '@vouchsafe/runtime';
import type { BuyerLimit, BuyerLimitCommand, BuyerLimitEvent } from '../domain/buyer-limit.js';
import { recall } from '../domain/pending.js';
import type { Claim, Sale, Stock, StockCommand, StockEvent, StockRejection, Units } from '../domain/stock-types.js';
import { type GiveBack, giveBacksOf } from '../domain/give-backs.js';
import { InTurn } from './in-turn.js';
import type { SalesPast } from './sales-past.js';
import { buyerLimitStream, poolStream } from './streams.js';

export type PoolHost = DeciderHost<Stock, StockCommand, StockEvent, StockRejection>;
export type BuyerLimitHost = DeciderHost<BuyerLimit, BuyerLimitCommand, BuyerLimitEvent, 'BUYER_LIMIT_REACHED'>;
export type PoolsOptions = { readonly pools: PoolHost; readonly limits: BuyerLimitHost; readonly past: SalesPast; readonly journal: Journal; readonly clock: Clock };

export type PoolAnswer = Handled<Stock, StockEvent, StockRejection>;
type InLog = Extract<JournalEntry, { type: 'Returned' }>['inLog'];
/** Times a past read a moment ago may have become stale before the asker is told to come again. */
const STALE_RETRIES = 5;

/** Reserving, committing, releasing and returning vouchers: the buyer's limit and the pool, kept in step. */
export class Pools {
  readonly #options: PoolsOptions;
  readonly #reservations = new InTurn();
  constructor(options: PoolsOptions) {
    this.#options = options;
  }

  /** Buyer limit first, then stock; what stock refuses goes back to the limit. Idempotent by reservation. */
  reserve(command: CommandOf<typeof reserveVouchers>, envelope: CommandEnvelope): Promise<Answer<ResultOf<typeof reserveVouchers>>> {
    return this.#reservations.run(command.reservationId, async () => {
      const { reservationId, productId, orderId, lineId, channelId, listingId, quantity, quota, buyerToken, buyerLimit, minValidUntil, notAfter, heldUntil } = command;
      const limited = buyerToken !== undefined && !!buyerLimit;
      const at = this.#options.clock.now();
      if (limited) {
        const taken = await this.#limit(listingId, buyerToken, envelope, { type: 'TakeFromLimit', reservationId, productId, quantity, limit: buyerLimit, notAfter, at });
        if (!taken.ok) return no(taken.code, taken.details);
      }
      const claim: Claim = { reservationId, orderId, lineId, channelId, listingId, ...(limited && { buyerToken }) };
      const answer = await this.decide(productId, { type: 'ReserveVouchers', claim, quantity, quota, minValidUntil, notAfter, heldUntil, at }, envelope);
      if (answer.ok) return yes({});
      if (!holds(answer.state, reservationId)) await this.giveBack({ claim, giveBackId: 'refused' }, envelope);
      return no(answer.code, answer.details);
    });
  }

  /** The units are the order's from here. Idempotent by reservation, for ever. */
  async commit({ reservationId, productId }: CommandOf<typeof commitReservation>, envelope: CommandEnvelope): Promise<Answer<ResultOf<typeof commitReservation>>> {
    const answer = await this.decide(productId, { type: 'CommitReservation', reservationId, at: this.#options.clock.now() }, envelope);
    if (!answer.ok && answer.code !== 'RESERVATION_UNKNOWN') return no(answer.code, answer.details);
    const closed = recall(answer.state.memory, reservationId);
    if (closed?.kind === 'expired') return no('RESERVATION_EXPIRED');
    const sale = closed?.kind === 'committed' ? closed : await this.#options.past.find(poolStream(productId), reservationId);
    if (!sale) return no('RESERVATION_UNKNOWN');
    if ('released' in sale && sale.released) return no('RESERVATION_RELEASED');
    await this.#journalCommit(productId, sale, answer, envelope);
    return yes({ ranges: costed(sale.ranges, answer.state) });
  }

  /** Undoes a reservation, open or committed. Idempotent; a reservation never seen is remembered, so that it fails when it comes. */
  release({ reservationId, productId, notAfter, reason }: CommandOf<typeof releaseReservation>, envelope: CommandEnvelope): Promise<Answer<ResultOf<typeof releaseReservation>>> {
    return this.#reservations.run(reservationId, async () => {
      const answer = await this.#withPast(productId, reservationId, (known) =>
        this.decide(productId, { type: 'ReleaseReservation', reservationId, notAfter, reason, known, at: this.#options.clock.now() }, envelope));
      invariant(answer.ok, 'a release is never refused');
      return yes({});
    });
  }

  /** Puts undisclosed, refunded units back on sale. Idempotent by refund, for ever. */
  async returnUnits({ refundId, reservationId, productId, ranges }: CommandOf<typeof returnUnits>, envelope: CommandEnvelope): Promise<Answer<ResultOf<typeof returnUnits>>> {
    const stream = poolStream(productId);
    const { state } = await this.#options.pools.load(stream);
    if (!recall(state.memory, refundId) && (await this.#options.past.returned(stream, refundId))) return yes({});
    const answer = await this.#withPast(productId, reservationId, (known) =>
      this.decide(productId, { type: 'ReturnUnits', refundId, reservationId, ranges, known, at: this.#options.clock.now() }, envelope));
    return answer.ok ? yes({}) : no(answer.code, answer.details);
  }

  /** Asks a product's pool; what it gives back reaches the buyers' limits. */
  async decide(productId: string, command: StockCommand, envelope: Envelope): Promise<PoolAnswer> {
    const answer = await this.#options.pools.handle(poolStream(productId), command, { ...envelope, at: command.at });
    if (!answer.ok) return answer;
    for (const [i, event] of answer.events.entries()) {
      this.#journalBack(productId, event, { stream: poolStream(productId), revision: answer.revision - answer.events.length + 1 + i, eventId: eventIdOf(envelope.commandId, i) });
      for (const giveBack of giveBacksOf(event)) await this.giveBack(giveBack, envelope);
    }
    return answer;
  }

  /** Gives units back to a buyer's limit, where the listing has one. Idempotent; repeated by a deadline if a crash came between. */
  async giveBack({ claim: { listingId, buyerToken, reservationId }, giveBackId, quantity }: GiveBack, envelope: Envelope): Promise<void> {
    if (buyerToken === undefined) return;
    const answer = await this.#limit(listingId, buyerToken, envelope, { type: 'GiveBackToLimit', reservationId, giveBackId, quantity, at: this.#options.clock.now() });
    invariant(answer.ok, 'giving back is never refused');
  }

  async state(productId: string): Promise<Stock> {
    return (await this.#options.pools.load(poolStream(productId))).state;
  }
  /** Whether the pool knows the reservation as open or sold, now or in its past. */
  async knows(productId: string, reservationId: string): Promise<boolean> {
    if (holds(await this.state(productId), reservationId)) return true;
    const sale = await this.#options.past.find(poolStream(productId), reservationId);
    return sale !== undefined && !sale.released;
  }

  #limit(listingId: string, buyerToken: string, envelope: Envelope, command: BuyerLimitCommand) {
    const commandId = `${envelope.commandId}/${command.type}/${command.reservationId}`;
    return this.#options.limits.handle(buyerLimitStream(listingId, buyerToken), command, { ...envelope, commandId, at: command.at });
  }

  /** Asks with what the pool has forgotten of the reservation, and again if units came back meanwhile. */
  async #withPast(productId: string, reservationId: string, ask: (known: Sale | undefined) => Promise<PoolAnswer>): Promise<PoolAnswer> {
    for (let attempt = 0; attempt < STALE_RETRIES; attempt++) {
      const state = await this.state(productId);
      const remembered = state.open.has(reservationId) || recall(state.memory, reservationId) !== undefined;
      const sale = remembered ? undefined : await this.#options.past.find(poolStream(productId), reservationId);
      const answer = await ask(sale && { claim: sale.claim, out: sale.out, asOf: state.giveBacks });
      if (answer.ok || answer.code !== 'HISTORY_STALE') return answer;
    }
    throw new Fault('ABORTED', 'the pool is taking back other units too fast just now; try again');
  }

  /** Also for a repeated commit: the first answer may have died with its process before the journal had it. */
  async #journalCommit(productId: string, sale: { claim: Claim; ranges: readonly Units[]; revision: number }, answer: PoolAnswer, { commandId, principal }: CommandEnvelope): Promise<void> {
    const fresh = answer.ok && answer.events.length > 0;
    const stream = poolStream(productId);
    const eventId = fresh ? eventIdOf(commandId, 0) : await this.#options.past.eventIdAt(stream, sale.revision);
    invariant(eventId !== undefined, 'a committed reservation has its event');
    const { reservationId, orderId, lineId } = sale.claim;
    const inLog = { stream, revision: sale.revision, eventId };
    this.#options.journal.record({ type: 'Committed', reservationId, productId, orderId, lineId, principal, ranges: sale.ranges.map(plainUnits), inLog });
  }
  #journalBack(productId: string, event: StockEvent, inLog: InLog): void {
    if (event.type !== 'UnitsReturned' && !(event.type === 'ReservationReleased' && event.was === 'committed')) return;
    this.#options.journal.record({ type: 'Returned', reservationId: event.claim.reservationId, productId, ranges: event.ranges.map(plainUnits), inLog });
  }
}

const holds = ({ open, memory }: Stock, reservationId: string): boolean => open.has(reservationId) || recall(memory, reservationId)?.kind === 'committed';
const yes = <T>(result: T): Answer<T> => ({ ok: true, result });
type Details = Readonly<Record<string, string>>;
const no = (code: string, details: Details = {}): { readonly ok: false; readonly code: string; readonly details: Details } => ({ ok: false, code, details });
const plainUnits = ({ batchId, from, to }: Units): { batchId: string; from: number; to: number } => ({ batchId, from, to });

/** Ranges with what their batch says about cost and supplier. */
const costed = (ranges: readonly Units[], { batches }: Stock): readonly CostedRange[] =>
  ranges.map(({ batchId, from, to, validUntil }) => {
    const { supplierId, terms, unitCostMicros, unitTaxMicros, currency } = batches.get(batchId)!.terms;
    return { batchId, from, to, supplierId, terms, unitCostMicros, unitTaxMicros, currency, ...(validUntil !== undefined && { validUntil }) };
  });

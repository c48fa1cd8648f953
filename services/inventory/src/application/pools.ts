import type { Answer, CommandEnvelope } from '@vouchsafe/bus';
import type { CommandOf, CostedRange, commitReservation, releaseReservation, ResultOf, reserveVouchers, returnUnits } from '@vouchsafe/contracts';
import { type DeciderHost, type Envelope, type Handled, InTurn, type Soon } from '@vouchsafe/event-store';
import type { Journal, JournalEntry } from '@vouchsafe/journal';
import { Fault, type Instant, invariant } from '@vouchsafe/kernel';
import { type Clock, eventIdOf } from '@vouchsafe/runtime';
import type { BuyerLimit, BuyerLimitCommand, BuyerLimitEvent } from '../domain/buyer-limit.js';
import { recall } from '../domain/pending.js';
import type { Claim, Closed, Sale, Stock, StockCommand, StockEvent, StockRejection, Units } from '../domain/stock-types.js';
import { type GiveBack, giveBacksOf } from '../domain/give-backs.js';
import type { PastSale, SalesPast } from './sales-past.js';
import { buyerLimitStream, poolStream } from './streams.js';

export type PoolHost = DeciderHost<Stock, StockCommand, StockEvent, StockRejection>;
export type BuyerLimitHost = DeciderHost<BuyerLimit, BuyerLimitCommand, BuyerLimitEvent, 'BUYER_LIMIT_REACHED'>;
export type PoolsOptions = { readonly pools: PoolHost; readonly limits: BuyerLimitHost; readonly past: SalesPast; readonly journal: Journal; readonly clock: Clock };

type Reserve = CommandOf<typeof reserveVouchers>;
type Commit = CommandOf<typeof commitReservation>;
type Committed = ResultOf<typeof commitReservation>;
export type PoolAnswer = Handled<Stock, StockEvent, StockRejection>;
type InLog = Extract<JournalEntry, { type: 'Returned' }>['inLog'];
/** Times a past read a moment ago may have become stale before the asker is told to come again. */
const STALE_RETRIES = 5;
/** Most pools whose stream's name is kept at hand. */
const STREAMS_MAX = 10_000;

/** Reserving, committing, releasing and returning vouchers: the buyer's limit and the pool, kept in step. */
export class Pools {
  readonly #options: PoolsOptions;
  readonly #reservations = new InTurn();
  readonly #streams = new Map<string, string>();
  constructor(options: PoolsOptions) {
    this.#options = options;
  }

  /** Buyer limit first, then stock; what stock refuses goes back to the limit. Idempotent by reservation. */
  reserve(command: Reserve, envelope: CommandEnvelope): Soon<Answer<ResultOf<typeof reserveVouchers>>> {
    return this.#reservations.run(command.reservationId, () => {
      const at = this.#options.clock.now();
      const { buyerToken, buyerLimit } = command;
      if (buyerToken === undefined || !buyerLimit) return this.#reserve(command, claimOf(command), envelope, at);
      return this.#reserveLimited(command, buyerToken, buyerLimit, envelope, at);
    });
  }
  async #reserveLimited(command: Reserve, buyerToken: string, limit: number, envelope: CommandEnvelope, at: Instant): Promise<Answer<ResultOf<typeof reserveVouchers>>> {
    const { reservationId, productId, listingId, quantity, notAfter } = command;
    const taken = await this.#limit(listingId, buyerToken, envelope, { type: 'TakeFromLimit', reservationId, productId, quantity, limit, notAfter, at });
    return taken.ok ? this.#reserve(command, { ...claimOf(command), buyerToken }, envelope, at) : no(taken.code, taken.details);
  }
  #reserve(command: Reserve, claim: Claim, envelope: CommandEnvelope, at: Instant): Soon<Answer<ResultOf<typeof reserveVouchers>>> {
    const { productId, quantity, quota, minValidUntil, notAfter, heldUntil } = command;
    const answer = this.decide(productId, { type: 'ReserveVouchers', claim, quantity, quota, minValidUntil, notAfter, heldUntil, at }, envelope);
    return answer instanceof Promise ? answer.then((later) => this.#reserved(later, claim, envelope)) : this.#reserved(answer, claim, envelope);
  }
  #reserved(answer: PoolAnswer, claim: Claim, envelope: CommandEnvelope): Soon<Answer<ResultOf<typeof reserveVouchers>>> {
    if (answer.ok) return DONE;
    const refused = no(answer.code, answer.details);
    if (claim.buyerToken === undefined || holds(answer.state, claim.reservationId)) return refused;
    return this.giveBack({ claim, giveBackId: 'refused' }, envelope).then(() => refused);
  }

  /** The units are the order's from here. Idempotent by reservation, for ever. */
  commit(command: Commit, envelope: CommandEnvelope): Soon<Answer<Committed>> {
    const { reservationId, productId } = command;
    const answer = this.decide(productId, { type: 'CommitReservation', reservationId, at: this.#options.clock.now() }, envelope);
    return answer instanceof Promise ? answer.then((later) => this.#committed(command, later, envelope)) : this.#committed(command, answer, envelope);
  }
  #committed({ reservationId, productId }: Commit, answer: PoolAnswer, envelope: CommandEnvelope): Soon<Answer<Committed>> {
    if (!answer.ok && answer.code !== 'RESERVATION_UNKNOWN') return no(answer.code, answer.details);
    const closed = recall(answer.state.memory, reservationId);
    if (closed?.kind === 'expired') return no('RESERVATION_EXPIRED');
    if (closed?.kind !== 'committed' || !answer.ok || answer.events.length === 0) return this.#committedBefore(productId, reservationId, closed, answer, envelope);
    this.#journalCommit(productId, closed, eventIdOf(envelope.commandId, 0), envelope);
    return yes({ ranges: costed(closed.ranges, answer.state) });
  }
  async #committedBefore(productId: string, reservationId: string, closed: Closed | undefined, answer: PoolAnswer, envelope: CommandEnvelope): Promise<Answer<Committed>> {
    const { past } = this.#options;
    const stream = this.#streamOf(productId);
    const sale = closed?.kind === 'committed' ? closed : await past.find(stream, reservationId);
    if (!sale) return no('RESERVATION_UNKNOWN');
    if ('released' in sale && sale.released) return no('RESERVATION_RELEASED');
    // Journaled again: the first answer may have died with its process before the journal had it.
    const eventId = await past.eventIdAt(stream, sale.revision);
    invariant(eventId !== undefined, 'a committed reservation has its event');
    this.#journalCommit(productId, sale, eventId, envelope);
    return yes({ ranges: costed(sale.ranges, answer.state) });
  }

  /** Undoes a reservation, open or committed. Idempotent; a reservation never seen is remembered, so that it fails when it comes. */
  release({ reservationId, productId, notAfter, reason }: CommandOf<typeof releaseReservation>, envelope: CommandEnvelope): Soon<Answer<ResultOf<typeof releaseReservation>>> {
    return this.#reservations.run(reservationId, async () => {
      const answer = await this.#withPast(productId, reservationId, (known) =>
        this.decide(productId, { type: 'ReleaseReservation', reservationId, notAfter, reason, known, at: this.#options.clock.now() }, envelope));
      invariant(answer.ok, 'a release is never refused');
      return DONE;
    });
  }

  /** Puts undisclosed, refunded units back on sale. Idempotent by refund, for ever. */
  async returnUnits({ refundId, reservationId, productId, ranges }: CommandOf<typeof returnUnits>, envelope: CommandEnvelope): Promise<Answer<ResultOf<typeof returnUnits>>> {
    const stream = this.#streamOf(productId);
    const { state } = await this.#options.pools.look(stream);
    if (!recall(state.memory, refundId) && (await this.#options.past.returned(stream, refundId))) return DONE;
    const answer = await this.#withPast(productId, reservationId, (known) =>
      this.decide(productId, { type: 'ReturnUnits', refundId, reservationId, ranges, known, at: this.#options.clock.now() }, envelope));
    return answer.ok ? DONE : no(answer.code, answer.details);
  }

  /** Asks a product's pool; what it gives back reaches the buyers' limits. */
  decide(productId: string, command: StockCommand, envelope: Envelope): Soon<PoolAnswer> {
    const answer = this.#options.pools.decide(this.#streamOf(productId), command, dated(envelope, command.at));
    return answer instanceof Promise ? answer.then((later) => this.#followed(productId, later, envelope)) : this.#followed(productId, answer, envelope);
  }
  #followed(productId: string, answer: PoolAnswer, envelope: Envelope): Soon<PoolAnswer> {
    return answer.ok && answer.events.some(givesBack) ? this.#giveAllBack(productId, answer, envelope) : answer;
  }
  async #giveAllBack(productId: string, answer: PoolAnswer & { readonly ok: true }, envelope: Envelope): Promise<PoolAnswer> {
    const stream = this.#streamOf(productId);
    for (const [i, event] of answer.events.entries()) {
      this.#journalBack(productId, event, { stream, revision: answer.revision - answer.events.length + 1 + i, eventId: eventIdOf(envelope.commandId, i) });
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
    return (await this.#options.pools.look(this.#streamOf(productId))).state;
  }
  /** Whether the pool knows the reservation as open or sold, now or in its past. */
  async knows(productId: string, reservationId: string): Promise<boolean> {
    if (holds(await this.state(productId), reservationId)) return true;
    const sale = await this.#options.past.find(this.#streamOf(productId), reservationId);
    return sale !== undefined && !sale.released;
  }

  #streamOf(productId: string): string {
    const known = this.#streams.get(productId);
    if (known !== undefined) return known;
    const stream = poolStream(productId);
    if (this.#streams.size < STREAMS_MAX) this.#streams.set(productId, stream);
    return stream;
  }

  #limit(listingId: string, buyerToken: string, envelope: Envelope, command: BuyerLimitCommand) {
    const commandId = `${envelope.commandId}/${command.type}/${command.reservationId}`;
    return this.#options.limits.handle(buyerLimitStream(listingId, buyerToken), command, { ...envelope, commandId, at: command.at });
  }

  /** Asks with what the pool has forgotten of the reservation, and again if units came back meanwhile. */
  async #withPast(productId: string, reservationId: string, ask: (known: Sale | undefined) => Soon<PoolAnswer>): Promise<PoolAnswer> {
    for (let attempt = 0; attempt < STALE_RETRIES; attempt++) {
      const state = await this.state(productId);
      const remembered = state.open.has(reservationId) || recall(state.memory, reservationId) !== undefined;
      const sale = remembered ? undefined : await this.#options.past.find(this.#streamOf(productId), reservationId);
      const answer = await ask(sale && { claim: sale.claim, out: sale.out, asOf: state.giveBacks });
      if (answer.ok || answer.code !== 'HISTORY_STALE') return answer;
    }
    throw new Fault('ABORTED', 'the pool is taking back other units too fast just now; try again');
  }

  #journalCommit(productId: string, { claim, ranges, revision }: Pick<PastSale, 'claim' | 'ranges' | 'revision'>, eventId: string, { principal }: CommandEnvelope): void {
    const { reservationId, orderId, lineId } = claim;
    const inLog = { stream: this.#streamOf(productId), revision, eventId };
    this.#options.journal.record({ type: 'Committed', reservationId, productId, orderId, lineId, principal, ranges: ranges.map(plainUnits), inLog });
  }
  #journalBack(productId: string, event: StockEvent, inLog: InLog): void {
    if (event.type !== 'UnitsReturned' && !(event.type === 'ReservationReleased' && event.was === 'committed')) return;
    this.#options.journal.record({ type: 'Returned', reservationId: event.claim.reservationId, productId, ranges: event.ranges.map(plainUnits), inLog });
  }
}

const givesBack = ({ type }: StockEvent): boolean => type === 'ReservationReleased' || type === 'ReservationsExpired' || type === 'UnitsReturned';
const claimOf = ({ reservationId, orderId, lineId, channelId, listingId }: Reserve): Claim => ({ reservationId, orderId, lineId, channelId, listingId });
/** The envelope of what is done at `at`. */
const dated = ({ commandId, correlation, principal, trace }: Envelope, at: Instant): Envelope => ({ commandId, correlation, principal, trace, at });

const holds = ({ open, memory }: Stock, reservationId: string): boolean => open.has(reservationId) || recall(memory, reservationId)?.kind === 'committed';
const DONE = { ok: true, result: {} } as const;
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

import { postFact } from '@vouchsafe/contracts';
import type { DeciderHost, Envelope, Handled } from '@vouchsafe/event-store';
import { Fault, type Instant, invariant, type Money, money, plusMs, type UnitRange } from '@vouchsafe/kernel';
import type { OrderConfig } from '../config.js';
import type { KnownRefund, Refund, RefundCommand, RefundEvent, RefundRejection, RefundRequest, ValuedLine, VoidedLine } from '../domain/refund.js';
import { partsOf, taxOn } from '../domain/delivery.js';
import { partsTakenBack, splitShare } from '../domain/take-back.js';
import { usesHold } from '../domain/terms.js';
import type { OrderHost } from './course-runner.js';
import { factOf } from './delivery-fact.js';
import { accountOf } from './dispatch.js';
import { orderStream, paymentIdOf } from './names.js';
import type { PaymentProvider } from './payment-provider.js';
import type { OrderPorts } from './ports.js';
import { granted, type Send } from './send.js';
import { serviceEnvelope } from './service-envelope.js';
import { lineOf, type TakeBack, type TakenBack } from './take-back.js';

export type RefundHost = DeciderHost<Refund, RefundCommand, RefundEvent, RefundRejection>;
export type RefundsOptions = {
  readonly ports: OrderPorts; readonly config: OrderConfig; readonly host: RefundHost; readonly orders: OrderHost; readonly send: Send; readonly takeBack: TakeBack;
  readonly provider: (name: string) => PaymentProvider;
  /** Whether a supplier or issuer takes undisclosed units of an agency sale back. */
  readonly takesBack: (supplierId: string) => Promise<boolean>;
  readonly within: <T>(answer: Promise<T>) => Promise<T>;
};
export const refundStream = (refundId: string): string => `refund-${refundId}`;

const LOOK_MIN_MS = 2000;
const LOOK_MAX_MS = 600_000;

/** Takes refunds through their course: void, value, return, book, pay back. Every step is repeatable; a crash repeats the last. */
export class Refunds {
  constructor(readonly options: RefundsOptions) {}

  /** Begins a refund; the same id and content again is the same refund. */
  start(refundId: string, request: RefundRequest, envelope: Envelope = this.#envelope(request.orderId)): Promise<Handled<Refund, RefundEvent, RefundRejection>> {
    return this.options.host.handle(refundStream(refundId), { type: 'RequestRefund', ...request }, envelope);
  }
  async load(refundId: string): Promise<Refund> {
    return (await this.options.host.load(refundStream(refundId))).state;
  }

  /** The provider says by notice how a refund ended there; false: it is not that refund, or of no consequence. */
  async learn(refundId: string, said: { readonly orderId: string; readonly amount: Money; readonly status: 'succeeded' | 'failed'; readonly reason?: string }): Promise<boolean> {
    const refund = await this.load(refundId);
    if (refund.step !== 'payingBack' && refund.step !== 'stuck') return false;
    const { orderId, currency } = refund.request;
    if (orderId !== said.orderId || currency !== said.amount.currency || refund.amountMinor !== said.amount.minor) return false;
    await this.#paidBack(refundId, refund, said);
    return true;
  }

  /** The job of a refund: one step after the other until it has ended or waits for the provider. */
  async work(refundId: string): Promise<Instant | undefined> {
    for (;;) {
      const refund = await this.load(refundId);
      switch (refund.step) {
        case 'absent':
        case 'ended':
          return undefined;
        case 'requested':
          await (refund.request.kind === 'units' ? this.#void(refundId, refund) : this.#bookUnearned(refundId, refund));
          break;
        case 'voided':
          await this.#value(refundId, refund);
          break;
        case 'valued':
          await this.#bookTakenBack(refundId, refund);
          break;
        case 'payingBack':
        case 'stuck': {
          const again = await this.#payBack(refundId, refund);
          if (again !== undefined) return again;
        }
      }
    }
  }

  async #void(refundId: string, refund: KnownRefund): Promise<void> {
    const lines = await this.options.takeBack.void(await this.#taken(refundId, refund), refund.request.lines);
    await this.#handle(refundId, refund, { type: 'RecordVoids', lines, at: this.#now() });
  }

  async #value(refundId: string, refund: KnownRefund): Promise<void> {
    const { takeBack } = this.options;
    const taken = await this.#taken(refundId, refund);
    const shares = await takeBack.value(taken, refund.voided);
    const accepted = refund.voided.filter((line) => line.accepted.length > 0);
    const lines = await Promise.all(accepted.map((line) => this.#valueLine(taken, line, shares.get(line.lineId)!)));
    await this.#handle(refundId, refund, { type: 'RecordValue', lines, at: this.#now() });
  }

  async #valueLine(taken: TakenBack, { lineId, accepted }: VoidedLine, share: ValuedLine['share']): Promise<ValuedLine> {
    const { takeBack, takesBack } = this.options;
    const line = lineOf(taken.order, lineId);
    const undisclosed = accepted.filter(({ disclosed }) => !disclosed);
    const back = undisclosed.length > 0 && (await takeBack.returnToStock(taken, line, undisclosed));
    const returned = back ? undisclosed : [];
    const lost = back ? accepted.filter(({ disclosed }) => disclosed) : accepted;
    return {
      lineId, returned: returned.map(plain), lost: lost.map(plain), share, issuerAccepts: line.agent && (await takesBack(line.supplierId)),
      ...splitShare(line, share, returned, taken.order.terms.currency),
    };
  }

  async #bookTakenBack(refundId: string, refund: KnownRefund): Promise<void> {
    const taken = await this.#taken(refundId, refund);
    const { at } = refund.request; // the same at every repetition
    for (const valued of refund.valued) {
      const { minorBefore } = valued.share;
      await this.#bookPart(refundId, taken, valued, { units: valued.returned, minorBefore, minor: valued.returnedMinor, disclosed: false, at });
      await this.#bookPart(refundId, taken, valued, { units: valued.lost, minorBefore: minorBefore + valued.returnedMinor, minor: valued.lostMinor, disclosed: true, at });
    }
    await this.#handle(refundId, refund, { type: 'RecordBooked', at: this.#now() });
  }

  async #bookPart(refundId: string, { orderId, order }: TakenBack, valued: ValuedLine, part: Part): Promise<void> {
    if (part.units.length === 0) return;
    const { terms, committed } = order;
    const line = lineOf(order, valued.lineId);
    const ranges = committed.get(line.lineId) ?? [];
    const tax = taxOn(line, partsOf(line, ranges), terms.currency, { before: part.minorBefore, minor: part.minor });
    const delivered = factOf({ orderId, terms, line }, { ...part, parts: partsTakenBack(line, ranges, part.units), tax });
    const what = `${line.lineId}.${part.disclosed ? 'lost' : 'returned'}`;
    const fact = { type: 'RefundDelivered' as const, refundId, disclosed: part.disclosed, issuerAccepts: valued.issuerAccepts, delivered };
    const body = { factId: `${refundId}.${what}`, fact, occurredAt: part.at, ...(usesHold(terms) && { accountId: accountOf(terms) }) };
    granted(await this.options.send(postFact, body, this.#envelope(orderId, `${refundId}/book${what}`)), 'a refund in the books');
  }

  async #bookUnearned(refundId: string, refund: KnownRefund): Promise<void> {
    const { bookId, channelId, orderId, settlement, currency } = refund.request;
    const fact = { type: 'RefundUndelivered' as const, dims: { bookId, channelId, orderId }, refundId, settlement, amount: money(refund.amountMinor, currency) };
    const body = { factId: `${refundId}.undelivered`, fact, occurredAt: refund.request.at };
    granted(await this.options.send(postFact, body, this.#envelope(orderId, `${refundId}/book`)), 'a refund in the books');
    await this.#handle(refundId, refund, { type: 'RecordBooked', at: this.#now() });
  }

  /** Asks the provider to pay back, and then how it stands. Undefined: it is done. */
  async #payBack(refundId: string, refund: PayingBack): Promise<Instant | undefined> {
    const { ports: { store }, within, provider, config } = this.options;
    const psp = provider(refund.request.provider!);
    const what = { refundId, paymentId: paymentIdOf(refund.request.orderId) };
    await store.durable(store.head()); // what a provider is told must not be forgotten here
    const known = await within(psp.queryRefund(what));
    const found = known.status === 'unknown' && refund.step === 'payingBack' ? await within(psp.refund({ ...what, amount: this.#amount(refund) })) : known;
    await this.#paidBack(refundId, refund, found);
    if (found.status === 'succeeded') return undefined;
    const waited = this.#now() - refund.since;
    if (refund.step === 'payingBack' && waited > config.refundStuckAfterMs) await this.#handle(refundId, refund, { type: 'RecordStuck', reason: 'PROVIDER_UNCLEAR', at: this.#now() });
    return plusMs(this.#now(), Math.min(LOOK_MAX_MS, Math.max(LOOK_MIN_MS, waited / 4)) | 0);
  }

  async #paidBack(refundId: string, refund: PayingBack, { status, reason }: { status: string; reason?: string }): Promise<void> {
    if (status === 'failed') await this.#handle(refundId, refund, { type: 'RecordStuck', reason: reason ?? 'PROVIDER_REFUSED', at: this.#now() });
    if (status !== 'succeeded') return;
    const { bookId, channelId, orderId, provider } = refund.request;
    const fact = { type: 'RefundConfirmed' as const, dims: { bookId, channelId, orderId }, refundId, provider: provider!, amount: this.#amount(refund) };
    const body = { factId: `${refundId}.confirmed`, fact, occurredAt: refund.since };
    granted(await this.options.send(postFact, body, this.#envelope(orderId, `${refundId}/confirm`)), 'a refund in the books');
    await this.#handle(refundId, refund, { type: 'RecordPaidBack', at: this.#now() });
  }

  async #taken(refundId: string, { request: { orderId } }: KnownRefund): Promise<TakenBack> {
    const { state } = await this.options.orders.load(orderStream(orderId));
    invariant(state.step === 'ended', 'only an ended order is refunded');
    return { causeId: refundId, cause: 'refund', orderId, order: state };
  }
  #amount({ amountMinor, request: { currency } }: KnownRefund): Money {
    return money(amountMinor, currency);
  }
  #now(): Instant {
    return this.options.ports.clock.now();
  }
  #envelope(orderId: string, commandId?: string): Envelope {
    return serviceEnvelope(this.options.ports, orderId, commandId);
  }
  async #handle(refundId: string, { request: { orderId } }: KnownRefund, command: RefundCommand): Promise<void> {
    const handled = await this.options.host.handle(refundStream(refundId), command, this.#envelope(orderId));
    if (!handled.ok) throw new Fault(handled.code, `a refund took its steps out of order: ${handled.code}`);
  }
}

type PayingBack = Extract<KnownRefund, { step: 'payingBack' | 'stuck' }>;
type Part = { readonly units: readonly UnitRange[]; readonly minorBefore: bigint; readonly minor: bigint; readonly disclosed: boolean; readonly at: Instant };
const plain = ({ batchId, from, to }: UnitRange): UnitRange => ({ batchId, from, to });

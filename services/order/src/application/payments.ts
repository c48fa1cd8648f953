import { postFact } from '@vouchsafe/contracts';
import type { DeciderHost } from '@vouchsafe/event-store';
import { Fault, type Instant, invariant, type Money, money, plusMs, roundHalfUp, taxWithin } from '@vouchsafe/kernel';
import { RpcFailure } from '@vouchsafe/rpc';
import type { OrderConfig } from '../config.js';
import type { KnownPayment, KnownReceipt, Payment, PaymentCommand, PaymentEvent, PaymentRejection } from '../domain/payment.js';
import type { OrderTerms } from '../domain/terms.js';
import type { OrderHost } from './course-runner.js';
import { orderOfPayment, orderStream, ownRefundIdOf, paymentIdOf } from './names.js';
import type { Notice, PaymentProvider, ProviderPayment } from './payment-provider.js';
import type { OrderPorts } from './ports.js';
import type { Refunds } from './refunds.js';
import { granted, type Send } from './send.js';
import { serviceEnvelope } from './service-envelope.js';

export type PaymentHost = DeciderHost<Payment, PaymentCommand, PaymentEvent, PaymentRejection>;
export type PaymentsOptions = {
  readonly ports: OrderPorts; readonly config: OrderConfig; readonly host: PaymentHost; readonly orders: OrderHost; readonly refunds: Refunds;
  readonly providers: ReadonlyMap<string, PaymentProvider>; readonly send: Send;
};
export const paymentStream = (paymentId: string): string => `payment-${paymentId}`;
export type PaidNotice = Extract<Notice, { kind: 'paid' | 'failed' | 'closed' }>;

/** Payments of buyers: asked for at the provider, told by notices or found out by asking, handed to the order once. */
export class Payments {
  constructor(readonly options: PaymentsOptions) {}

  /** Sets the payment up at its provider. May be called again: the provider knows it by our id. */
  async request(orderId: string, terms: OrderTerms): Promise<void> {
    const { ports } = this.options;
    const paymentId = paymentIdOf(orderId);
    invariant(terms.payment, 'only consumer_pay orders ask for a payment');
    const { provider: name, payBy } = terms.payment;
    const provider = this.provider(name);
    const asked = await this.#handle(paymentId, {
      type: 'RequestPayment', orderId, channelId: terms.channelId, bookId: terms.bookId, provider: name, merchantId: provider.merchantId,
      amountMinor: terms.totalMinor, currency: terms.currency, payBy, at: ports.clock.now(),
    });
    if (asked.state === 'absent' || asked.action) return;
    await ports.store.durable(ports.store.head()); // what a provider is told must not be forgotten here
    const offer = await this.within(provider.create({ paymentId, reference: terms.number, amount: money(terms.totalMinor, terms.currency), expiresAt: payBy }));
    await this.#handle(paymentId, { type: 'OfferPayment', ...offer, at: ports.clock.now() });
  }

  /** Asks the provider, and unless it has the money closes the payment there and here. */
  async close(orderId: string): Promise<{ readonly paid: boolean }> {
    const paymentId = paymentIdOf(orderId);
    const payment = await this.load(paymentId);
    if (payment.state === 'absent') return { paid: false };
    if (payment.receipts.some(({ exact }) => exact)) return { paid: true };
    if (payment.state !== 'pending' && payment.state !== 'open') return { paid: false };
    const found = await this.within(this.provider(payment.asked.provider).close(paymentId));
    if (found.status === 'unknown') throw new Fault('PROVIDER_UNCLEAR', `${payment.asked.provider} does not say what became of the payment`);
    await this.#learn(paymentId, payment, found);
    const closed = await this.options.host.handle(paymentStream(paymentId), { type: 'ClosePayment', at: this.options.ports.clock.now() }, this.#envelope(paymentId));
    return { paid: !closed.ok };
  }

  /** Takes a true notice about a payment; false if it changed nothing. */
  async take(notice: PaidNotice): Promise<boolean> {
    const { noticeId, at } = notice;
    switch (notice.kind) {
      case 'paid': {
        const { transactionId, received } = notice;
        return this.#record(notice.paymentId, { type: 'NoteReceipt', noticeId, transactionId, receivedMinor: received.minor, currency: received.currency, at });
      }
      case 'failed':
      case 'closed':
        return this.#record(notice.paymentId, { type: 'NoteFailure', noticeId, outcome: notice.kind, ...(notice.reason !== undefined && { reason: notice.reason }), at });
    }
  }

  /** Keeps the id of a notice that another stream decides about. */
  async note(paymentId: string, noticeId: string, about: string): Promise<boolean> {
    return this.#record(paymentId, { type: 'NoteNotice', noticeId, about, at: this.options.ports.clock.now() });
  }

  async load(paymentId: string): Promise<Payment> {
    return (await this.options.host.load(paymentStream(paymentId))).state;
  }
  /** Whether the buyer can be told how to pay. */
  async canPay(orderId: string): Promise<boolean> {
    const payment = await this.load(paymentIdOf(orderId));
    return payment.state !== 'absent' && (payment.action !== undefined || payment.state !== 'pending');
  }
  provider(name: string): PaymentProvider {
    const provider = this.options.providers.get(name);
    if (!provider) throw new RpcFailure('missing', 'PROVIDER_UNCONFIGURED', { provider: name });
    return provider;
  }
  /** A provider's answer, or Fault `PROVIDER_SILENT` after the configured time. */
  async within<T>(answer: Promise<T>): Promise<T> {
    const { ports: { clock }, config } = this.options;
    const abort = new AbortController();
    const silence = clock.sleep(config.providerDeadlineMs, abort.signal).then(() => {
      if (!abort.signal.aborted) throw new Fault('PROVIDER_SILENT', 'the payment provider did not answer in time');
      return answer;
    });
    return Promise.race([answer, silence]).finally(() => abort.abort());
  }

  /** The job of a payment: every receipt is booked and handed over. */
  async settle(paymentId: string): Promise<Instant | undefined> {
    const payment = await this.load(paymentId);
    if (payment.state === 'absent') return undefined;
    for (const receipt of payment.receipts) if (!receipt.settled) await this.#settleReceipt(paymentId, payment, receipt);
    if (payment.ended) await this.#failOrder(paymentId, payment.ended === 'closed' ? 'PAYMENT_CLOSED' : 'PAYMENT_FAILED');
    return undefined;
  }

  async #settleReceipt(paymentId: string, payment: KnownPayment, receipt: KnownReceipt): Promise<void> {
    const { ports, config, send } = this.options;
    const { bookId, channelId, orderId, provider } = payment.asked;
    const received = money(receipt.receivedMinor, receipt.currency);
    const dims = { bookId, channelId, orderId };
    const booked = await send(
      postFact,
      { factId: `${paymentId}.${receipt.n}`, fact: { type: 'ConsumerPaid', dims, paymentId, provider, received, ...feeOn(received, config) }, occurredAt: receipt.at },
      this.#envelope(paymentId, `book${receipt.n}`),
    );
    granted(booked, 'a payment in the books');
    const outcome = receipt.exact && (await this.#offerToOrder(paymentId)) ? 'order' : 'refund';
    if (outcome === 'refund') await this.#giveBack(payment, receipt, received);
    await this.#handle(paymentId, { type: 'SettleReceipt', n: receipt.n, outcome, at: ports.clock.now() });
  }

  async #offerToOrder(paymentId: string): Promise<boolean> {
    const { ports: { clock }, config, orders } = this.options;
    const at = clock.now();
    const revive = { reviveAnswerBy: plusMs(at, config.answerWithinMs), reviveHeldUntil: plusMs(at, config.holdStockMs) };
    const taken = await orders.handle(orderStream(orderOfPayment(paymentId)), { type: 'ReceivePayment', ...revive, at }, this.#envelope(paymentId));
    if (taken.ok) return true;
    if (taken.code === 'PAYMENT_NOT_WANTED') return false;
    throw new Fault(taken.code, `the order cannot take its payment yet: ${taken.code}`);
  }

  async #giveBack({ asked }: KnownPayment, receipt: KnownReceipt, received: Money): Promise<void> {
    const { ports: { clock }, refunds } = this.options;
    const { orderId, channelId, bookId, provider, merchantId } = asked;
    if (!receipt.exact) await this.#failOrder(paymentIdOf(orderId), 'PAYMENT_AMOUNT_WRONG');
    await refunds.start(ownRefundIdOf(orderId, `receipt${receipt.n}`), {
      kind: 'surplus', orderId, channelId, bookId, settlement: 'consumer_pay', currency: received.currency, lines: [], amountMinor: received.minor, provider,
      principal: merchantId, fingerprint: `receipt${receipt.n}`, at: clock.now(),
    });
  }

  async #failOrder(paymentId: string, reason: string): Promise<void> {
    await this.options.orders.handle(orderStream(orderOfPayment(paymentId)), { type: 'FailPayment', reason, at: this.options.ports.clock.now() }, this.#envelope(paymentId));
  }

  async #learn(paymentId: string, { asked: { merchantId } }: KnownPayment, found: ProviderPayment): Promise<void> {
    switch (found.status) {
      case 'paid': {
        const { transactionId, received, paidAt } = found;
        await this.take({ kind: 'paid', noticeId: `query:${transactionId}`, merchantId, paymentId, transactionId, received, at: paidAt });
        return;
      }
      case 'failed':
        await this.take({ kind: 'failed', noticeId: 'query:failed', merchantId, paymentId, at: this.options.ports.clock.now() });
        return;
      case 'unpaid':
      case 'closed':
      case 'unknown':
    }
  }

  async #record(paymentId: string, command: PaymentCommand): Promise<boolean> {
    const handled = await this.options.host.handle(paymentStream(paymentId), command, this.#envelope(paymentId));
    return handled.ok && handled.events.some(({ type }) => type !== 'NoticeNoted');
  }
  async #handle(paymentId: string, command: PaymentCommand): Promise<Payment> {
    return (await this.options.host.handle(paymentStream(paymentId), command, this.#envelope(paymentId))).state;
  }
  #envelope(paymentId: string, what?: string) {
    return serviceEnvelope(this.options.ports, orderOfPayment(paymentId), what === undefined ? undefined : `${paymentId}/${what}`);
  }
}

/** The provider's fee by tariff, until its statement says better. */
const feeOn = (received: Money, { providerFeeBp, providerFeeTaxBp }: OrderConfig): { readonly fee: Money; readonly feeTax: Money } => {
  const whole = money(roundHalfUp(received.minor * BigInt(providerFeeBp), 10_000n), received.currency);
  const feeTax = taxWithin(whole, providerFeeTaxBp);
  return { fee: money(whole.minor - feeTax.minor, received.currency), feeTax };
};

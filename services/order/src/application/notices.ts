import type { Namespace } from '@vouchsafe/runtime';
import type { Clock } from '@vouchsafe/runtime';
import type { KnownPayment } from '../domain/payment.js';
import type { Chargebacks } from './chargebacks.js';
import { chargebackIdOf } from './names.js';
import type { Notice, PaymentProvider, SignedNotice } from './payment-provider.js';
import type { Payments } from './payments.js';
import type { Refunds } from './refunds.js';

export type Taken = { readonly ok: true; readonly applied: boolean } | { readonly ok: false; readonly code: 'PROVIDER_UNCONFIGURED' | 'NOTICE_FORGED' | 'NOTICE_STALE' | 'NOTICE_MALFORMED' | 'NOTICE_MISDIRECTED' };

/** Where providers' notices come in. A notice counts only with a good signature, our merchant account and a payment of ours. */
export class Notices {
  constructor(
    readonly namespace: Namespace, readonly clock: Pick<Clock, 'now'>, readonly providers: ReadonlyMap<string, PaymentProvider>,
    readonly to: { readonly payments: Payments; readonly refunds: Refunds; readonly chargebacks: Chargebacks },
  ) {}

  async take(name: string, signed: SignedNotice): Promise<Taken> {
    const provider = this.providers.get(name);
    if (!provider) return { ok: false, code: 'PROVIDER_UNCONFIGURED' };
    const verified = provider.verifyNotice(signed, this.clock.now());
    if (!verified.ok) return verified;
    const { notice } = verified;
    const payment = await this.to.payments.load(notice.paymentId);
    const ours = payment.state !== 'absent' && payment.asked.provider === name && payment.asked.merchantId === notice.merchantId;
    if (!ours || notice.merchantId !== provider.merchantId) return { ok: false, code: 'NOTICE_MISDIRECTED' };
    return { ok: true, applied: await this.#apply(notice, payment) };
  }

  async #apply(notice: Notice, payment: KnownPayment): Promise<boolean> {
    const { payments, refunds, chargebacks } = this.to;
    const { noticeId, paymentId } = notice;
    switch (notice.kind) {
      case 'paid':
      case 'failed':
      case 'closed':
        return payments.take(notice);
      case 'refunded': {
        const applied = await refunds.learn(notice.refundId, { orderId: payment.asked.orderId, amount: notice.amount, status: notice.status, ...(notice.reason !== undefined && { reason: notice.reason }) });
        await payments.note(paymentId, noticeId, 'refunded');
        return applied;
      }
      case 'charged_back': {
        const { orderId, channelId, bookId, provider } = payment.asked;
        const applied = await chargebacks.open(this.#chargebackId(payment, notice.chargebackId), {
          orderId, channelId, bookId, paymentId, provider, noticeId, amountMinor: notice.amount.minor, feeMinor: notice.fee.minor,
          currency: notice.amount.currency, at: notice.at,
        });
        await payments.note(paymentId, noticeId, 'charged_back');
        return applied;
      }
      case 'chargeback_won':
      case 'chargeback_lost': {
        const outcome = notice.kind === 'chargeback_won' ? 'won' : 'lost';
        const applied = await chargebacks.decide(this.#chargebackId(payment, notice.chargebackId), outcome, noticeId);
        await payments.note(paymentId, noticeId, notice.kind);
        return applied;
      }
    }
  }

  #chargebackId({ asked: { provider } }: KnownPayment, theirs: string): string {
    return chargebackIdOf(this.namespace, provider, theirs);
  }
}

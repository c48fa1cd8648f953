import type { Folded, Soon } from '@vouchsafe/event-store';
import { instant, totalSize } from '@vouchsafe/kernel';
import { type PaymentSchema, PaymentState } from '@vouchsafe/proto/order/v1/payment';
import { type RefundSchema, RefundKind, RefundState } from '@vouchsafe/proto/order/v1/refund';
import type { Caller } from '@vouchsafe/rpc';
import { paymentIdOf } from '../application/names.js';
import type { PaymentHost } from '../application/payments.js';
import { paymentStream } from '../application/payments.js';
import { isLive, type Order } from '../domain/order-state.js';
import type { KnownPayment } from '../domain/payment.js';
import type { KnownRefund } from '../domain/refund.js';
import { owns } from './callers.js';
import { failure } from './callers.js';
import { type Init, moneyOut, orderOut, type OrderOut, timeOut } from './present.js';

export const channelOfOrder = (order: Exclude<Order, { step: 'absent' }>): string => (isLive(order) ? order.terms.channelId : order.refusal.channelId);

/** An order with its payment, as `caller` may see it. */
export class OrderViews {
  constructor(readonly payments: PaymentHost) {}

  order(orderId: string, { state, revision }: Folded<Order>, caller: Caller): Soon<OrderOut> {
    if (state.step === 'absent') throw failure('ORDER_UNKNOWN');
    const beside = { orderId, etag: String(revision), own: owns(caller, channelOfOrder(state)) };
    if (!isLive(state) || state.terms.settlement !== 'consumer_pay') return orderOut(state, beside);
    return this.#payment(paymentIdOf(orderId)).then((payment) => orderOut(state, payment ? { ...beside, etag: `${revision}-${payment.etag}`, payment } : beside));
  }

  async #payment(paymentId: string): Promise<Init<typeof PaymentSchema> | undefined> {
    const { state, revision } = await this.payments.load(paymentStream(paymentId));
    return state.state === 'absent' ? undefined : paymentOut(paymentId, state, revision);
  }
}

const PAYMENT_STATES: Readonly<Record<KnownPayment['state'], PaymentState>> = {
  pending: PaymentState.PENDING, open: PaymentState.OPEN, paid: PaymentState.PAID, mismatched: PaymentState.MISMATCHED, failed: PaymentState.FAILED,
  closed: PaymentState.CLOSED,
};
export const paymentOut = (paymentId: string, { state, asked, action, receipts }: KnownPayment, revision: number): Init<typeof PaymentSchema> => {
  const receipt = receipts.find(({ exact }) => exact) ?? receipts[0];
  return {
    paymentId, orderId: asked.orderId, channelId: asked.channelId, state: PAYMENT_STATES[state], provider: asked.provider,
    amount: moneyOut(asked.amountMinor, asked.currency), expiresAt: timeOut(asked.payBy), createdAt: timeOut(asked.at), etag: String(revision),
    ...(action && { action: { action: { case: action.kind, value: action.value } } }),
    ...(receipt && { received: moneyOut(receipt.receivedMinor, receipt.currency), paidAt: timeOut(receipt.at) }),
  };
};

const KINDS = { units: RefundKind.UNITS, undelivered: RefundKind.UNDELIVERED, surplus: RefundKind.SURPLUS } as const;
const ENDS = { COMPLETED: RefundState.COMPLETED, PARTIAL: RefundState.PARTIAL, FAILED: RefundState.FAILED } as const;
const refundStateOf = (refund: KnownRefund): RefundState => {
  switch (refund.step) {
    case 'requested':
    case 'voided':
    case 'valued':
      return RefundState.PENDING;
    case 'payingBack':
      return RefundState.PAYING_BACK;
    case 'stuck':
      return RefundState.STUCK;
    case 'ended':
      return ENDS[refund.end];
  }
};

export const refundOut = (refundId: string, refund: KnownRefund, revision: number): Init<typeof RefundSchema> => {
  const { request: { currency, ...request }, amountMinor, voided, valued } = refund;
  return {
    refundId, orderId: request.orderId, channelId: request.channelId, state: refundStateOf(refund), kind: KINDS[request.kind],
    amount: moneyOut(amountMinor, currency), reason: request.reason ?? '', createdAt: timeOut(instant(request.at)), etag: String(revision),
    lines: request.lines.map(({ lineId }) => {
      const value = valued.find((line) => line.lineId === lineId);
      const units = voided.find((line) => line.lineId === lineId);
      return {
        lineId, returned: value ? totalSize(value.returned) : 0, voided: units ? totalSize(units.accepted) : 0,
        amount: moneyOut(value ? value.returnedMinor + value.lostMinor : 0n, currency), refused: (units?.refused ?? []).map(({ code, units: count }) => ({ code, units: count })),
      };
    }),
    ...(refund.step === 'ended' && { endedAt: timeOut(refund.endedAt), failure: refund.failure ?? '' }),
    ...(refund.step === 'stuck' && { failure: refund.problem ?? '' }),
  };
};

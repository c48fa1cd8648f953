import { type ListPaymentsRequest, type NotifyPaymentRequest, PaymentService } from '@vouchsafe/proto/order/v1/payment';
import type { Collection } from '@vouchsafe/read-store';
import { type CallContext, type Handlers, pageScope } from '@vouchsafe/rpc';
import { listPage, type ListSpec } from '../application/list-query.js';
import type { Notices } from '../application/notices.js';
import { type PaymentHost, paymentStream } from '../application/payments.js';
import type { ListedMoney } from '../projections/money.js';
import { failure, isStaff, owns } from './callers.js';
import { paymentOut } from './views.js';

const PAYMENTS: ListSpec = {
  timeColumn: 'createdAt', timeField: 'created_at',
  fields: {
    created_at: { column: 'createdAt', sort: 'time' }, order_id: { column: 'orderId', sort: 'text' },
    state: { column: 'state', sort: 'enum', prefix: 'PAYMENT_STATE_', words: ['PENDING', 'OPEN', 'PAID', 'MISMATCHED', 'FAILED', 'CLOSED'] },
  },
};

/** Reading payments, and the providers' door. */
export const paymentHandlers = (host: PaymentHost, list: Collection<ListedMoney>, notices: Notices): Handlers<typeof PaymentService> => ({
  getPayment: async ({ paymentId }, { caller }) => {
    const { state, revision } = await host.load(paymentStream(paymentId));
    if (state.state === 'absent' || !owns(caller, state.asked.channelId)) throw failure('PAYMENT_UNKNOWN');
    return paymentOut(paymentId, state, revision);
  },
  listPayments: async (request: ListPaymentsRequest, { caller }: CallContext) => {
    const channelId = isStaff(caller) ? request.channelId || undefined : (caller.channelId ?? '');
    const page = await listPage(list, { ...request, scope: pageScope(request, caller), channelId }, PAYMENTS);
    const found = await Promise.all(page.docs.map(async ({ id }) => {
      const { state, revision } = await host.load(paymentStream(id));
      return state.state === 'absent' ? [] : [paymentOut(id, state, revision)];
    }));
    return { payments: found.flat(), nextPageToken: page.nextPageToken };
  },
  notifyPayment: async ({ provider, body, timestamp, signature }: NotifyPaymentRequest) => {
    const taken = await notices.take(provider, { body, timestamp, signature });
    if (!taken.ok) throw failure(taken.code);
    return { applied: taken.applied };
  },
});

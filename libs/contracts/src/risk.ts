import { eventCodec, oneOf, record, text, type TypeOf } from '@vouchsafe/codec';
import type { Message } from '@vouchsafe/kernel';

const reviewResolved = record({ orderId: text(), verdictId: text(), decision: oneOf('allow', 'deny'), by: text() });
export type RiskIntegrationEvent = Message<'ReviewResolved', TypeOf<typeof reviewResolved>>;
/** What others hear from risk: a person decided about an order in review. */
export const riskEvents = eventCodec<RiskIntegrationEvent>('risk', {
  ReviewResolved: { version: 1, shape: reviewResolved, published: true },
});

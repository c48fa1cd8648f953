import { amount, big, bool, eventCodec, int, oneOf, optional, record, text, time, type TypeOf } from '@vouchsafe/codec';
import type { Message } from '@vouchsafe/kernel';
import { commandContract } from './command.js';

/** Starts a top-up; its end comes as `TopUpEnded`, minutes or days later. Idempotent by `deliveryId`. */
export const startTopUp = commandContract({
  target: 'fulfillment', name: 'StartTopUp', keyOf: ({ deliveryId }: { readonly deliveryId: string }) => deliveryId,
  command: record({
    deliveryId: text(), orderId: text(), lineId: text(), channelId: text(), productId: text(), supplierId: text(), provider: text(),
    /** Vault reference of the account, and its token for the guard against double top-ups. */
    accountRef: text(), accountToken: text(),
    quantity: int, face: amount, providerSku: optional(text()),
    /** Agreed cost of one unit without recoverable tax, six decimals of `face`'s currency, and that tax's rate; used where the provider names no charge. */
    unitCostMicros: optional(big), inputTaxRateBp: optional(int),
    guardMs: int, allowRepeat: bool, giveUpAt: time,
  }),
  result: record({}),
  rejections: ['DUPLICATE_TOP_UP', 'PROVIDER_UNKNOWN', 'ACCOUNT_INVALID', 'DELIVERY_ID_REUSED'],
});

const topUpEnded = record({
  deliveryId: text(), orderId: text(), lineId: text(), outcome: oneOf('succeeded', 'failed', 'partial'),
  /** Units that reached the account (of the line's quantity). */
  deliveredQuantity: int, provider: text(), supplierId: text(), reason: optional(text()),
  /** What the provider charges for the delivered part, without and with recoverable tax apart. */
  cost: amount, inputTax: amount,
});
export type FulfillmentIntegrationEvent = Message<'TopUpEnded', TypeOf<typeof topUpEnded>>;
export const fulfillmentEvents = eventCodec<FulfillmentIntegrationEvent>('fulfillment', {
  TopUpEnded: { version: 1, shape: topUpEnded, published: true },
});

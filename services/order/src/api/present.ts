import { displayMoney, type Instant } from '@vouchsafe/kernel';
import type { DescMessage, MessageInitShape } from '@bufbuild/protobuf';
import { type Timestamp, timestampFromMs } from '@bufbuild/protobuf/wkt';
import type { MoneySchema, TextSchema } from '@vouchsafe/proto/common/v1/types';
import { ProductKind, SettlementMode } from '@vouchsafe/proto/common/v1/types';
import { OnFailure, type OrderLineSchema, type OrderReasonSchema, type OrderSchema, OrderState } from '@vouchsafe/proto/order/v1/order';
import type { PaymentSchema } from '@vouchsafe/proto/order/v1/payment';
import { isLive, type LineState, type LiveOrder, type Order, type RefusedOrder } from '../domain/order-state.js';
import type { OrderLine, OrderTerms, ProductKind as Kind, SettlementMode as Mode } from '../domain/terms.js';
import { type CatalogueEntry, commonErrors } from '@vouchsafe/rpc';
import { orderErrors } from './errors.js';

/** A message as it is built here: plain fields, no class. */
export type Init<S extends DescMessage> = Extract<MessageInitShape<S>, { readonly $typeName?: undefined }>;
type Out = Init<typeof OrderSchema>;
type Line = Init<typeof OrderLineSchema>;
/** What is known of an order besides its own stream. */
export type Beside = {
  readonly orderId: string;
  readonly etag: string;
  readonly payment?: Init<typeof PaymentSchema>;
  /** Whether the caller may see the buyer's references. */
  readonly own: boolean;
};

export const moneyOut = (minor: bigint, currency: string): Init<typeof MoneySchema> => ({ minor, currency, display: displayMoney({ minor, currency }) });
export const timeOut = (at: Instant | number): Timestamp => timestampFromMs(at);

const WORDS: Readonly<Record<string, CatalogueEntry>> = { ...commonErrors, ...orderErrors };
/** A reason with its words and what to do about it; a provider's own reason is told by its code. */
export const reasonOut = (code: string | undefined, details: Readonly<Record<string, string>> = {}): Init<typeof OrderReasonSchema> | undefined =>
  code === undefined ? undefined : { code, ...wordsOf(code), details };
export const wordsOf = (code: string): { readonly text: Init<typeof TextSchema>; readonly remedy?: Init<typeof TextSchema> } => {
  const words = WORDS[code];
  return words ? { text: { zh: words.zh, en: words.en }, remedy: { zh: words.remedyZh, en: words.remedyEn } } : { text: { zh: code, en: code } };
};

/** An order as its channel sees it. */
export const orderOut = (order: Exclude<Order, { step: 'absent' }>, beside: Beside): Out => (isLive(order) ? liveOut(order, beside) : refusedOut(order, beside));

export const stateOf = (order: LiveOrder): OrderState => {
  switch (order.step) {
    case 'placed':
      if (order.payment === 'awaited') return OrderState.AWAITING_PAYMENT;
      return order.review === 'begun' ? OrderState.IN_REVIEW : OrderState.PENDING;
    case 'confirmed':
      return OrderState.FULFILLING;
    // Money came late and stock is being asked for: to the channel it is as cancelled as it was, until it is revived.
    case 'reviving':
      return OrderState.CANCELLED;
    case 'ended':
      return { COMPLETED: OrderState.COMPLETED, REJECTED: OrderState.REJECTED, CANCELLED: OrderState.CANCELLED }[order.end];
  }
};

const liveOut = (order: LiveOrder, { orderId, etag, payment, own }: Beside): Out => {
  const { terms } = order;
  return {
    orderId, number: terms.number, channelId: terms.channelId, state: stateOf(order), total: moneyOut(terms.totalMinor, terms.currency),
    settlement: settlementOut(terms.settlement), onFailure: terms.whole ? OnFailure.WHOLE : OnFailure.REFUND_FAILED,
    lines: terms.lines.map((line) => lineOut(terms, line, order.lines.get(line.lineId)!)), placedAt: timeOut(terms.placedAt), etag,
    ...(order.step === 'ended' && { reason: reasonOut(order.reason, order.details), endedAt: timeOut(order.endedAt) }),
    ...(order.step === 'reviving' && { reason: reasonOut('PAYMENT_TIMED_OUT') }),
    ...(payment && { payment }), ...(own && terms.buyer && { buyerRefs: [...terms.buyer.refs] }),
  };
};

const refusedOut = ({ refusal }: RefusedOrder, { orderId, etag }: Beside): Out => ({
  orderId, number: refusal.number, channelId: refusal.channelId, state: OrderState.REJECTED, reason: reasonOut(refusal.reason, refusal.details),
  total: moneyOut(refusal.totalMinor, refusal.currency), placedAt: timeOut(refusal.placedAt), endedAt: timeOut(refusal.placedAt), etag,
  lines: refusal.lines.map(({ lineId, productId, ordered, failed }) => ({ lineId, productId, ordered, failed })),
  challengeToken: refusal.challengeToken ?? '',
});

export const pricedLineOut = (terms: Pick<OrderTerms, 'currency'>, line: OrderLine): Line => ({
  lineId: line.lineId, productId: line.productId, productVersion: line.productVersion, kind: kindOut(line.kind), ordered: line.quantity,
  unitMicros: line.unitMicros, gross: moneyOut(line.grossMinor, terms.currency), taxRateBp: line.taxRateBp, priceListId: line.priceListId,
  priceChain: line.chain.map(({ channelId, unitMicros, marginMinor }) => ({ channelId, unitMicros, margin: moneyOut(marginMinor, terms.currency) })),
});
const lineOut = (terms: OrderTerms, line: OrderLine, state: LineState): Line => ({
  ...pricedLineOut(terms, line), delivered: state.delivered, failed: state.failed, refunded: state.refunded, chargedBack: state.chargedBack,
  takenBack: moneyOut(state.takenBackMinor, terms.currency), reason: reasonOut(state.reason),
});

export const kindOut = (kind: Kind): ProductKind => {
  switch (kind) {
    case 'code': return ProductKind.CODE;
    case 'link': return ProductKind.LINK;
    case 'top_up': return ProductKind.TOP_UP;
    case 'own_voucher': return ProductKind.OWN_VOUCHER;
  }
};
const settlementOut = (mode: Mode): SettlementMode => {
  switch (mode) {
    case 'prepaid': return SettlementMode.PREPAID;
    case 'credit': return SettlementMode.CREDIT;
    case 'consumer_pay': return SettlementMode.CONSUMER_PAY;
  }
};

import { displayMoney, type Instant } from '@vouchsafe/kernel';
import { create, type DescMessage, type MessageInitShape } from '@bufbuild/protobuf';
import { type Timestamp, timestampFromMs } from '@bufbuild/protobuf/wkt';
import { type Money, ProductKind, SettlementMode, type Text } from '@vouchsafe/proto/common/v1/types';
import {
  OnFailure, type Order as OrderMessage, type OrderLine as OrderLineMessage, type OrderReason, type OrderSchema, OrderState,
} from '@vouchsafe/proto/order/v1/order';
import { PaymentSchema } from '@vouchsafe/proto/order/v1/payment';
import { isLive, type LineState, type LiveOrder, type Order, type RefusedOrder } from '../domain/order-state.js';
import type { OrderLine, OrderTerms, ProductKind as Kind, SettlementMode as Mode } from '../domain/terms.js';
import { type CatalogueEntry, commonErrors } from '@vouchsafe/rpc';
import { orderErrors } from './errors.js';

/** A message as it is built here: plain fields, no class. */
export type Init<S extends DescMessage> = Extract<MessageInitShape<S>, { readonly $typeName?: undefined }>;
type Out = Init<typeof OrderSchema>;
/** An order as a message, whole or still to be filled in. */
export type OrderOut = Out | OrderMessage;
/** What is known of an order besides its own stream. */
export type Beside = {
  readonly orderId: string;
  readonly etag: string;
  readonly payment?: Init<typeof PaymentSchema>;
  /** Whether the caller may see the buyer's references. */
  readonly own: boolean;
};

export const moneyOut = (minor: bigint, currency: string): Money => ({ $typeName: 'vouchsafe.common.v1.Money', currency, minor, display: displayMoney({ minor, currency }) });
export const timeOut = (at: Instant | number): Timestamp => timestampFromMs(at);

const WORDS: Readonly<Record<string, CatalogueEntry>> = { ...commonErrors, ...orderErrors };
const textOut = (zh: string, en: string): Text => ({ $typeName: 'vouchsafe.common.v1.Text', zh, en });
/** A reason with its words and what to do about it; a provider's own reason is told by its code. */
export const reasonOut = (code: string | undefined, details: Readonly<Record<string, string>> = {}): OrderReason | undefined =>
  code === undefined ? undefined : { $typeName: 'vouchsafe.order.v1.OrderReason', code, ...wordsOf(code), details: { ...details } };
export const wordsOf = (code: string): { readonly text: Text; readonly remedy?: Text } => {
  const words = WORDS[code];
  return words ? { text: textOut(words.zh, words.en), remedy: textOut(words.remedyZh, words.remedyEn) } : { text: textOut(code, code) };
};

/** An order as its channel sees it. */
export const orderOut = (order: Exclude<Order, { step: 'absent' }>, beside: Beside): OrderOut => (isLive(order) ? liveOut(order, beside) : refusedOut(order, beside));

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

/** A whole message: nothing has to be filled in before it is written. */
const liveOut = (order: LiveOrder, { orderId, etag, payment, own }: Beside): OrderMessage => {
  const { terms } = order;
  const isEnded = order.step === 'ended';
  return {
    $typeName: 'vouchsafe.order.v1.Order',
    orderId, number: terms.number, channelId: terms.channelId, state: stateOf(order),
    reason: isEnded ? reasonOut(order.reason, order.details) : order.step === 'reviving' ? reasonOut('PAYMENT_TIMED_OUT') : undefined,
    lines: terms.lines.map((line) => lineOut(terms, line, order.lines.get(line.lineId))), total: moneyOut(terms.totalMinor, terms.currency),
    settlement: settlementOut(terms.settlement), onFailure: terms.whole ? OnFailure.WHOLE : OnFailure.REFUND_FAILED,
    payment: payment && create(PaymentSchema, payment), placedAt: timeOut(terms.placedAt), endedAt: isEnded ? timeOut(order.endedAt) : undefined,
    challengeToken: '', etag, secrets: [], secretsWithheld: '', buyerRefs: own && terms.buyer ? [...terms.buyer.refs] : [],
  };
};

const refusedOut = ({ refusal }: RefusedOrder, { orderId, etag }: Beside): Out => ({
  orderId, number: refusal.number, channelId: refusal.channelId, state: OrderState.REJECTED, reason: reasonOut(refusal.reason, refusal.details),
  total: moneyOut(refusal.totalMinor, refusal.currency), placedAt: timeOut(refusal.placedAt), endedAt: timeOut(refusal.placedAt), etag,
  lines: refusal.lines.map(({ lineId, productId, ordered, failed }) => ({ lineId, productId, ordered, failed })),
  challengeToken: refusal.challengeToken ?? '',
});

/** A line of an order that is not placed yet. */
export const pricedLineOut = (terms: Pick<OrderTerms, 'currency'>, line: OrderLine): OrderLineMessage => lineOut(terms, line, undefined);
const lineOut = ({ currency }: Pick<OrderTerms, 'currency'>, line: OrderLine, state: LineState | undefined): OrderLineMessage => ({
  $typeName: 'vouchsafe.order.v1.OrderLine',
  lineId: line.lineId, productId: line.productId, productVersion: line.productVersion, kind: kindOut(line.kind), ordered: line.quantity,
  delivered: state?.delivered ?? 0, failed: state?.failed ?? 0, refunded: state?.refunded ?? 0, chargedBack: state?.chargedBack ?? 0,
  unitMicros: line.unitMicros, gross: moneyOut(line.grossMinor, currency), taxRateBp: line.taxRateBp, priceListId: line.priceListId,
  priceChain: line.chain.map(({ channelId, unitMicros, marginMinor }) => ({ $typeName: 'vouchsafe.order.v1.PriceLevel', channelId, unitMicros, margin: moneyOut(marginMinor, currency) })),
  reason: reasonOut(state?.reason), takenBack: state && moneyOut(state.takenBackMinor, currency),
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

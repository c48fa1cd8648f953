import { DeadlineWheel } from '@vouchsafe/bus';
import type { Envelope, Soon } from '@vouchsafe/event-store';
import { type Details, type Instant, type Money, money, type Of, plusMs } from '@vouchsafe/kernel';
import type { PriceOrderResponse } from '@vouchsafe/proto/catalog/internal/v1/terms';
import { callAs, type CallContext, type Caller, RpcFailure, serviceCaller } from '@vouchsafe/rpc';
import type { OrderConfig } from '../config.js';
import type { OrderEvent } from '../domain/order-events.js';
import { fingerprintOf, type Order } from '../domain/order-state.js';
import type { ActedVerdict, OrderLine, OrderTerms, Reason } from '../domain/terms.js';
import { type Assessment, assess } from './assessment.js';
import type { CourseRunner, OrderHost } from './course-runner.js';
import { checkAtDoor } from './door.js';
import { fingerprintOfBody, orderIdOf, orderStream, verdictIdOf } from './names.js';
import { lineIdOf, type OrderAsk } from './order-ask.js';
import type { OrderPorts } from './ports.js';
import { amountOf, lineOf, price, settlementOf } from './pricing.js';
import { BUYER_KINDS, protect, type ProtectedAsk } from './protection.js';
import type { SoldOutFlags } from './sold-out.js';

export type PlacedAnswer = { readonly orderId: string; readonly order: Order };
/** What an order would be: its priced lines and total, or the reason it would be rejected with. */
export type Preview = { readonly orderId: string; readonly lines: readonly OrderLine[]; readonly total?: Money; readonly reason?: Reason; readonly details: Details };
export type PlaceOrderOptions = {
  readonly ports: OrderPorts; readonly config: OrderConfig; readonly host: OrderHost; readonly runner: CourseRunner; readonly soldOut: SoldOutFlags;
  /** Names of the payment providers that are configured. */
  readonly providers: ReadonlySet<string>;
};

/** How exactly risk's time is measured. */
const RISK_TICK_MS = 10;
const BUSY_RETRY_MS = 1000;
const SOLD_OUT_RETRY_MS = 5000;

/**
 * Takes an order in: protects what is personal, prices, asks risk, records. A repeat under the same number answers the
 * order there is. Throws RpcFailure for what is wrong at the door; then nothing was recorded.
 */
export class PlaceOrder {
  readonly #patience: DeadlineWheel;
  readonly #self: Caller;
  constructor(readonly options: PlaceOrderOptions) {
    this.#patience = new DeadlineWheel(options.ports.clock, RISK_TICK_MS);
    this.#self = serviceCaller('order', options.ports.namespace);
  }

  async place(ask: OrderAsk, context: CallContext): Promise<PlacedAnswer> {
    const { ports, host } = this.options;
    const orderId = orderIdOf(ports.namespace, ask.channelId, ask.number);
    const crowd = this.#crowdBefore(ask);
    if (crowd) await this.#unlessKnown(orderId, crowd);
    const at = ports.clock.now();
    const inner = this.#asService(context);
    const [guarded, priced, { state }] = await Promise.all([
      protect(ports.rpc, ask, inner), price(ports.rpc, ask, at, inner), host.look(orderStream(orderId)),
    ]);
    const taken: Taken = { orderId, ask, guarded, fingerprint: fingerprintOfBody(bodyOf(ask, guarded)), principal: context.caller.principalId, at };
    if (state.step !== 'absent') return { orderId, order: same(state, taken.fingerprint) };
    return { orderId, order: await this.#decide(taken, priced, { context, inner }) };
  }

  /** The order priced and checked, without placing anything. */
  async preview(ask: OrderAsk, context: CallContext): Promise<Preview> {
    const { ports } = this.options;
    const orderId = orderIdOf(ports.namespace, ask.channelId, ask.number);
    const priced = await price(ports.rpc, ask, ports.clock.now(), this.#asService(context));
    if (priced.rejection !== '') return { orderId, lines: [], reason: priced.rejection, details: priced.details };
    checkAtDoor(ask, priced);
    const account = { ref: 'sub_preview', token: 'tok_preview' };
    const lines = priced.lines.map((line) => lineOf(line, account, false));
    const over = overMaximum(ask, amountOf(priced.total));
    return { orderId, lines, total: amountOf(priced.total), details: over?.details ?? {}, ...(over && { reason: over.reason }) };
  }

  /** Why no new order is taken just now, if so. */
  #crowdBefore({ lines }: OrderAsk): RpcFailure | undefined {
    const { config, runner, soldOut } = this.options;
    for (const { productId } of lines) {
      if (soldOut.has(productId)) return new RpcFailure('throttled', 'SOLD_OUT_FOR_NOW', { productId }, { retryAfterMs: SOLD_OUT_RETRY_MS });
    }
    return runner.size >= config.openOrdersMax ? new RpcFailure('throttled', 'BUSY', {}, { retryAfterMs: BUSY_RETRY_MS }) : undefined;
  }
  /** A repeat asks for what there is. */
  async #unlessKnown(orderId: string, crowd: RpcFailure): Promise<void> {
    const { state } = await this.options.host.look(orderStream(orderId));
    if (state.step === 'absent') throw crowd;
  }

  async #decide(taken: Taken, priced: PriceOrderResponse, { context, inner }: Contexts): Promise<Order> {
    const { ports, config, providers } = this.options;
    if (priced.rejection !== '') return this.#refuse(taken, [], { reason: priced.rejection, details: priced.details }, context);
    checkAtDoor(taken.ask, priced);
    const total = amountOf(priced.total);
    const lines = priced.lines.map((line, index) => lineOf(line, taken.guarded.accounts.get(index), taken.ask.lines[index]!.allowRepeat));
    const over = overMaximum(taken.ask, total);
    if (over) return this.#refuse(taken, lines, { ...over, total }, context);
    const settlement = settlementOf(priced.settlement);
    if (settlement === 'consumer_pay' && !providers.has(priced.paymentProvider)) {
      return this.#refuse(taken, lines, { reason: 'PAYMENT_PROVIDER_UNKNOWN', details: { provider: priced.paymentProvider }, total }, context);
    }
    const assessment = await assess(ports, this.#patience, config, { ...taken, lines, total, settlement }, inner);
    switch (assessment.verdict.decision) {
      case 'deny':
        return this.#refuse(taken, lines, { reason: 'RISK_DENIED', details: {}, total }, context);
      case 'challenge':
        return this.#refuse(taken, lines, { reason: 'CHALLENGE_REQUIRED', details: {}, total, challengeToken: assessment.challengeToken }, context);
      case 'allow':
      case 'review':
        return this.#record(taken, { type: 'PlaceOrder', terms: termsOf(taken, lines, { priced, assessment, config }) }, context);
    }
  }

  #refuse(taken: Taken, lines: readonly OrderLine[], no: Refusal, context: CallContext): Soon<Order> {
    const { ask, fingerprint, principal, at } = taken;
    const refusal: Of<OrderEvent, 'OrderRefused'> = {
      type: 'OrderRefused', number: ask.number, channelId: ask.channelId, principal, fingerprint, reason: no.reason, details: no.details,
      totalMinor: no.total?.minor ?? 0n, currency: no.total?.currency ?? ask.maxAmount?.currency ?? 'CNY', placedAt: at,
      lines: ask.lines.map(({ productId, quantity }, index) => ({
        lineId: lines[index]?.lineId ?? lineIdOf(index), productId, ordered: quantity, delivered: 0, failed: quantity,
      })),
      ...(no.challengeToken !== undefined && { challengeToken: no.challengeToken }),
    };
    return this.#record(taken, { type: 'RefuseOrder', refusal }, context);
  }

  #record({ orderId, principal, at }: Taken, command: Parameters<OrderHost['handle']>[1], { trace }: CallContext): Soon<Order> {
    const { host, ports } = this.options;
    const envelope: Envelope = { commandId: ports.ids.uuid(), correlation: orderId, principal, at, ...(trace !== undefined && { trace }) };
    const handled = host.decide(orderStream(orderId), command, envelope);
    return handled instanceof Promise ? handled.then(recorded) : recorded(handled);
  }

  #asService(context: CallContext): CallContext {
    return callAs(context, this.#self);
  }
}

type Taken = { readonly orderId: string; readonly ask: OrderAsk; readonly guarded: ProtectedAsk; readonly fingerprint: string; readonly principal: string; readonly at: Instant };
/** The call, and the same in the service's own name. */
type Contexts = { readonly context: CallContext; readonly inner: CallContext };
const recorded = (handled: Awaited<ReturnType<OrderHost['handle']>>): Order => {
  if (!handled.ok) throw new RpcFailure('duplicate', handled.code, handled.details);
  return handled.state;
};
type Refusal = { readonly reason: Reason; readonly details: Details; readonly total?: Money; readonly challengeToken?: string };

const same = (order: Order, fingerprint: string): Order => {
  if (fingerprintOf(order) === fingerprint) return order;
  throw new RpcFailure('duplicate', 'ORDER_NUMBER_REUSED');
};

const overMaximum = ({ maxAmount }: OrderAsk, total: Money): Refusal | undefined => {
  if (!maxAmount || (maxAmount.currency === total.currency && total.minor <= maxAmount.minor)) return undefined;
  return { reason: 'MAX_AMOUNT_EXCEEDED', details: { total: total.minor.toString(), currency: total.currency } };
};

/** The business fields, personal ones as tokens: what makes a repeat the same order. */
const bodyOf = ({ lines, maxAmount, quoteId, memberTier, whole }: OrderAsk, { byKind, accounts }: ProtectedAsk): readonly unknown[] => [
  lines.map(({ productId, quantity, allowRepeat }, index) => [productId, quantity, allowRepeat, accounts.get(index)?.token ?? '']),
  maxAmount ? [maxAmount.currency, maxAmount.minor] : [], quoteId, memberTier, whole,
  BUYER_KINDS.map((kind) => byKind[kind]?.token ?? ''),
];

/** An id that can be told from the order need not lie in its event. */
const withoutUsualId = ({ orderId, fingerprint }: Taken, { decision, verdictId, fallback }: ActedVerdict): ActedVerdict => ({
  decision, fallback, ...(verdictId !== undefined && verdictId !== verdictIdOf(orderId, fingerprint) && { verdictId }),
});

type Decided = { readonly priced: PriceOrderResponse; readonly assessment: Assessment; readonly config: OrderConfig };
const termsOf = (taken: Taken, lines: readonly OrderLine[], { priced, assessment, config }: Decided): OrderTerms => {
  const { ask, guarded, fingerprint, principal, at } = taken;
  const settlement = settlementOf(priced.settlement);
  const total = amountOf(priced.total);
  const reviewMs = assessment.verdict.decision === 'review' ? assessment.reviewMs ?? config.reviewTimeoutMs : 0;
  const payMs = settlement === 'consumer_pay' ? Number(priced.paymentWindowMs) : 0;
  const { minor: totalMinor, currency } = money(total.minor, total.currency);
  return {
    number: ask.number, channelId: ask.channelId, principal, fingerprint, settlement,
    bookId: priced.bookId, currency, totalMinor, whole: ask.whole, verdict: withoutUsualId(taken, assessment.verdict), placedAt: at, lines,
    answerBy: plusMs(at, config.answerWithinMs),
    heldUntil: plusMs(at, reviewMs + (payMs > 0 ? payMs + config.paymentGraceMs * 2 : 0) + config.holdStockMs),
    ...(priced.settlementChannelId !== ask.channelId && priced.settlementChannelId !== '' && { payerChannelId: priced.settlementChannelId }),
    ...(guarded.buyer && { buyer: { refs: guarded.buyer.refs, ...(lines.some(({ buyerLimit }) => buyerLimit !== undefined) && { token: guarded.buyer.token }) } }),
    ...(reviewMs > 0 && { reviewUntil: plusMs(at, reviewMs) }),
    ...(settlement === 'consumer_pay' && {
      payment: { provider: priced.paymentProvider, payBy: plusMs(at, reviewMs + payMs), fulfilLate: priced.fulfilLatePayment },
    }),
  };
};

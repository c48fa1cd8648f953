import { isFault } from '@vouchsafe/kernel';
import { type DiscloseSecretsResponse, FulfillmentService } from '@vouchsafe/proto/fulfillment/v1/fulfillment';
import type { Order as OrderMessage, OrderSchema, PlaceOrderRequest, PlaceOrderResultSchema, ProblemSchema, StreamOrdersRequest } from '@vouchsafe/proto/order/v1/order';
import { OrderState } from '@vouchsafe/proto/order/v1/order';
import { type CallContext, invalidField, isRpcFailure, refusalOf, type Rpc, RpcFailure } from '@vouchsafe/rpc';
import type { OrderWait } from '../application/order-wait.js';
import { pipelined } from '../application/pipelined.js';
import type { PlaceOrder, Preview } from '../application/place-order.js';
import { isLive, type Order } from '../domain/order-state.js';
import { parseOrder } from './parse-order.js';
import { type Init, moneyOut, type OrderOut, pricedLineOut, reasonOut, wordsOf } from './present.js';
import type { OrderViews } from './views.js';

type Out = Init<typeof OrderSchema>;
type Result = Init<typeof PlaceOrderResultSchema>;
const BATCH_MAX = 100;

/** Placing orders: one, a batch, a stream. */
export class PlaceHandlers {
  constructor(readonly place: PlaceOrder, readonly wait: OrderWait, readonly views: OrderViews, readonly rpc: Rpc, readonly streamConcurrency: number) {}

  async placeOrder(request: PlaceOrderRequest, context: CallContext): Promise<OrderOut> {
    const { ask, answer } = parseOrder(request, context);
    if (answer.validateOnly) return previewOut(ask.number, ask.channelId, await this.place.preview(ask, context));
    const { orderId } = await this.place.place(ask, context);
    const settling = this.wait.settled(orderId, answer.waitMs);
    const folded = settling instanceof Promise ? await settling : settling;
    const out = this.views.order(orderId, folded, context.caller);
    if (!answer.includeSecrets) return out;
    return { ...(await out), ...(await this.#secrets(orderId, folded.state, context)) };
  }

  async batchPlaceOrders(orders: readonly PlaceOrderRequest[], context: CallContext): Promise<Result[]> {
    if (orders.length === 0 || orders.length > BATCH_MAX) {
      const words = { zh: `一批须有 1 至 ${BATCH_MAX} 个订单`, en: `a batch has 1 to ${BATCH_MAX} orders` };
      throw new RpcFailure('invalid', 'REQUEST_INVALID', {}, { fields: [{ pointer: '/orders', code: 'ORDERS_OUT_OF_RANGE', ...words }] });
    }
    return Promise.all(orders.map((order) => this.#result(order, context)));
  }

  streamOrders(requests: AsyncIterable<StreamOrdersRequest>, context: CallContext): AsyncIterable<{ result: Result }> {
    return pipelined(requests, this.streamConcurrency, async ({ order }) => ({ result: await this.#result(order, context) }));
  }

  async #result(order: PlaceOrderRequest | undefined, context: CallContext): Promise<Result> {
    const number = order?.number ?? '';
    if (!order) return { number, outcome: { case: 'problem', value: problemOut(invalidField('/order', 'FIELD_REQUIRED', '必填', 'is required')) } };
    try {
      return { number, outcome: { case: 'order', value: await this.placeOrder(order, context) } };
    } catch (error) {
      return { number, outcome: { case: 'problem', value: problemOut(error) } };
    }
  }

  /** Disclosed as DiscloseSecrets by the same principal would, recorded there first. A refusal does not hide the order. */
  async #secrets(orderId: string, order: Order, context: CallContext): Promise<Partial<Pick<OrderMessage, 'secrets' | 'secretsWithheld'>>> {
    if (!context.caller.permissions.has('secret:disclose')) return { secretsWithheld: 'PERMISSION' };
    const delivered = isLive(order) && order.terms.lines.some((line) => line.kind !== 'top_up' && order.lines.get(line.lineId)!.delivered > 0);
    if (!delivered) return { secretsWithheld: 'NOT_DELIVERED' };
    const secrets: DiscloseSecretsResponse[] = [];
    try {
      for await (const piece of this.rpc.stream(FulfillmentService.method.discloseSecrets, { orderId }, context)) secrets.push(piece);
    } catch (error) {
      if (!isRpcFailure(error) && !isFault(error)) throw error;
      return { secretsWithheld: withheldCode(error.code) };
    }
    const withheld = secrets.find((piece) => piece.withheld.length > 0)?.withheld[0]?.code;
    return { secrets, ...(withheld !== undefined && { secretsWithheld: withheldCode(withheld) }) };
  }
}

const withheldCode = (code: string): string => (code === 'DISCLOSURE_ALLOWANCE_SPENT' ? 'ALLOWANCE_SPENT' : code);

const problemOut = (error: unknown): Init<typeof ProblemSchema> => {
  const { code, details, fields, retryAfterMs } = refusalOf(error);
  return {
    code, ...wordsOf(code), details, retryAfterMs: BigInt(retryAfterMs ?? 0),
    fields: fields.map(({ pointer, code: problem, zh, en }) => ({ pointer, code: problem, text: { zh, en } })),
  };
};

const previewOut = (number: string, channelId: string, { lines, total, reason, details }: Preview): Out => ({
  number, channelId, state: reason === undefined ? OrderState.PENDING : OrderState.REJECTED, reason: reasonOut(reason, details),
  lines: lines.map((line) => pricedLineOut({ currency: total!.currency }, line)), ...(total && { total: moneyOut(total.minor, total.currency) }),
});

import type { Folded } from '@vouchsafe/event-store';
import { instant, plusMs } from '@vouchsafe/kernel';
import { CatalogTermsService } from '@vouchsafe/proto/catalog/internal/v1/terms';
import { type GetOrderRequest, type ListOrdersRequest, type CancelOrderRequest, OrderService } from '@vouchsafe/proto/order/v1/order';
import type { CreateRefundRequest, ListRefundsRequest, RefundSchema } from '@vouchsafe/proto/order/v1/refund';
import type { Collection } from '@vouchsafe/read-store';
import { callAs, type CallContext, type Handlers, invalidField, pageScope, serviceCaller } from '@vouchsafe/rpc';
import { LRUCache } from 'lru-cache';
import type { OrderHost } from '../application/course-runner.js';
import { listPage, type ListSpec } from '../application/list-query.js';
import { orderIdOf, orderStream } from '../application/names.js';
import type { OrderWait } from '../application/order-wait.js';
import type { OrderWatch } from '../application/order-watch.js';
import type { OrderPorts } from '../application/ports.js';
import { refundStream, type RefundHost } from '../application/refunds.js';
import type { RefundAsked, RequestRefund } from '../application/request-refund.js';
import type { Order } from '../domain/order-state.js';
import type { ListedMoney } from '../projections/money.js';
import type { ListedOrder } from '../projections/orders.js';
import { channelOf, failure, isStaff, owns } from './callers.js';
import type { PlaceHandlers } from './place-handlers.js';
import type { Init, OrderOut } from './present.js';
import { channelOfOrder, type OrderViews, refundOut } from './views.js';

type RefundMessage = Init<typeof RefundSchema>;
export type OrderHandlersOptions = {
  readonly ports: OrderPorts; readonly host: OrderHost; readonly refundHost: RefundHost; readonly place: PlaceHandlers; readonly wait: OrderWait; readonly watch: OrderWatch;
  readonly views: OrderViews; readonly requestRefund: RequestRefund; readonly orders: Collection<ListedOrder>; readonly refunds: Collection<ListedMoney>;
  /** What one person may give back in one refund, minor units; undefined: anything (sandbox). */
  readonly refundAloneMaxMinor: bigint | undefined;
};

const WATCH_MAX_MS = 3_600_000;
const REFUND_WAIT_MS = 2000;
const PATHS_MAX = 1_000;
const PATHS_MS = 60_000;
const REQUEST_ID_MAX = 128;
const ORDERS: ListSpec = {
  timeColumn: 'placedAt', timeField: 'placed_at',
  fields: {
    placed_at: { column: 'placedAt', sort: 'time' },
    state: { column: 'state', sort: 'enum', prefix: 'ORDER_STATE_', words: ['PENDING', 'AWAITING_PAYMENT', 'IN_REVIEW', 'FULFILLING', 'COMPLETED', 'REJECTED', 'CANCELLED'] },
  },
};
const REFUNDS: ListSpec = {
  timeColumn: 'createdAt', timeField: 'created_at',
  fields: {
    created_at: { column: 'createdAt', sort: 'time' }, order_id: { column: 'orderId', sort: 'text' },
    state: { column: 'state', sort: 'enum', prefix: 'REFUND_STATE_', words: ['PENDING', 'PAYING_BACK', 'STUCK', 'COMPLETED', 'PARTIAL', 'FAILED'] },
  },
};

/** Reading, cancelling and refunding orders. */
export class OrderHandlers {
  readonly #paths = new LRUCache<string, { readonly path: readonly string[]; readonly until: number }>({ max: PATHS_MAX });
  constructor(readonly options: OrderHandlersOptions) {}

  handlers(): Handlers<typeof OrderService> {
    const { place } = this.options;
    return {
      placeOrder: (request, context) => place.placeOrder(request, context),
      batchPlaceOrders: async ({ orders }, context) => ({ results: await place.batchPlaceOrders(orders, context) }),
      streamOrders: (requests, context) => place.streamOrders(requests, context),
      getOrder: (request, context) => this.#get(request, context),
      listOrders: (request, context) => this.#list(request, context),
      watchOrder: ({ orderId }, context) => this.#watch(orderId, context),
      cancelOrder: (request, context) => this.#cancel(request, context),
      createRefund: (request, context) => this.#createRefund(request, context, this.options.refundAloneMaxMinor),
      createLargeRefund: (request, context) => this.#createRefund(request, context, undefined),
      getRefund: ({ refundId }, context) => this.#getRefund(refundId, context),
      listRefunds: (request, context) => this.#listRefunds(request, context),
    };
  }

  async #get({ orderId, number, channelId }: GetOrderRequest, context: CallContext): Promise<OrderOut> {
    const id = orderId !== '' ? orderId : orderIdOf(this.options.ports.namespace, channelOf(context, channelId), number);
    if (orderId === '' && number === '') throw invalidField('/orderId', 'FIELD_REQUIRED', '请给出订单编号或单号', 'give order_id or number');
    return this.options.views.order(id, await this.#visible(id, context), context.caller);
  }

  async #list(request: ListOrdersRequest, context: CallContext) {
    const { orders, host, views } = this.options;
    const page = await listPage(orders, { ...request, scope: pageScope(request, context.caller), channelId: await this.#listedChannel(request.channelId, context) }, ORDERS);
    const found = await Promise.all(page.docs.map(async ({ id }) => views.order(id, await host.load(orderStream(id)), context.caller)));
    return { orders: found, nextPageToken: page.nextPageToken };
  }

  async *#watch(orderId: string, context: CallContext): AsyncIterable<OrderOut> {
    const { wait, views, ports } = this.options;
    await this.#visible(orderId, context);
    const until = Math.min(plusMs(ports.clock.now(), WATCH_MAX_MS), context.deadline);
    for await (const folded of wait.changes(orderId, instant(until), context.signal)) yield await views.order(orderId, folded, context.caller);
  }

  async #cancel({ orderId, validateOnly }: CancelOrderRequest, context: CallContext): Promise<OrderOut> {
    const { host, views, ports } = this.options;
    const folded = await this.#own(orderId, context);
    const ended = folded.state.step === 'ended' && folded.state.end === 'CANCELLED';
    if (validateOnly && folded.state.step !== 'placed' && !ended) throw failure('ORDER_NOT_CANCELLABLE');
    if (validateOnly) return views.order(orderId, folded, context.caller);
    const at = ports.clock.now();
    const by = context.caller.principalId;
    const envelope = { commandId: ports.ids.uuid(), correlation: orderId, principal: by, at };
    const handled = await host.handle(orderStream(orderId), { type: 'CancelOrder', by, at }, envelope);
    if (!handled.ok) throw failure(handled.code);
    return views.order(orderId, { ...handled, pub: 0 }, context.caller);
  }

  /** `most`: what one person may give back; undefined where two did agree. */
  async #createRefund(request: CreateRefundRequest, context: CallContext, most: bigint | undefined): Promise<RefundMessage> {
    const { requestRefund } = this.options;
    const { orderId, requestId, reason } = request;
    if (requestId === '' || requestId.length > REQUEST_ID_MAX) throw invalidField('/requestId', 'FIELD_REQUIRED', '必须提供 request_id（不超过 128 个字符）', 'give a request_id of at most 128 characters');
    const asked: RefundAsked = { orderId, requestId, reason, lines: request.lines.map(({ lineId, voucherIds, quantity }) => ({ lineId, voucherIds, quantity })) };
    const { state } = await this.#own(orderId, context);
    const known = await requestRefund.known(asked);
    if (known !== undefined) return this.#settledRefund(known);
    const prepared = await requestRefund.prepare(asked, state, context);
    if (most !== undefined && requestRefund.mostMinor(prepared, state) > most) throw failure('REFUND_NEEDS_TWO_PERSONS', { limit: String(most) });
    if (request.validateOnly) return refundOut('', { step: 'requested', request: prepared, voided: [], valued: [], amountMinor: 0n }, 0);
    return this.#settledRefund(await requestRefund.begin(asked, prepared, context));
  }

  /** Waits a moment for its end. */
  async #settledRefund(refundId: string): Promise<RefundMessage> {
    const { refundHost, watch, ports } = this.options;
    const until = plusMs(ports.clock.now(), REFUND_WAIT_MS);
    const waiter = watch.open(refundId);
    try {
      for (;;) {
        const { state, revision } = await refundHost.load(refundStream(refundId));
        const left = until - ports.clock.now();
        if (state.step === 'absent') throw failure('REFUND_UNKNOWN');
        if (left <= 0 || state.step === 'ended' || state.step === 'stuck') return refundOut(refundId, state, revision);
        await waiter.changed(left);
      }
    } finally {
      waiter.close();
    }
  }

  async #getRefund(refundId: string, { caller }: CallContext): Promise<RefundMessage> {
    const { state, revision } = await this.options.refundHost.load(refundStream(refundId));
    if (state.step === 'absent' || !owns(caller, state.request.channelId)) throw failure('REFUND_UNKNOWN');
    return refundOut(refundId, state, revision);
  }

  async #listRefunds(request: ListRefundsRequest, { caller }: CallContext) {
    const { refunds, refundHost } = this.options;
    const channelId = isStaff(caller) ? request.channelId || undefined : (caller.channelId ?? '');
    const page = await listPage(refunds, { ...request, scope: pageScope(request, caller), channelId }, REFUNDS);
    const found = await Promise.all(page.docs.map(async ({ id }) => {
      const { state, revision } = await refundHost.load(refundStream(id));
      return state.step === 'absent' ? [] : [refundOut(id, state, revision)];
    }));
    return { refunds: found.flat(), nextPageToken: page.nextPageToken };
  }

  /** An order of the caller's own channel. Anybody else's is answered like an absent one. */
  async #own(orderId: string, { caller }: CallContext): Promise<Folded<Order>> {
    const folded = await this.options.host.load(orderStream(orderId));
    if (folded.state.step === 'absent' || !owns(caller, channelOfOrder(folded.state))) throw failure('ORDER_UNKNOWN');
    return folded;
  }
  /** An order the caller may read: its own, or one of a channel below it. */
  async #visible(orderId: string, context: CallContext): Promise<Folded<Order>> {
    const folded = await this.options.host.load(orderStream(orderId));
    if (folded.state.step === 'absent' || !(await this.#isAbove(context, channelOfOrder(folded.state)))) throw failure('ORDER_UNKNOWN');
    return folded;
  }

  async #listedChannel(asked: string, context: CallContext): Promise<string | undefined> {
    if (isStaff(context.caller)) return asked || undefined;
    const own = context.caller.channelId ?? '';
    if (asked === '' || asked === own) return own;
    // A channel that is none of the caller's is answered like one without orders.
    return (await this.#isAbove(context, asked)) ? asked : '';
  }

  async #isAbove(context: CallContext, channelId: string): Promise<boolean> {
    if (owns(context.caller, channelId)) return true;
    const own = context.caller.channelId;
    return own !== undefined && (await this.#pathOf(channelId, context)).includes(own);
  }
  async #pathOf(channelId: string, context: CallContext): Promise<readonly string[]> {
    const now = this.options.ports.clock.now();
    const known = this.#paths.get(channelId);
    if (known && known.until > now) return known.path;
    const asService = callAs(context, serviceCaller('order', this.options.ports.namespace));
    const { path } = await this.options.ports.rpc.call(CatalogTermsService.method.getChannelTerms, { channelId }, asService);
    this.#paths.set(channelId, { path, until: now + PATHS_MS });
    return path;
  }
}

import { type Publisher, startPublisher } from '@vouchsafe/bus';
import { invariant } from '@vouchsafe/kernel';
import { OrderStateService } from '@vouchsafe/proto/order/internal/v1/state';
import { OrderService } from '@vouchsafe/proto/order/v1/order';
import { PaymentService } from '@vouchsafe/proto/order/v1/payment';
import { bind, type BoundProjection, type Collection, type Doc, type ProjectionRunner, startDeadlines, startProjections } from '@vouchsafe/read-store';
import type { ServiceModule, Stop } from '@vouchsafe/runtime';
import { toIntegration } from './adapters/integration.js';
import { orderCodec } from './adapters/order-codec.js';
import { paymentCodec } from './adapters/payment-codec.js';
import { chargebackCodec, refundCodec } from './adapters/refund-codec.js';
import { OrderHandlers } from './api/order-handlers.js';
import { paymentHandlers } from './api/payment-handlers.js';
import { PlaceHandlers } from './api/place-handlers.js';
import { stateHandlers } from './api/state-handlers.js';
import { OrderViews } from './api/views.js';
import { hearOthers } from './application/hear-others.js';
import { createCore, type OrderCore } from './application/order-core.js';
import { OrderWait } from './application/order-wait.js';
import type { PaymentProvider } from './application/payment-provider.js';
import { PlaceOrder } from './application/place-order.js';
import type { OrderPorts } from './application/ports.js';
import { RequestRefund } from './application/request-refund.js';
import { SoldOutFlags } from './application/sold-out.js';
import type { OrderConfig } from './config.js';
import { openChargebacks, openPayments, openRefunds, paymentsList, refundsList } from './projections/money.js';
import { openOrders, ordersList } from './projections/orders.js';

const CATEGORIES = ['order', 'payment', 'refund', 'chargeback'] as const;

/** Views that order keeps; also what an audit rebuilds and compares. */
export const orderProjections = (): readonly BoundProjection[] => [
  bind(ordersList, orderCodec, ['order']), bind(openOrders, orderCodec, ['order']),
  bind(paymentsList, paymentCodec, ['payment']), bind(openPayments, paymentCodec, ['payment']),
  bind(refundsList, refundCodec, ['refund']), bind(openRefunds, refundCodec, ['refund']), bind(openChargebacks, chargebackCodec, ['chargeback']),
];

/** The module, with its views' runner and its publisher while they run, for those who watch them. */
export type Order = ServiceModule & { readonly projections: () => ProjectionRunner | undefined; readonly publisher: () => Publisher | undefined };

/** Orders, payments, refunds and charge-backs. Serves once its views are caught up and every open order goes on. */
export const createOrder = (ports: OrderPorts, config: OrderConfig): Order => {
  const providers = providersOf(ports);
  const core = createCore(ports, config, { order: orderCodec, payment: paymentCodec, refund: refundCodec, chargeback: chargebackCodec }, providers);
  const soldOut = new SoldOutFlags(ports.clock);
  const running: Running = { stops: [] };
  return {
    name: 'order',
    needs: ['catalog', 'access', 'inventory', 'ledger', 'redemption', 'fulfillment', 'risk'],
    projections: () => running.projections,
    publisher: () => running.publisher,
    start: async () => {
      await hearOthers(ports, core, soldOut);
      running.projections = await startViews(ports);
      await serve(ports, config, core, soldOut);
      running.publisher = await startPublisher({ ...ports, context: 'order', categories: CATEGORIES, toIntegration });
      for (const part of [core.runner, core.paymentJobs, core.refundJobs, core.chargebackJobs]) part.start();
      await running.projections.caughtUp();
      running.stops.push(...(await watchDeadlines(ports, core, running.projections)));
    },
    stop: async () => {
      for (const stop of running.stops.reverse()) await stop();
      for (const part of [core.runner, core.paymentJobs, core.refundJobs, core.chargebackJobs]) await part.stop();
      await running.publisher?.stop();
      await running.projections?.stop();
    },
  };
};

type Running = { stops: Stop[]; projections?: ProjectionRunner; publisher?: Publisher };

/** A sandbox provider takes no real money: it must never stand where real orders are placed. */
const providersOf = ({ namespace, paymentProviders }: OrderPorts): ReadonlyMap<string, PaymentProvider> => {
  for (const { name, sandbox } of paymentProviders) invariant(!(sandbox && namespace === 'live'), `the sandbox payment provider ${name} cannot be composed into live`);
  return new Map(paymentProviders.map((provider) => [provider.name, provider]));
};

const startViews = ({ store, readStore, log, clock }: OrderPorts): Promise<ProjectionRunner> =>
  startProjections({
    name: 'order', store, readStore, log, clock,
    projections: orderProjections(),
  });

const serve = async (ports: OrderPorts, config: OrderConfig, core: OrderCore, soldOut: SoldOutFlags): Promise<void> => {
  const { rpc, clock, readStore, store } = ports;
  const { orders: host, runner, watch, paymentDesk } = core;
  const views = new OrderViews(core.payments);
  const wait = new OrderWait({ host, watch, clock, exclusive: store.exclusive, canPay: (orderId) => paymentDesk.canPay(orderId) });
  const place = new PlaceHandlers(new PlaceOrder({ ports, config, host, runner, soldOut, providers: new Set(providersOf(ports).keys()) }), wait, views, rpc, config.streamConcurrency);
  const handlers = new OrderHandlers({
    ports, host, refundHost: core.refunds, place, wait, watch, views, requestRefund: new RequestRefund(ports, core.refundDesk),
    orders: await readStore.collection(ordersList.collection), refunds: await readStore.collection(refundsList.collection),
    refundAloneMaxMinor: ports.namespace === 'live' ? BigInt(config.refundAloneMaxMinor) : undefined,
  });
  rpc.serve(OrderService, handlers.handlers());
  rpc.serve(OrderStateService, stateHandlers(host, ports));
  rpc.serve(PaymentService, paymentHandlers(core.payments, await readStore.collection(paymentsList.collection), core.notices));
};

type Due = { readonly dueAt: number };
/** Wakes what its deadline says, and once at start everything that is open: the process that drove it may be gone. */
const watchDeadlines = async (ports: OrderPorts, core: OrderCore, projections: ProjectionRunner): Promise<Stop[]> => {
  const { readStore, clock, timers, log } = ports;
  const watched: readonly (readonly [Collection<Due>, (id: string) => Promise<void>])[] = [
    [await readStore.collection<Due>(openOrders.collection), (id) => core.runner.wake(id)],
    [await readStore.collection<Due>(openPayments.collection), async (id) => core.paymentJobs.remind(id)],
    [await readStore.collection<Due>(openRefunds.collection), async (id) => core.refundJobs.remind(id)],
    [await readStore.collection<Due>(openChargebacks.collection), async (id) => core.chargebackJobs.remind(id)],
  ];
  for (const [collection, wake] of watched) await wakeAll(collection, wake);
  return watched.map(([collection, wake]) =>
    startDeadlines<Due>({
      collection, clock, timers, projections, onDue: ({ id }) => wake(id), onError: (error) => log.warn({ error }, 'something due could not be woken; tried again'),
    }));
};

const WAKE_PAGE = 200;
const wakeAll = async (collection: Collection<Due>, wake: (id: string) => Promise<void>): Promise<void> => {
  let last: Doc<Due> | undefined;
  do {
    const page: readonly Doc<Due>[] = await collection.find({ orderBy: [['dueAt', 'asc']], limit: WAKE_PAGE, ...(last && { after: { values: [last.value.dueAt], id: last.id } }) });
    await Promise.all(page.map(({ id }) => wake(id)));
    last = page.length === WAKE_PAGE ? page[page.length - 1] : undefined;
  } while (last);
};

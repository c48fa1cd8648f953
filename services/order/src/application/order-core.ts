import { DeadlineWheel } from '@vouchsafe/bus';
import { DeciderHost } from '@vouchsafe/event-store';
import type { EventCodec } from '@vouchsafe/codec';
import type { OrderConfig } from '../config.js';
import { type ChargebackEvent, chargebackDecider } from '../domain/chargeback.js';
import { orderDecider } from '../domain/order.js';
import type { OrderEvent } from '../domain/order-events.js';
import { type PaymentEvent, paymentDecider } from '../domain/payment.js';
import { type RefundEvent, refundDecider } from '../domain/refund.js';
import type { OrderTerms } from '../domain/terms.js';
import { type ChargebackHost, Chargebacks } from './chargebacks.js';
import { CourseRunner, type OrderHost } from './course-runner.js';
import { createDispatch, type OwnCommands } from './dispatch.js';
import { Jobs } from './jobs.js';
import { endsCounter } from './order-figures.js';
import { orderOfPayment, orderOfStream, ownRefundIdOf } from './names.js';
import { Notices } from './notices.js';
import { OrderWatch } from './order-watch.js';
import type { PaymentProvider } from './payment-provider.js';
import { type PaymentHost, Payments } from './payments.js';
import type { OrderPorts } from './ports.js';
import { type RefundHost, Refunds } from './refunds.js';
import { sender } from './send.js';
import { takesBack } from './supplier-terms.js';
import { TakeBack } from './take-back.js';

export type OrderCodecs = {
  readonly order: EventCodec<OrderEvent>; readonly payment: EventCodec<PaymentEvent>; readonly refund: EventCodec<RefundEvent>; readonly chargeback: EventCodec<ChargebackEvent>;
};
/** The four deciders with what takes them through their courses. */
export type OrderCore = {
  readonly orders: OrderHost; readonly payments: PaymentHost; readonly refunds: RefundHost; readonly chargebacks: ChargebackHost;
  readonly runner: CourseRunner; readonly watch: OrderWatch;
  readonly paymentDesk: Payments; readonly refundDesk: Refunds; readonly notices: Notices;
  readonly paymentJobs: Jobs; readonly refundJobs: Jobs; readonly chargebackJobs: Jobs;
};

/** How exactly a caller's patience is measured. */
const WAIT_TICK_MS = 20;

export const createCore = (ports: OrderPorts, config: OrderConfig, codecs: OrderCodecs, providers: ReadonlyMap<string, PaymentProvider>): OrderCore => {
  const { store, clock, random, timers, log, ids } = ports;
  const watch = new OrderWatch(new DeadlineWheel(clock, WAIT_TICK_MS));
  const countEnds = endsCounter(ports.figures);
  const send = sender(ports, config.commandDeadlineMs);
  const own: OwnCommands = {
    requestPayment: (orderId, terms) => paymentDesk.request(orderId, terms),
    closePayment: (orderId) => paymentDesk.close(orderId),
    refundUndelivered: async (orderId, terms, minor) => {
      await refundDesk.start(ownRefundIdOf(orderId, 'undelivered'), undelivered(ports, orderId, terms, minor));
    },
  };
  const runner: CourseRunner = new CourseRunner({ host: () => orders, dispatch: createDispatch(config, send, own), clock, random, timers, log, ids });
  const orders: OrderHost = new DeciderHost({
    store, clock, random, decider: orderDecider, codec: codecs.order,
    onAccepted: (stream, folded, events, { trace }) => {
      countEnds(events);
      const orderId = orderOfStream(stream);
      watch.notify(orderId, folded.state);
      runner.follow(orderId, folded, trace);
    },
  });
  const payments: PaymentHost = new DeciderHost({
    store, clock, random, decider: paymentDecider, codec: codecs.payment,
    onAccepted: (stream) => {
      const paymentId = orderOfStream(stream);
      paymentJobs.wake(paymentId);
      watch.notify(orderOfPayment(paymentId));
    },
  });
  const refunds: RefundHost = new DeciderHost({
    store, clock, random, decider: refundDecider, codec: codecs.refund,
    onAccepted: (stream) => {
      const refundId = orderOfStream(stream);
      refundJobs.wake(refundId);
      watch.notify(refundId);
    },
  });
  const chargebacks: ChargebackHost = new DeciderHost({
    store, clock, random, decider: chargebackDecider, codec: codecs.chargeback, onAccepted: (stream) => chargebackJobs.wake(orderOfStream(stream)),
  });
  const takeBack = new TakeBack(ports, send, orders);
  const refundDesk: Refunds = new Refunds({
    ports, config, host: refunds, orders, send, takeBack, provider: (name) => paymentDesk.provider(name), within: (answer) => paymentDesk.within(answer),
    takesBack: (supplierId) => takesBack(ports, supplierId),
  });
  const paymentDesk: Payments = new Payments({ ports, config, host: payments, orders, refunds: refundDesk, providers, send });
  const chargebackDesk = new Chargebacks({ ports, host: chargebacks, orders, send, takeBack });
  const jobs = (name: string, run: Jobs['options']['run']): Jobs => new Jobs({ name, run, clock, random, timers, log });
  const paymentJobs = jobs('payments', (id) => paymentDesk.settle(id));
  const refundJobs = jobs('refunds', (id) => refundDesk.work(id));
  const chargebackJobs = jobs('chargebacks', (id) => chargebackDesk.work(id));
  const notices = new Notices(ports.namespace, ports.outerClock ?? clock, providers, { payments: paymentDesk, refunds: refundDesk, chargebacks: chargebackDesk });
  return { orders, payments, refunds, chargebacks, runner, watch, paymentDesk, refundDesk, notices, paymentJobs, refundJobs, chargebackJobs };
};

const undelivered = ({ clock }: OrderPorts, orderId: string, terms: OrderTerms, minor: bigint) => ({
  kind: 'undelivered' as const, orderId, channelId: terms.channelId, bookId: terms.bookId, settlement: terms.settlement, currency: terms.currency, lines: [],
  amountMinor: minor, principal: terms.principal, fingerprint: 'undelivered', at: clock.now(), ...(terms.payment && { provider: terms.payment.provider }),
});

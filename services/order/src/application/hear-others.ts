import { consume, type EventMessage } from '@vouchsafe/bus';
import { type FulfillmentIntegrationEvent, fulfillmentEvents, type InventoryIntegrationEvent, inventoryEvents, type RiskIntegrationEvent, riskEvents } from '@vouchsafe/contracts';
import type { Envelope } from '@vouchsafe/event-store';
import { Fault } from '@vouchsafe/kernel';
import type { OrderCommand } from '../domain/order-events.js';
import type { OrderCore } from './order-core.js';
import { orderStream } from './names.js';
import type { OrderPorts } from './ports.js';
import type { SoldOutFlags } from './sold-out.js';
import { supplierTerms } from './supplier-terms.js';

/** What order hears from others. Every effect is idempotent: an event may come again. */
export const hearOthers = async (ports: OrderPorts, core: OrderCore, soldOut: SoldOutFlags): Promise<void> => {
  const { bus, readStore, log, clock } = ports;
  const shared = { bus, readStore, log, clock };
  await consume({
    ...shared, group: 'order.stock', contexts: ['inventory'], codec: inventoryEvents, only: ['StockExhausted', 'StockAvailable'],
    on: async (event) => flag(soldOut, event),
  });
  await consume({
    ...shared, group: 'order.top-ups', contexts: ['fulfillment'], codec: fulfillmentEvents, only: ['TopUpEnded'],
    on: (event, message) => settleTopUp(ports, core, event, message),
  });
  await consume({
    ...shared, group: 'order.reviews', contexts: ['risk'], codec: riskEvents, only: ['ReviewResolved'],
    on: (event, message) => resolveReview(core, event, message),
  });
};

const flag = (soldOut: SoldOutFlags, event: InventoryIntegrationEvent): void => {
  if (event.type === 'StockExhausted') soldOut.exhausted(event.productId);
  if (event.type === 'StockAvailable') soldOut.available(event.productId);
};

const settleTopUp = async (ports: OrderPorts, core: OrderCore, event: FulfillmentIntegrationEvent, message: EventMessage): Promise<void> => {
  const { orderId, lineId, deliveredQuantity, supplierId, reason, outcome, cost, inputTax } = event;
  const why = outcome === 'succeeded' ? {} : { reason: reason ?? 'DELIVERY_FAILED' };
  const { prepaid } = await supplierTerms(ports, supplierId);
  await decide(core, message, orderId, {
    type: 'SettleTopUp', lineId, delivered: deliveredQuantity, supplierId, ...why, ...(prepaid && { fromPrepayment: true }), costMinor: cost.minor, taxMinor: inputTax.minor, at: message.occurredAt,
  });
};

const resolveReview = async (core: OrderCore, { orderId, decision, by }: RiskIntegrationEvent, message: EventMessage): Promise<void> => {
  await decide(core, message, orderId, { type: 'ResolveReview', decision, by, at: message.occurredAt });
};

/** A refusal means that the order went another way meanwhile, which stands; only an order that is not there at all is wrong. */
const decide = async (core: OrderCore, { id, correlation, principal, occurredAt, trace }: EventMessage, orderId: string, command: OrderCommand): Promise<void> => {
  const envelope: Envelope = { commandId: `${orderId}/${id}`, correlation, principal, at: occurredAt, ...(trace !== undefined && { trace }) };
  const handled = await core.orders.handle(orderStream(orderId), command, envelope);
  if (!handled.ok && handled.code === 'ORDER_UNKNOWN') throw new Fault('ORDER_UNKNOWN', 'an event names an order that is not there');
};

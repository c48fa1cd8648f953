import type { Envelope } from '@vouchsafe/event-store';
import type { OrderPorts } from './ports.js';

/** What this service does of its own accord in an order's matter. Without a command id of its own it is decided anew each time. */
export const serviceEnvelope = ({ ids, clock }: Pick<OrderPorts, 'ids' | 'clock'>, orderId: string, commandId?: string): Envelope => ({
  commandId: commandId ?? ids.uuid(), correlation: orderId, principal: 'svc_order', at: clock.now(),
});

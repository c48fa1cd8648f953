import type { Envelope } from '@vouchsafe/event-store';
import type { OrderPorts } from './ports.js';

/** What this service does of its own accord in an order's matter. Without a command id of its own it is decided anew each time. */
export const serviceEnvelope = ({ ids, clock, trace }: Pick<OrderPorts, 'ids' | 'clock' | 'trace'>, orderId: string, commandId?: string): Envelope => {
  const within = trace?.();
  return { commandId: commandId ?? ids.uuid(), correlation: orderId, principal: 'svc_order', at: clock.now(), ...(within !== undefined && { trace: within }) };
};

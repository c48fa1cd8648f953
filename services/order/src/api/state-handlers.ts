import { GetHoldVerdictResponse_Verdict as Verdict, type OrderStateService } from '@vouchsafe/proto/order/internal/v1/state';
import type { Clock, Ids } from '@vouchsafe/runtime';
import type { Handlers } from '@vouchsafe/rpc';
import type { OrderHost } from '../application/course-runner.js';
import { orderStream } from '../application/names.js';
import { serviceEnvelope } from '../application/service-envelope.js';
import type { Order } from '../domain/order-state.js';

/** What the ledger asks before it lets a hold lapse: an order not past the pivot ends before it is told to. */
export const stateHandlers = (host: OrderHost, ports: { readonly clock: Clock; readonly ids: Ids }): Handlers<typeof OrderStateService> => ({
  getHoldVerdict: async ({ orderId }) => {
    const envelope = serviceEnvelope(ports, orderId);
    const { state } = await host.handle(orderStream(orderId), { type: 'EndUnlessConfirmed', reason: 'HOLD_EXPIRED', at: envelope.at }, envelope);
    return { verdict: verdictOn(state) };
  },
});

const verdictOn = (order: Order): Verdict => {
  switch (order.step) {
    case 'refused':
    case 'ended':
      return Verdict.RELEASE;
    case 'confirmed':
    case 'reviving':
    case 'placed':
    case 'absent': // a hold is only asked for after its order was recorded: something is missing here, and money stays where it is
      return Verdict.KEEP;
  }
};

import { isFault } from '@vouchsafe/kernel';
import { GetHoldVerdictResponse_Verdict as Verdict, OrderStateService } from '@vouchsafe/proto/order/internal/v1/state';
import { isRpcFailure, type Rpc } from '@vouchsafe/rpc';
import type { HoldVerdicts } from '../application/ports.js';
import type { ServiceContext } from './service-context.js';

/** Asks the order over Rpc. No answer is no leave to release. */
export const holdVerdictsClient = (rpc: Rpc, context: ServiceContext): HoldVerdicts => async (orderId) => {
  try {
    const { verdict } = await rpc.call(OrderStateService.method.getHoldVerdict, { orderId }, context());
    switch (verdict) {
      case Verdict.RELEASE: return 'release';
      case Verdict.KEEP: return 'keep';
      case Verdict.UNSPECIFIED: return 'unknown';
    }
  } catch (error) {
    if (!isFault(error) && !isRpcFailure(error)) throw error;
    return 'unknown';
  }
  return 'unknown'; // a verdict that this binary does not know yet
};

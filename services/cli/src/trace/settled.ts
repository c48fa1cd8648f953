import { InsightService } from '@vouchsafe/proto/audit/v1/audit';
import { CommandFailure, EXIT } from '../speech.js';
import type { Stage } from './stage.js';

const QUIET_ROUNDS = 3;
const ROUND_MS = 250;
const ROUNDS_MAX = 400;

/**
 * Waits until nothing is under way: no order is open, and no event has been written for some rounds. Simulated time goes on meanwhile.
 */
export const settled = async (stage: Stage): Promise<void> => {
  const admin = stage.as('admin');
  let [quiet, head] = [0, -1];
  for (let round = 0; round < ROUNDS_MAX && quiet < QUIET_ROUNDS; round++) {
    await stage.wake();
    await new Promise((resolve) => setTimeout(resolve, ROUND_MS));
    const { ordersByState: by } = await admin.call(InsightService.method.getOverview, {});
    const open = ['PENDING', 'AWAITING_PAYMENT', 'IN_REVIEW', 'FULFILLING'].reduce((sum, state) => sum + Number(by[state] ?? 0n), 0);
    const now = stage.platform.namespaces.get('sandbox')!.store.head();
    quiet = open === 0 && now === head ? quiet + 1 : 0;
    head = now;
  }
  if (quiet < QUIET_ROUNDS) throw new CommandFailure(EXIT.refused, '等待很久之后仍有订单在途', 'orders are still under way after a long while');
};

import type { Projection } from '@vouchsafe/read-store';
import { accountIdOf } from './entries-of.js';
import type { LedgerEvent } from './ledger-event.js';

/** An open hold and when its order is to be asked about it (epoch milliseconds). */
export type HoldDeadline = { readonly dueAt: number; readonly accountId: string; readonly holdId: string; readonly orderId: string };

/** Open holds by their end. */
export const holdDeadlines: Projection<LedgerEvent, HoldDeadline> = {
  collection: { name: 'ledger_hold_deadlines_v1', indexes: [{ fields: ['dueAt'] }] },
  idsOf: (event, { stream }) => {
    const accountId = accountIdOf(stream);
    if (accountId === undefined) return [];
    if (event.type === 'FundsCaptured') return event.final ? [`${accountId}/${event.holdId}`] : [];
    return event.type === 'FundsHeld' || event.type === 'FundsReleased' || event.type === 'HoldProlonged' ? [`${accountId}/${event.holdId}`] : [];
  },
  apply: (deadline, event, { stream }) => {
    if (event.type === 'FundsHeld') return { dueAt: event.expiresAt, accountId: accountIdOf(stream)!, holdId: event.holdId, orderId: event.orderId };
    if (event.type === 'HoldProlonged') return deadline && { ...deadline, dueAt: event.expiresAt };
    return undefined; // captured to the end, or released
  },
};

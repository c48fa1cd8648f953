import type { Clock, Log } from '@vouchsafe/runtime';
import { plusMs } from '@vouchsafe/kernel';
import type { HoldDeadline } from '../projections/hold-deadlines.js';
import type { AccountChain } from './chains.js';
import type { Desk } from './desk.js';
import type { HoldVerdicts } from './ports.js';
import { accountRootOf, ownEnvelope } from './streams.js';

export type HoldExpiryOptions = {
  readonly desk: Desk; readonly accounts: AccountChain; readonly verdicts: HoldVerdicts; readonly clock: Clock; readonly log: Log;
  /** How long a hold is left alone once its order said to keep it. */
  readonly keepMs: number;
};

/**
 * A hold past its end is given back only if its order says so, for an order past the pivot still captures. What the order
 * keeps is put off; while nobody answers it stays as it is and is asked about again.
 */
export const expireHold = async ({ desk, accounts, verdicts, clock, log, keepMs }: HoldExpiryOptions, hold: HoldDeadline): Promise<void> => {
  const { accountId, holdId, orderId } = hold;
  const verdict = await verdicts(orderId);
  const at = clock.now();
  switch (verdict) {
    case 'release': {
      const command = { accountId, holdId, notAfter: at, reason: 'EXPIRED' };
      await desk.release(command, ownEnvelope(`expire/${accountId}/${holdId}`, orderId, at));
      return;
    }
    case 'keep': {
      const expiresAt = plusMs(at, keepMs);
      await accounts.handle(accountRootOf(accountId), { type: 'ProlongHold', holdId, expiresAt, at }, ownEnvelope(`keep/${accountId}/${holdId}/${hold.dueAt}`, orderId, at), at);
      return;
    }
    case 'unknown': log.debug({ orderId, holdId }, 'nobody says whether a hold past its end still stands; it stays');
  }
};

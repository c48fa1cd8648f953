import type { Caller } from '@vouchsafe/rpc';
import type { AccountIdentity } from '../domain/account-types.js';
import { limitedPath } from '../domain/chart.js';
import { failure } from './fields.js';

/** A channel (or a till of one) sees its own accounts; people and services of the platform see all books. */
export const isStaff = ({ kind }: Caller): boolean => kind === 'person' || kind === 'service' || kind === 'auditor';

/** Whether the caller may see the account at all; if not, it is answered as if there were none. */
export const maySee = (caller: Caller, { channelId }: Pick<AccountIdentity, 'channelId'>): boolean =>
  isStaff(caller) || (caller.channelId !== undefined && caller.channelId === channelId);

/** The one path whose postings a channel may see of its entries; undefined: all. */
export const visiblePath = (caller: Caller, account: Pick<AccountIdentity, 'mode' | 'channelId'>): string | undefined =>
  isStaff(caller) ? undefined : limitedPath(account.mode, account.channelId);

export const staffOnly = (caller: Caller): void => {
  if (!isStaff(caller)) throw failure('NOT_FOR_CHANNELS');
};

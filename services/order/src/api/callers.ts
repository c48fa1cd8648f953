import { type Caller, type CallContext, failureOf, invalidField } from '@vouchsafe/rpc';
import { type OrderCode, orderErrors } from './errors.js';

/** People and services of the platform's own side; a channel is its own only. */
export const isStaff = ({ kind }: Caller): boolean => kind === 'person' || kind === 'service' || kind === 'auditor';

/** The channel a mutation acts for: the caller's own; staff name one. */
export const channelOf = ({ caller }: CallContext, named: string): string => {
  if (!isStaff(caller)) {
    if (caller.channelId !== undefined) return caller.channelId;
    throw failure('ORDER_UNKNOWN');
  }
  const channelId = caller.channelId ?? named;
  if (channelId === '') throw invalidField('/channelId', 'CHANNEL_REQUIRED', '必须指定渠道', 'name the channel');
  return channelId;
};

/** Whether what belongs to `channelId` is the caller's to see in full; anybody else gets the answer for what does not exist. */
export const owns = (caller: Caller, channelId: string): boolean => isStaff(caller) || caller.channelId === channelId;

/** The failure of a code, its kind looked up. */
export const failure = (code: OrderCode, details: Readonly<Record<string, string>> = {}) => failureOf(orderErrors, code, details);

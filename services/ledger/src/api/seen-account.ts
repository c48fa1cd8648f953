import type { Collection } from '@vouchsafe/read-store';
import type { Caller } from '@vouchsafe/rpc';
import type { Clock } from '@vouchsafe/runtime';
import type { Books } from '../application/books.js';
import type { AccountChain } from '../application/chains.js';
import type { Entries } from '../application/entries.js';
import { accountRootOf } from '../application/streams.js';
import type { OpenAccount } from '../domain/account-types.js';
import type { AccountRow } from '../projections/accounts.js';
import type { Balance } from '../projections/balances.js';
import { failure } from './fields.js';
import { maySee } from './sight.js';

/** What the reading methods are given. */
export type ReadingOptions = {
  readonly accounts: AccountChain; readonly books: Books; readonly entries: Entries; readonly clock: Clock;
  readonly rows: Collection<AccountRow>; readonly balances: Collection<Balance>;
  readonly caughtUp: () => Promise<void>;
};

/** The account as it is now, for a caller who may see it. One he may not see is answered as one that is not there. */
export const seenAccount = async (options: Pick<ReadingOptions, 'accounts'>, accountId: string, caller: Caller): Promise<OpenAccount> => {
  const account = await openAccount(options, accountId);
  if (!account || !maySee(caller, account)) throw failure('ACCOUNT_UNKNOWN');
  return account;
};
export const openAccount = async ({ accounts }: Pick<ReadingOptions, 'accounts'>, accountId: string): Promise<OpenAccount | undefined> => {
  const state = (await accounts.load(accountRootOf(accountId)))?.state;
  return state?.step === 'open' ? state : undefined;
};

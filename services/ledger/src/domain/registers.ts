import { accept, type Decider, type Instant, type Message, type Money, reject } from '@vouchsafe/kernel';
import type { AccountIdentity } from './account-types.js';
import type { Segment } from './period.js';

/** The root of an account: what it is and where its segments begin. Stream `account-<accountId>`, one event. */
export type AccountOpened = Message<'AccountOpened', AccountIdentity & { readonly segment: Segment; readonly at: Instant }>;
export type OpenAccountRoot = Message<'OpenAccount', AccountIdentity & { readonly segment: Segment; readonly at: Instant }>;
export type AccountRoot = AccountOpened | undefined;

export const accountRootDecider: Decider<AccountRoot, OpenAccountRoot, AccountOpened, never> = {
  initial: undefined,
  decide: (command, root) => (root ? accept() : accept({ ...command, type: 'AccountOpened' })),
  evolve: (_root, event) => event,
};

/**
 * What a person tells us is told once: a bank's reference once per account (RULES, Who may), an entry mirrored once. Stream
 * `bankref-<hash of scope and reference>`; the scope is the limited account or, for receipts nobody claims, book and bank.
 * Claimed first, then booked: the claim is no money, it fixes when the movement occurred, and the same ask again books under
 * the same fact id.
 */
export type ReferenceClaimed = Message<'ReferenceClaimed', {
  readonly scope: string; readonly reference: string; readonly factId: string; readonly fingerprint: number;
  readonly occurredAt: Instant; readonly amount?: Money; readonly at: Instant;
}>;
export type ClaimReference = Message<'ClaimReference', Omit<ReferenceClaimed, 'type'>>;
export type Reference = ReferenceClaimed | undefined;

export const referenceDecider: Decider<Reference, ClaimReference, ReferenceClaimed, 'REFERENCE_USED'> = {
  initial: undefined,
  decide: (command, claimed) => {
    if (!claimed) return accept({ ...command, type: 'ReferenceClaimed' });
    const same = claimed.fingerprint === command.fingerprint && claimed.reference === command.reference && claimed.scope === command.scope;
    return same ? accept() : reject('REFERENCE_USED', { factId: claimed.factId });
  },
  evolve: (_claimed, event) => event,
};

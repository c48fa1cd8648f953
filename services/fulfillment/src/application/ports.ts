import type { DeciderHost } from '@vouchsafe/event-store';
import type { Money, Secret, UnitRange } from '@vouchsafe/kernel';
import type { TopUp } from '../domain/top-up.js';
import type { Guard, GuardCommand, GuardEvent, GuardRejection } from '../domain/top-up-guard.js';
import type { ProviderAnswer, TopUpCommand, TopUpEvent, TopUpRejection } from '../domain/top-up-messages.js';

export type TopUpHost = DeciderHost<TopUp | undefined, TopUpCommand, TopUpEvent, TopUpRejection>;
export type GuardHost = DeciderHost<Guard, GuardCommand, GuardEvent, GuardRejection>;

export type TopUpRequest = {
  /** The provider must carry out one number at most once; we do not rely on it. */
  readonly requestNumber: string;
  readonly sku?: string; readonly account: Secret; readonly quantity: number; readonly face: Money;
};
/** Whoever fills accounts. Both calls end within the provider's own time limit and never reject: what went wrong is an answer. */
export interface TopUpProvider {
  submit(request: TopUpRequest, signal: AbortSignal): Promise<ProviderAnswer>;
  query(requestNumber: string, signal: AbortSignal): Promise<ProviderAnswer>;
}
/** Providers by name, and who comes after whom. */
export interface Providers {
  /** The provider and those asked after it, in turn; undefined: unknown. */
  routeOf(provider: string): readonly string[] | undefined;
  get(provider: string): TopUpProvider | undefined;
}
/** Access' vault of personal data. */
export interface Accounts {
  /** The account behind a reference, for one call to its provider; undefined: erased or never there. */
  reveal(accountRef: string): Promise<Secret | undefined>;
}

export type GrantLine = {
  readonly lineId: string; readonly channelId: string; readonly ownerPrincipal: string; readonly productId: string; readonly kind: string;
  readonly units: number; readonly activatedAtMs: number;
};
/** Redemption's grants. */
export interface Grants {
  linesOf(orderId: string, lineIds: readonly string[]): Promise<readonly GrantLine[]>;
}
export type OpenedSecret = { readonly voucherId: string; readonly number: Secret; readonly code: Secret; readonly expiresAtMs: number };
export type Disclosure = { readonly disclosureId: string; readonly orderId: string; readonly lineId: string; readonly principalId: string };
/** Inventory's vault of codes. */
export interface Secrets {
  open(disclosure: Disclosure, ranges: readonly UnitRange[]): Promise<readonly OpenedSecret[]>;
  voucherIds(ranges: readonly UnitRange[]): Promise<readonly string[]>;
}
/** Public keys that channels registered; one with a key gets its secrets encrypted, nothing in plain. */
export interface RecipientKeys {
  /** Encrypts for the channel; undefined: it registered no key; `missing`: it did, and none is live, so it gets nothing. */
  sealFor(channelId: string): Promise<((plain: Secret) => Promise<string>) | 'missing' | undefined>;
}

import { IdentityService, type ProtectRequest, type ProtectRequest_Value } from '@vouchsafe/proto/access/internal/v1/identity';
import type { CallContext, Rpc } from '@vouchsafe/rpc';
import type { Buyer } from '../domain/terms.js';
import type { AskedLine, OrderAsk } from './order-ask.js';

/** A personal value after the vault took it: a reference to reveal or erase it, and a token that equal values share. */
export type Protected = { readonly ref: string; readonly token: string };
/** An order's personal values as references and tokens. */
export type ProtectedAsk = {
  readonly buyer?: Buyer;
  readonly byKind: Readonly<Partial<Record<BuyerKind, Protected>>>;
  /** By line index; only top-ups have one. */
  readonly accounts: ReadonlyMap<number, Protected>;
};
export const BUYER_KINDS = ['buyer', 'ip', 'device', 'email', 'phone'] as const;
type BuyerKind = (typeof BUYER_KINDS)[number];
const NO_ACCOUNTS: ProtectedAsk['accounts'] = new Map([]);
const NOTHING: ProtectedAsk = { byKind: {}, accounts: NO_ACCOUNTS };

/** Puts the personal values of an order into the vault of personal data (durable before it answers). Equal asks, equal tokens. */
export const protect = async (rpc: Rpc, ask: OrderAsk, context: CallContext): Promise<ProtectedAsk> => {
  const { values, withAccount } = personalIn(ask);
  if (values.length === 0) return NOTHING;
  const request: ProtectRequest = { $typeName: 'vouchsafe.access.internal.v1.ProtectRequest', values, channelId: ask.channelId };
  const answer = await rpc.call(IdentityService.method.protect, request, context);
  const ofBuyer = values.length - withAccount.length;
  const byKind: Partial<Record<BuyerKind, Protected>> = {};
  const refs: string[] = [];
  for (let i = 0; i < ofBuyer; i++) {
    const guarded = answer.values[i]!;
    byKind[values[i]!.kind as BuyerKind] = guarded;
    if (!refs.includes(guarded.ref)) refs.push(guarded.ref);
  }
  const token = byKind.buyer?.token;
  return {
    byKind, accounts: withAccount.length === 0 ? NO_ACCOUNTS : new Map(withAccount.map((index, i) => [index, answer.values[ofBuyer + i]!])),
    ...(ofBuyer > 0 && { buyer: { refs, ...(token !== undefined && { token }) } }),
  };
};

/** The buyer's values first, then the accounts, with the lines they are of. */
const personalIn = ({ buyer, lines }: OrderAsk): { readonly values: ProtectRequest_Value[]; readonly withAccount: readonly number[] } => {
  const values: ProtectRequest_Value[] = [];
  for (const kind of BUYER_KINDS) {
    const value = kind === 'buyer' ? buyer.ref : buyer[kind];
    if (value !== '') values.push(valueOf(kind, value));
  }
  const withAccount: number[] = [];
  for (let index = 0; index < lines.length; index++) {
    if (!hasAccount(lines[index]!)) continue;
    withAccount.push(index);
    values.push(valueOf('account', accountOf(lines[index]!)));
  }
  return { values, withAccount };
};
const valueOf = (kind: string, value: string): ProtectRequest_Value => ({ $typeName: 'vouchsafe.access.internal.v1.ProtectRequest.Value', kind, value });

const hasAccount = ({ accountFields }: AskedLine): boolean => {
  for (const _ in accountFields) return true;
  return false;
};
/** The account as one value: the field itself where there is one, else all of them under their names. */
const accountOf = ({ accountFields }: AskedLine): string => {
  const names = Object.keys(accountFields).sort();
  return names.length === 1 ? accountFields[names[0]!]! : JSON.stringify(Object.fromEntries(names.map((name) => [name, accountFields[name]])));
};

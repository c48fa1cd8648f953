import { IdentityService } from '@vouchsafe/proto/access/internal/v1/identity';
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
type BuyerKind = 'buyer' | 'ip' | 'device' | 'email' | 'phone';
const NOTHING: ProtectedAsk = { byKind: {}, accounts: new Map() };

/** Puts the personal values of an order into the vault of personal data (durable before it answers). Equal asks, equal tokens. */
export const protect = async (rpc: Rpc, { buyer, lines, channelId }: OrderAsk, context: CallContext): Promise<ProtectedAsk> => {
  const kinds = ([['buyer', buyer.ref], ['ip', buyer.ip], ['device', buyer.device], ['email', buyer.email], ['phone', buyer.phone]] as const)
    .filter(([, value]) => value !== '');
  const accounts = lines.flatMap((line, index) => (hasAccount(line) ? [[index, accountOf(line)] as const] : []));
  if (kinds.length + accounts.length === 0) return NOTHING;
  const values = [...kinds.map(([kind, value]) => ({ kind, value })), ...accounts.map(([, value]) => ({ kind: 'account', value }))];
  const answer = await rpc.call(IdentityService.method.protect, { values, channelId }, context);
  const byKind = Object.fromEntries(kinds.map(([kind], i) => [kind, answer.values[i]!]));
  const refs = [...new Set(kinds.map((_, i) => answer.values[i]!.ref))];
  const token = byKind['buyer']?.token;
  return {
    byKind, accounts: new Map(accounts.map(([index], i) => [index, answer.values[kinds.length + i]!])),
    ...(kinds.length > 0 && { buyer: { refs, ...(token !== undefined && { token }) } }),
  };
};

const hasAccount = ({ accountFields }: AskedLine): boolean => Object.keys(accountFields).length > 0;
/** The account as one value: the field itself where there is one, else all of them under their names. */
const accountOf = ({ accountFields }: AskedLine): string => {
  const names = Object.keys(accountFields).sort();
  return names.length === 1 ? accountFields[names[0]!]! : JSON.stringify(Object.fromEntries(names.map((name) => [name, accountFields[name]])));
};

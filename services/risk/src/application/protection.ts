import { IdentityService } from '@vouchsafe/proto/access/internal/v1/identity';
import { invariant, plusMs } from '@vouchsafe/kernel';
import { type CallContext, type Rpc, serviceCaller } from '@vouchsafe/rpc';
import type { Clock, Ids, Namespace } from '@vouchsafe/runtime';

export type ProtectionPorts = { readonly rpc: Rpc; readonly namespace: Namespace; readonly clock: Clock; readonly ids: Ids };
export type Personal = { readonly kind: 'buyer' | 'device' | 'ip' | 'payee'; readonly value: string };
const ASK_MS = 5_000;

/** Puts personal values into the vault; answers their tokens in order. A token (`tok_…`) given as a value stays as it is. */
export const tokensOf = async ({ rpc, namespace, clock, ids }: ProtectionPorts, values: readonly Personal[], channelId: string, trace?: string): Promise<readonly string[]> => {
  const plain = values.filter(({ value }) => !isToken(value));
  if (plain.length === 0) return values.map(({ value }) => value);
  const context: CallContext = {
    caller: serviceCaller('risk', namespace), requestId: ids.mint('request'), deadline: plusMs(clock.now(), ASK_MS), locale: 'en', ...(trace !== undefined && { trace }),
  };
  const answer = await rpc.call(IdentityService.method.protect, { values: plain.map(({ kind, value }) => ({ kind, value })), channelId }, context);
  invariant(answer.values.length === plain.length, 'the vault answers every value');
  let next = 0;
  return values.map(({ value }) => (isToken(value) ? value : answer.values[next++]!.token));
};

export const isToken = (value: string): boolean => /^tok_[0-9a-z]{16,64}$/.test(value);

import { createPublicKey, type KeyObject } from 'node:crypto';
import type { Caller } from '@vouchsafe/rpc';
import type { Clock } from '@vouchsafe/runtime';
import { LRUCache } from 'lru-cache';
import { keyIdOf, signToken, TOKEN_LIFE_MS, type TokenClaims } from './token.js';

/** The private key that this process signs with at the moment; another one after a rotation. */
export type SigningKey = () => KeyObject;

export interface TokenIssuer {
  /** A token for `caller` at `audience`. Signed anew after half its life; until then the same text serves again. */
  mint(caller: Caller, audience: string, approvalId?: string): string;
}

const CALLERS_MAX = 20_000;
const REUSED_MS = TOKEN_LIFE_MS / 2;
type Minted = { readonly token: string; readonly at: number; readonly caller: Caller; readonly key: KeyObject };

/** Mints in the name of `issuer`. Signing costs some 50 µs, so a caller who calls often is signed for twice a minute. */
export const tokenIssuer = (issuer: string, clock: Pick<Clock, 'now'>, signingKey: SigningKey): TokenIssuer => {
  const minted = new LRUCache<string, Minted>({ max: CALLERS_MAX });
  const keyIds = new WeakMap<KeyObject, string>();
  const kidOf = (key: KeyObject): string => {
    let kid = keyIds.get(key);
    if (kid === undefined) keyIds.set(key, (kid = keyIdOf(createPublicKey(key))));
    return kid;
  };
  const fresh = (caller: Caller, audience: string, at: number, approvalId?: string): Minted => {
    const key = signingKey();
    return { token: signToken(claimsOf(issuer, caller, audience, at, approvalId), key, kidOf(key)), at, caller, key };
  };
  return {
    mint: (caller, audience, approvalId) => {
      const now = clock.now();
      if (approvalId !== undefined) return fresh(caller, audience, now, approvalId).token;
      const name = `${audience}\n${caller.principalId}\n${caller.credentialId ?? ''}`;
      const known = minted.get(name);
      // Its age may be negative: clocks jump. What was granted since makes another caller of the same principal.
      if (known && Math.abs(now - known.at) < REUSED_MS && known.key === signingKey() && saysTheSame(known.caller, caller)) return known.token;
      const next = fresh(caller, audience, now);
      minted.set(name, next);
      return next.token;
    },
  };
};

const saysTheSame = (a: Caller, b: Caller): boolean =>
  a === b || (a.kind === b.kind && a.namespace === b.namespace && a.channelId === b.channelId && a.terminalId === b.terminalId
    && a.permissions.size === b.permissions.size && [...a.permissions].every((permission) => b.permissions.has(permission)));

const claimsOf = (iss: string, caller: Caller, aud: string, at: number, approvalId: string | undefined): TokenClaims => {
  const { principalId: sub, kind, namespace: ns, channelId, terminalId, credentialId, permissions } = caller;
  const iat = Math.floor(at / 1000);
  return {
    iss, aud, iat, exp: iat + TOKEN_LIFE_MS / 1000, sub, kind, ns, prm: [...permissions],
    ...(channelId !== undefined && { chn: channelId }), ...(terminalId !== undefined && { trm: terminalId }), ...(credentialId !== undefined && { crd: credentialId }),
    ...(approvalId !== undefined && { apr: approvalId }),
  };
};

import type { KeyObject } from 'node:crypto';
import type { Caller } from '@vouchsafe/rpc';
import type { Clock, Namespace } from '@vouchsafe/runtime';
import { LRUCache } from 'lru-cache';
import { openToken, type OpenedToken, TOKEN_LIFE_MS, type TokenClaims, type TokenProblem } from './token.js';

/** A public key and whose it is. Several keys of one issuer are valid at once while it rotates. */
export type TrustedKey = { readonly issuer: string; readonly key: KeyObject };
/** The trusted keys by key id; another map after a change. */
export type TrustedKeys = () => ReadonlyMap<string, TrustedKey>;

export type Refused = TokenProblem | 'MISSING' | 'EXPIRED' | 'NOT_YET_VALID' | 'AUDIENCE_WRONG' | 'NAMESPACE_WRONG' | 'ISSUER_WRONG' | 'PEER_WRONG' | 'BEYOND_ITSELF' | 'LIFE_TOO_LONG';
/** Who calls, as vouched for by `issuer`; or why nobody is taken. */
export type Verified = { readonly ok: true; readonly caller: Caller; readonly issuer: string; readonly approvalId?: string } | { readonly ok: false; readonly reason: Refused };

/** The one issuer that speaks for people and channels from outside; every other one is a service. */
export const GATEWAY = 'gateway';
/** Clocks of two machines may differ by so much. */
const LEEWAY_MS = 5_000;
const TOKENS_MAX = 20_000;

export type TokenVerifierOptions = {
  /** This service: what is meant for others is not taken. */
  readonly audience: string;
  readonly namespace: Namespace;
  readonly clock: Pick<Clock, 'now'>;
  readonly trusted: TrustedKeys;
};
export interface TokenVerifier {
  /** `peer`: the names that the other side proved by its certificate; undefined where connections prove nothing (loopback in development). */
  verify(token: string, peer?: readonly string[]): Verified;
}

/** Verifies what {@link tokenIssuer} mints. A token seen before costs a look-up; its times and keys are checked every time. */
export const tokenVerifier = (options: TokenVerifierOptions): TokenVerifier => {
  const opened = new LRUCache<string, Verified & { readonly ok: true; readonly claims: TokenClaims; readonly key: TrustedKey; readonly kid: string }>({ max: TOKENS_MAX });
  const { audience, namespace, clock, trusted } = options;
  const open = (token: string): OpenedToken => openToken(token, (kid) => trusted().get(kid)?.key);
  return {
    verify: (token, peer) => {
      if (token === '') return { ok: false, reason: 'MISSING' };
      let known = opened.get(token);
      if (!known || trusted().get(known.kid) !== known.key) {
        const one = open(token);
        if (!one.ok) return { ok: false, reason: one.problem };
        const reason = refusalOf(one.claims, { audience, namespace, issuer: trusted().get(one.kid)!.issuer });
        if (reason) return { ok: false, reason };
        known = { ok: true, caller: callerOf(one.claims), issuer: one.claims.iss, claims: one.claims, kid: one.kid, key: trusted().get(one.kid)!, ...(one.claims.apr !== undefined && { approvalId: one.claims.apr }) };
        opened.set(token, known);
      }
      const reason = untimely(known.claims, clock.now()) ?? (peer && !peer.includes(known.issuer) ? 'PEER_WRONG' : undefined);
      return reason ? { ok: false, reason } : known;
    },
  };
};

const untimely = ({ iat, exp }: TokenClaims, now: number): Refused | undefined => {
  if (now >= exp * 1000 + LEEWAY_MS) return 'EXPIRED';
  return now < iat * 1000 - LEEWAY_MS ? 'NOT_YET_VALID' : undefined;
};

const refusalOf = (claims: TokenClaims, { audience, namespace, issuer }: { readonly audience: string; readonly namespace: Namespace; readonly issuer: string }): Refused | undefined => {
  if (claims.iss !== issuer) return 'ISSUER_WRONG';
  if (claims.aud !== audience) return 'AUDIENCE_WRONG';
  if (claims.ns !== namespace) return 'NAMESPACE_WRONG';
  if ((claims.exp - claims.iat) * 1000 > TOKEN_LIFE_MS) return 'LIFE_TOO_LONG';
  // What only services may do nobody is granted by another, and nobody speaks as another service.
  const speaksAsService = claims.prm.includes('internal') || claims.sub.startsWith('svc_');
  return speaksAsService && claims.sub !== `svc_${claims.iss}` ? 'BEYOND_ITSELF' : undefined;
};

const callerOf = ({ sub, kind, ns, chn, trm, crd, prm }: TokenClaims): Caller => Object.freeze({
  principalId: sub, kind, namespace: ns, permissions: new Set(prm),
  ...(chn !== undefined && { channelId: chn }), ...(trm !== undefined && { terminalId: trm }), ...(crd !== undefined && { credentialId: crd }),
});

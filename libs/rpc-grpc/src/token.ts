import { createHash, type KeyObject, sign, verify } from 'node:crypto';
import type { Caller } from '@vouchsafe/rpc';
import type { Namespace } from '@vouchsafe/runtime';

/** A token lives so long. Whoever overhears one may repeat it until then, to that one service, in that one name. */
export const TOKEN_LIFE_MS = 60_000;

/** What a token says: a caller, vouched for by one process to one other. Times in whole seconds, as in any JWT. */
export type TokenClaims = {
  /** Who vouches: the gateway, or a service that carries a call on. */
  readonly iss: string;
  /** The service it is meant for; nobody else takes it. */
  readonly aud: string;
  readonly iat: number;
  readonly exp: number;
  readonly sub: string;
  readonly kind: Caller['kind'];
  readonly ns: Namespace;
  readonly chn?: string;
  readonly trm?: string;
  readonly crd?: string;
  readonly prm: readonly string[];
  /** The second person's approval that the gateway checked. */
  readonly apr?: string;
};

const KINDS: readonly unknown[] = ['person', 'service', 'channel', 'terminal', 'auditor'];

/** The name of a public key: everybody who has the key comes to the same. */
export const keyIdOf = (key: KeyObject): string => createHash('sha256').update(key.export({ type: 'spki', format: 'der' })).digest('base64url').slice(0, 16);

/** A compact JWS, always EdDSA: there is no choice of algorithm that an attacker could make. */
export const signToken = (claims: TokenClaims, key: KeyObject, kid: string): string => {
  const text = `${encoded({ alg: 'EdDSA', typ: 'JWT', kid })}.${encoded(claims)}`;
  return `${text}.${sign(null, Buffer.from(text), key).toString('base64url')}`;
};
const encoded = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');

/** Why a token is not taken. */
export type TokenProblem = 'MALFORMED' | 'KEY_UNKNOWN' | 'SIGNATURE_WRONG';
/** A token whose signature holds; whether it is meant for us and still valid is for the verifier to say. */
export type OpenedToken = { readonly ok: true; readonly claims: TokenClaims; readonly kid: string } | { readonly ok: false; readonly problem: TokenProblem };

const BASE64URL = /^[A-Za-z0-9_-]+$/;
const no = (problem: TokenProblem): OpenedToken => ({ ok: false, problem });

/** Reads a token after checking its signature with the key it names. */
export const openToken = (token: string, keyOf: (kid: string) => KeyObject | undefined): OpenedToken => {
  const parts = token.split('.');
  const [head, body, signature] = parts;
  if (parts.length !== 3 || !parts.every((part) => BASE64URL.test(part))) return no('MALFORMED');
  const header = decoded(head!);
  if (header?.['alg'] !== 'EdDSA' || typeof header['kid'] !== 'string') return no('MALFORMED');
  const key = keyOf(header['kid']);
  if (!key) return no('KEY_UNKNOWN');
  const bytes = Buffer.from(signature!, 'base64url');
  // One token, one text: a signature written in another way is another token.
  if (bytes.toString('base64url') !== signature || !verify(null, Buffer.from(`${head}.${body}`), key, bytes)) return no('SIGNATURE_WRONG');
  const claims = decoded(body!);
  return isClaims(claims) ? { ok: true, claims, kid: header['kid'] } : no('MALFORMED');
};

const decoded = (part: string): Record<string, unknown> | undefined => {
  try {
    const value: unknown = JSON.parse(Buffer.from(part, 'base64url').toString());
    return value !== null && typeof value === 'object' ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined; // no JSON: malformed, which is the answer
  }
};
const isText = (value: unknown): boolean => typeof value === 'string' && value !== '';
const isTextOrAbsent = (value: unknown): boolean => value === undefined || isText(value);
const isClaims = (claims: unknown): claims is TokenClaims => {
  const { iss, aud, iat, exp, sub, kind, ns, chn, trm, crd, prm, apr } = (claims ?? {}) as Record<string, unknown>;
  return [iss, aud, sub].every(isText) && [chn, trm, crd, apr].every(isTextOrAbsent) && Number.isSafeInteger(iat) && Number.isSafeInteger(exp)
    && KINDS.includes(kind) && (ns === 'live' || ns === 'sandbox') && Array.isArray(prm) && prm.every(isText);
};

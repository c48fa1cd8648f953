import { createHash, createPrivateKey, createPublicKey, diffieHellman, type JsonWebKey, type KeyObject, publicEncrypt } from 'node:crypto';

/** A public key that content can be encrypted to. `jwk`: its members alone, sorted (RFC 7638), with `kid`. */
export type ParsedKey = { readonly keyId: string; readonly jwk: string; readonly algorithm: string };
/** What is wrong with a key that was offered. */
export type KeyProblem = 'NOT_READABLE' | 'PRIVATE' | 'KIND' | 'SIZE' | 'USE';
export type KeyText = { readonly kind: 'jwk' | 'pem'; readonly text: string };

/** Longest text looked at. */
export const KEY_TEXT_MAX = 8_192;
const RSA_BITS = { min: 2_048, max: 8_192 };
const EC_CURVES = ['P-256', 'P-384', 'P-521'];
const PRIVATE_MEMBERS = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k'];
/** How a content key is agreed on by each type of key. */
const ALGORITHMS: Readonly<Record<string, string>> = { RSA: 'RSA-OAEP-256', EC: 'ECDH-ES', OKP: 'ECDH-ES' };
/** Members of a thumbprint by type, in their order. */
const MEMBERS: Readonly<Record<string, readonly string[]>> = { RSA: ['e', 'kty', 'n'], EC: ['crv', 'kty', 'x', 'y'], OKP: ['crv', 'kty', 'x'] };

/** The algorithm of a key that was parsed before. */
export const algorithmOf = (jwk: string): string => ALGORITHMS[(JSON.parse(jwk) as { kty: string }).kty] ?? '';

/** Reads a public key; a private one is refused, not cut down to its public half, so that its owner hears of the slip. */
export const parseRecipientKey = (offered: KeyText): ParsedKey | KeyProblem => {
  if (offered.text.length > KEY_TEXT_MAX) return 'NOT_READABLE';
  try {
    return offered.kind === 'pem' ? fromPem(offered.text) : fromJwk(offered.text);
  } catch {
    return 'NOT_READABLE'; // the parsers throw, and their words may quote the key
  }
};

const fromPem = (text: string): ParsedKey | KeyProblem => {
  if (text.includes('PRIVATE KEY')) return 'PRIVATE';
  return judged(createPublicKey({ key: text, format: 'pem' }));
};
const fromJwk = (text: string): ParsedKey | KeyProblem => {
  const jwk = JSON.parse(text) as JsonWebKey | null;
  if (typeof jwk !== 'object' || jwk === null || Array.isArray(jwk)) return 'NOT_READABLE';
  if (PRIVATE_MEMBERS.some((member) => member in jwk)) return 'PRIVATE';
  const { kty, use } = jwk;
  if (typeof kty !== 'string' || !Object.hasOwn(ALGORITHMS, kty)) return 'KIND';
  if (use !== undefined && use !== 'enc') return 'USE';
  // Also proves that the point lies on its curve.
  return judged(createPublicKey({ key: jwk, format: 'jwk' }));
};

const judged = (key: KeyObject): ParsedKey | KeyProblem => {
  const problem = problemOf(key);
  if (problem) return problem;
  const exported = key.export({ format: 'jwk' });
  const kty = String(exported.kty);
  const members = Object.fromEntries(MEMBERS[kty]!.map((name) => [name, exported[name]]));
  const keyId = createHash('sha256').update(JSON.stringify(members)).digest('base64url');
  return { keyId, algorithm: ALGORITHMS[kty]!, jwk: JSON.stringify({ ...members, kid: keyId }) };
};

const problemOf = (key: KeyObject): KeyProblem | undefined => {
  switch (key.asymmetricKeyType) {
    case 'rsa': return hasGoodSize(key) ? (encrypts(key) ? undefined : 'NOT_READABLE') : 'SIZE';
    case 'ec': return EC_CURVES.includes(String(key.export({ format: 'jwk' }).crv)) ? undefined : 'KIND';
    case 'x25519': return agrees(key) ? undefined : 'KIND';
    default: return 'KIND';
  }
};
const hasGoodSize = ({ asymmetricKeyDetails: { modulusLength = 0, publicExponent = 0n } = {} }: KeyObject): boolean =>
  modulusLength >= RSA_BITS.min && modulusLength <= RSA_BITS.max && publicExponent >= 3n;

/** False for numbers that are no key: whatever fails here would fail after the units were recorded as disclosed. */
const encrypts = (key: KeyObject): boolean => {
  if ((key.asymmetricKeyDetails?.publicExponent ?? 0n) % 2n === 0n) return false; // nobody could decrypt it
  try {
    return publicEncrypt({ key, oaepHash: 'sha256' }, Buffer.alloc(32)).length > 0;
  } catch {
    return false;
  }
};

/** Alice's key of RFC 7748 §6.1: known to all, so good for trying out only. */
const TRIAL_KEY = createPrivateKey({
  key: { kty: 'OKP', crv: 'X25519', d: 'dwdtCnMYpX08FsFyUbJmRd9ML4frwJkqsXf7pR25LCo', x: 'hSDwCYkwp1R0i33ctD73Wg2_Og0mOBr066SpjqqbTmo' }, format: 'jwk',
});
/** False for the few points with which every agreement comes out as zero. */
const agrees = (key: KeyObject): boolean => {
  try {
    return diffieHellman({ privateKey: TRIAL_KEY, publicKey: key }).some((byte) => byte !== 0);
  } catch {
    return false;
  }
};

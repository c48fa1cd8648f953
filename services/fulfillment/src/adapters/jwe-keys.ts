import { CompactEncrypt, importJWK, type JWK } from 'jose';
import type { RecipientKeys } from '../application/ports.js';

/** Ways of agreeing on a content key that a registered key may use; the content itself is always AES-256-GCM. */
const ALGORITHMS: Readonly<Record<string, string>> = { RSA: 'RSA-OAEP-256', EC: 'ECDH-ES', OKP: 'ECDH-ES' };

/**
 * Encrypts for a channel by the public key it registered (RFC 7516, compact). A registered key that cannot be used is an
 * error, never a reason to answer in plain.
 */
export const jweRecipientKeys = (jwkOf: (channelId: string) => Promise<JWK | 'missing' | undefined>): RecipientKeys => ({
  sealFor: async (channelId) => {
    const jwk = await jwkOf(channelId);
    if (!jwk || jwk === 'missing') return jwk;
    const alg = ALGORITHMS[jwk.kty ?? ''];
    if (alg === undefined || jwk.d !== undefined) throw new Error(`the key registered for ${channelId} is no public key of RSA, EC or OKP`);
    const key = await importJWK(jwk, alg);
    const header = { alg, enc: 'A256GCM', cty: 'application/json', ...(jwk.kid !== undefined && { kid: jwk.kid }) };
    return (plain) => new CompactEncrypt(Buffer.from(plain.reveal())).setProtectedHeader(header).encrypt(key);
  },
});

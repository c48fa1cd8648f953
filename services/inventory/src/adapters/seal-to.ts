import { CompactEncrypt, importJWK, type JWK } from 'jose';
import type { SealTo } from '../application/exports.js';

const RSA_BITS_MIN = 2048;
/** JWE (RFC 7516) to a public JWK: RSA-OAEP-256 or ECDH-ES+A256KW over P-256, content under A256GCM. */
export const sealTo: SealTo = async (recipientJwk, plain) => {
  const jwk = parse(recipientJwk);
  const alg = jwk && algorithmOf(jwk);
  if (!alg) return undefined;
  try {
    const key = await importJWK(jwk, alg);
    return await new CompactEncrypt(Buffer.from(plain)).setProtectedHeader({ alg, enc: 'A256GCM', ...(jwk.kid !== undefined && { kid: jwk.kid }) }).encrypt(key);
  } catch (error) {
    if (error instanceof Error) return undefined; // the library refuses malformed keys by throwing, of several classes
    throw error;
  }
};
const parse = (text: string): JWK | undefined => {
  try {
    const jwk = JSON.parse(text) as JWK;
    return jwk !== null && typeof jwk === 'object' && jwk.d === undefined ? jwk : undefined; // a private key has no business here
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
};
const algorithmOf = (jwk: JWK): string | undefined => {
  if (jwk.kty === 'RSA') return Buffer.from(jwk.n ?? '', 'base64url').length * 8 >= RSA_BITS_MIN ? 'RSA-OAEP-256' : undefined;
  return jwk.kty === 'EC' && jwk.crv === 'P-256' ? 'ECDH-ES+A256KW' : undefined;
};

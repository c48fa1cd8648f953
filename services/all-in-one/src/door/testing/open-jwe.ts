import { constants, createDecipheriv, createHash, createPublicKey, diffieHellman, type JsonWebKey, type KeyObject, privateDecrypt } from 'node:crypto';

type Header = { readonly alg: string; readonly enc: string; readonly kid?: string; readonly epk?: JsonWebKey };
/** Opens a compact JWE (RFC 7516) as a channel would, without the library that made it: RSA-OAEP-256 or ECDH-ES, A256GCM. */
export const openJwe = (jwe: string, privateKey: KeyObject): { readonly header: Header; readonly text: string } => {
  const [head = '', key = '', iv = '', body = '', tag = ''] = jwe.split('.');
  const header = JSON.parse(Buffer.from(head, 'base64url').toString()) as Header;
  const contentKey = header.alg === 'RSA-OAEP-256' ? unwrapped(key, privateKey) : agreed(header, privateKey);
  const cipher = createDecipheriv('aes-256-gcm', contentKey, Buffer.from(iv, 'base64url')).setAAD(Buffer.from(head)).setAuthTag(Buffer.from(tag, 'base64url'));
  return { header, text: Buffer.concat([cipher.update(Buffer.from(body, 'base64url')), cipher.final()]).toString() };
};
const unwrapped = (key: string, privateKey: KeyObject): Buffer =>
  privateDecrypt({ key: privateKey, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: 'sha256' }, Buffer.from(key, 'base64url'));

/** Concat KDF of RFC 7518 §4.6.2 without party info. */
const agreed = ({ enc, epk }: Header, privateKey: KeyObject): Buffer => {
  const shared = diffieHellman({ privateKey, publicKey: createPublicKey({ key: epk!, format: 'jwk' }) });
  return createHash('sha256').update(Buffer.concat([number(1), shared, number(enc.length), Buffer.from(enc), number(0), number(0), number(256)])).digest();
};
const number = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
};

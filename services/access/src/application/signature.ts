import { createHmac, createPublicKey, type KeyObject, verify } from 'node:crypto';
import { type KeyName, parseKeyName, sameText } from './keys.js';

/** What a signed call sends: `Authorization: VS-HMAC-SHA256 key=…, ts=…, nonce=…, sig=…` (or `VS-ED25519 …`). */
export type SignedHeader = {
  readonly scheme: 'hmac' | 'ed25519';
  readonly keyName: string;
  readonly key: KeyName;
  /** Seconds since 1970. */
  readonly timestamp: number;
  readonly nonce: string;
  /** base64url. */
  readonly signature: string;
};
/** What is signed of a call. For gRPC the path is `/package.Service/Method`, the method POST, the body the request message. */
export type SignedCall = { readonly method: string; readonly path: string; readonly query: string; readonly bodySha256: Uint8Array };

const SCHEMES = { 'vs-hmac-sha256': 'hmac', 'vs-ed25519': 'ed25519' } as const;
const PARTS_MAX = 4;
export const parseSigned = (header: string): SignedHeader | undefined => {
  const space = header.indexOf(' ');
  const word = header.slice(0, Math.max(space, 0)).toLowerCase();
  if (!Object.hasOwn(SCHEMES, word)) return undefined;
  const parts = header.slice(space + 1).split(',').map((part) => part.trim());
  if (parts.length !== PARTS_MAX) return undefined;
  const fields = new Map(parts.map((part) => [part.slice(0, part.indexOf('=')), part.slice(part.indexOf('=') + 1)]));
  const [keyName = '', ts = '', nonce = '', signature = ''] = ['key', 'ts', 'nonce', 'sig'].map((name) => fields.get(name));
  const key = parseKeyName(keyName);
  if (!key || !/^\d{1,12}$/.test(ts) || !/^[A-Za-z0-9_-]{16,64}$/.test(nonce) || !/^[A-Za-z0-9_-]{43,88}$/.test(signature)) return undefined;
  return { scheme: SCHEMES[word as keyof typeof SCHEMES], keyName, key, timestamp: Number(ts), nonce, signature };
};

/** The text that is signed: seven lines, the last without a line end. */
export const textToSign = ({ keyName, timestamp, nonce }: Pick<SignedHeader, 'keyName' | 'timestamp' | 'nonce'>, call: SignedCall): string =>
  [keyName, timestamp, nonce, call.method.toUpperCase(), call.path, call.query, Buffer.from(call.bodySha256).toString('hex')].join('\n');

export const hmacSignature = (key: string, text: string): string => createHmac('sha256', Buffer.from(key, 'base64url')).update(text).digest('base64url');
export const hmacHolds = (key: string, text: string, signature: string): boolean => sameText(hmacSignature(key, text), signature);

const SPKI_PREFIX = Buffer.from('302a300506032b6570032100', 'hex');
/** The key of 32 raw bytes; throws where they are no ed25519 key. */
export const ed25519Key = (raw: Uint8Array): KeyObject => createPublicKey({ key: Buffer.concat([SPKI_PREFIX, raw]), format: 'der', type: 'spki' });
/** The last character of 64 bytes in base64url has four bits that mean nothing: a signature has one spelling, else it was changed on its way. */
export const ed25519Holds = (publicKey: string, text: string, signature: string): boolean => {
  const raw = Buffer.from(signature, 'base64url');
  return raw.toString('base64url') === signature && verify(null, Buffer.from(text), ed25519Key(Buffer.from(publicKey, 'base64url')), raw);
};

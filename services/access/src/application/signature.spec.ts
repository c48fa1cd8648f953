import { generateKeyPairSync, sign } from 'node:crypto';
import { ed25519Holds } from './signature.js';

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

it('an ed25519 signature holds in one spelling only, also where another one decodes to the same bytes', () => {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const raw = publicKey.export({ format: 'der', type: 'spki' }).subarray(-32).toString('base64url');
  const signature = sign(null, Buffer.from('text'), privateKey).toString('base64url');
  const spellings = [...ALPHABET].map((last) => signature.slice(0, -1) + last);
  expect(spellings.filter((spelling) => Buffer.from(spelling, 'base64url').equals(Buffer.from(signature, 'base64url'))).length).toBe(16);
  expect(spellings.filter((spelling) => ed25519Holds(raw, 'text', spelling))).toEqual([signature]);
  expect(ed25519Holds(raw, 'other text', signature)).toBe(false);
});

import { createPrivateKey, X509Certificate } from 'node:crypto';
import { selfSigned } from './self-signed.js';

it('makes a certificate that vouches for itself on this machine', () => {
  const { cert, key } = selfSigned();
  const read = new X509Certificate(cert);
  expect(read.verify(read.publicKey)).toBe(true);
  expect(read.checkPrivateKey(createPrivateKey(key))).toBe(true);
  expect([read.checkHost('localhost'), read.checkIP('127.0.0.1'), read.ca]).toEqual(['localhost', '127.0.0.1', true]);
});

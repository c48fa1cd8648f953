import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { parseRecipientKey } from './recipient-key.js';

const pem = (key: KeyObject): string => key.export({ format: 'pem', type: key.type === 'public' ? 'spki' : 'pkcs8' }).toString();
const jwk = (key: KeyObject, more: object = {}): string => JSON.stringify({ ...key.export({ format: 'jwk' }), ...more });
const asPem = (key: KeyObject) => parseRecipientKey({ kind: 'pem', text: pem(key) });
const asJwk = (key: KeyObject, more: object = {}) => parseRecipientKey({ kind: 'jwk', text: jwk(key, more) });

const rsa = generateKeyPairSync('rsa', { modulusLength: 2_048 });
const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const x25519 = generateKeyPairSync('x25519');

it.each<[string, { publicKey: KeyObject }, string]>([['RSA', rsa, 'RSA-OAEP-256'], ['EC', ec, 'ECDH-ES'], ['X25519', x25519, 'ECDH-ES']])('%s is the same key as PEM and as JWK, whatever else the JWK says', (_name, { publicKey }, algorithm) => {
  const read = asPem(publicKey);
  expect(read).toMatchObject({ algorithm, keyId: expect.stringMatching(/^[\w-]{43}$/) });
  expect(asJwk(publicKey, { kid: 'mine', use: 'enc', alg: 'whatever', note: 'x' })).toEqual(read);
});

it('has the thumbprint of RFC 7638', () => {
  const n = '0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw';
  expect(parseRecipientKey({ kind: 'jwk', text: JSON.stringify({ kty: 'RSA', n, e: 'AQAB' }) })).toMatchObject({ keyId: 'NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs' });
});

it('is refused where it is private, in either form', () => {
  for (const { privateKey } of [rsa, ec, x25519]) expect([asPem(privateKey), asJwk(privateKey)]).toEqual(['PRIVATE', 'PRIVATE']);
  expect(parseRecipientKey({ kind: 'jwk', text: '{"kty":"oct","k":"AAAA"}' })).toBe('PRIVATE');
});

it('is refused where nothing can be encrypted to it', () => {
  expect(asPem(generateKeyPairSync('rsa', { modulusLength: 1_024 }).publicKey)).toBe('SIZE');
  expect(asPem(generateKeyPairSync('ed25519').publicKey)).toBe('KIND');
  expect(asPem(generateKeyPairSync('ec', { namedCurve: 'secp256k1' }).publicKey)).toBe('KIND');
  expect(asJwk(ec.publicKey, { use: 'sig' })).toBe('USE');
  expect(asJwk(ec.publicKey, { x: 'AAAA' })).toBe('NOT_READABLE'); // not on the curve
  for (const x of [Buffer.alloc(32), Buffer.from([1, ...Buffer.alloc(31)])]) {
    expect(parseRecipientKey({ kind: 'jwk', text: JSON.stringify({ kty: 'OKP', crv: 'X25519', x: x.toString('base64url') }) })).toBe('KIND');
  }
});

it('is refused where encrypting to it fails or nobody could undo it, which would be noticed only when units count as disclosed', () => {
  const { n } = rsa.publicKey.export({ format: 'jwk' });
  const even = Buffer.from(n!, 'base64url').map((byte, i, all) => (i === all.length - 1 ? byte & 0xfe : byte));
  expect(asJwk(rsa.publicKey, { n: Buffer.from(even).toString('base64url') })).toBe('NOT_READABLE');
  expect(asJwk(rsa.publicKey, { e: Buffer.from([1, 0, 0]).toString('base64url') })).toBe('NOT_READABLE'); // even
  expect(asJwk(rsa.publicKey, { e: Buffer.concat([Buffer.from([1]), Buffer.from(n!, 'base64url')]).toString('base64url') })).toBe('NOT_READABLE');
});

it.each(['', '{', 'null', '[]', '"x"', '{}', '{"kty":"RSA"}', '{"kty":"__proto__"}', '-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----', 'x'.repeat(9_000)])('is refused where it is none: %j', (text) => {
  for (const kind of ['jwk', 'pem'] as const) expect(['NOT_READABLE', 'KIND']).toContain(parseRecipientKey({ kind, text }));
});

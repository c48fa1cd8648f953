import { Secret } from '@vouchsafe/kernel';
import { compactDecrypt, exportJWK, generateKeyPair, type JWK } from 'jose';
import { jweRecipientKeys } from './jwe-keys.js';

describe('sealing for a channel', () => {
  it.each(['RSA-OAEP-256', 'ECDH-ES'])('can be opened with the private key alone (%s)', async (alg) => {
    const { publicKey, privateKey } = await generateKeyPair(alg, { extractable: true });
    const jwk = { ...(await exportJWK(publicKey)), kid: 'k1' };
    const seal = await jweRecipientKeys(async () => jwk).sealFor('chn_1');
    if (typeof seal !== 'function') throw new Error('nothing to seal with');
    const jwe = await seal(new Secret('{"secrets":[]}'));
    const { plaintext, protectedHeader } = await compactDecrypt(jwe, privateKey);
    expect([Buffer.from(plaintext).toString(), protectedHeader.kid]).toEqual(['{"secrets":[]}', 'k1']);
  });
  it('is not there for a channel without a key', async () => {
    expect(await jweRecipientKeys(async () => undefined).sealFor('chn_1')).toBeUndefined();
  });
  it('is not there either where a key is wanted and none is live, and that is told apart', async () => {
    expect(await jweRecipientKeys(async () => 'missing').sealFor('chn_1')).toBe('missing');
  });
  it.each<[string, JWK]>([['a symmetric key', { kty: 'oct', k: 'AA' }], ['a private key', { kty: 'EC', d: 'AA' }]])('refuses %s rather than answer in plain', async (_what, jwk) => {
    await expect(jweRecipientKeys(async () => jwk).sealFor('chn_1')).rejects.toThrow(/no public key/);
  });
});

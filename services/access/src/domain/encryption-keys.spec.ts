import { instant } from '@vouchsafe/kernel';
import { specification } from '@vouchsafe/testing';
import { encryptionKeys, type EncryptionEvent, newestLive } from './encryption-keys.js';

const at = instant(1_700_000_000_000);
const subject = specification(encryptionKeys);
const terms = (keyId: string) => ({ keyId, jwk: `{"kid":"${keyId}"}`, label: 'hsm' });
const registered = (keyId: string): EncryptionEvent => ({ type: 'EncryptionKeyRegistered', ...terms(keyId), at });
const revoked = (keyId: string): EncryptionEvent => ({ type: 'EncryptionKeyRevoked', keyId, reason: 'rotated', at });
const register = (keyId: string, self = false) => ({ type: 'RegisterKey', ...terms(keyId), self, at }) as const;
const revoke = (keyId: string, plainAgain = false) => ({ type: 'RevokeKey', keyId, reason: 'rotated', plainAgain, at }) as const;
const plain: EncryptionEvent = { type: 'PlainDisclosureAllowed', reason: 'rotated', at };
const after = (...events: readonly EncryptionEvent[]) => events.reduce(encryptionKeys.evolve, encryptionKeys.initial);

describe('the keys of a channel', () => {
  it('begin with one that it may register itself', () => subject.given().when(register('a', true)).then(registered('a')));
  it('are changed by staff from then on, whoever holds a credential of the channel', () => {
    subject.given(registered('a')).when(register('b', true)).rejected('ENCRYPTION_KEY_BY_STAFF');
    subject.given(registered('a'), revoked('a'), plain).when(register('b', true)).rejected('ENCRYPTION_KEY_BY_STAFF');
    subject.given(registered('a')).when(register('b')).then(registered('b'));
  });
  it('do not change when one comes again, and one that was revoked stays out', () => {
    subject.given(registered('a')).when(register('a', true)).then();
    subject.given(registered('a'), revoked('a')).when(register('a')).rejected('ENCRYPTION_KEY_REVOKED', { keyId: 'a' });
  });
  it('are two at once, no more', () => {
    subject.given(registered('a'), registered('b')).when(register('c')).rejected('ENCRYPTION_KEYS_TOO_MANY', { live: '2' });
    subject.given(registered('a'), registered('b'), revoked('a')).when(register('c')).then(registered('c'));
  });
  it('are revoked once', () => {
    subject.given().when(revoke('a')).rejected('ENCRYPTION_KEY_UNKNOWN', { keyId: 'a' });
    subject.given(registered('a')).when(revoke('a')).then(revoked('a'));
    subject.given(registered('a'), revoked('a')).when(revoke('a')).then();
  });
  it('leave nothing in plain when the last is revoked, unless a person says so', () => {
    expect(after(registered('a'), revoked('a'))).toMatchObject({ encryptedOnly: true });
    subject.given(registered('a')).when(revoke('a', true)).then(revoked('a'), plain);
    subject.given(registered('a'), revoked('a')).when(revoke('a', true)).then(plain);
    subject.given(registered('a'), revoked('a'), plain).when(revoke('a', true)).then();
    subject.given(registered('a'), registered('b')).when(revoke('a', true)).rejected('ENCRYPTION_KEYS_LEFT');
    expect(after(registered('a'), revoked('a'), plain).encryptedOnly).toBe(false);
    expect(after(registered('a'), revoked('a'), plain, registered('b')).encryptedOnly).toBe(true);
  });
  it('encrypt with the newest that is live', () => {
    expect(newestLive(after(registered('a'), registered('b')))?.keyId).toBe('b');
    expect(newestLive(after(registered('a'), registered('b'), revoked('b')))?.keyId).toBe('a');
    expect(newestLive(after(registered('a'), revoked('a')))).toBeUndefined();
  });
});

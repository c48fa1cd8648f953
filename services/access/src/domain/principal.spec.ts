import { type Instant, instant } from '@vouchsafe/kernel';
import { specification } from '@vouchsafe/testing';
import fc from 'fast-check';
import { type CredentialTerms, CREDENTIAL_LIFE_MAX_MS, isLive, LIVE_CREDENTIALS_MAX, principal, type PrincipalCommand, type PrincipalEvent } from './principal.js';

const at = instant(1_700_000_000_000);
const later = (ms: number): Instant => instant(at + ms);
const DAY = 86_400_000;
const subject = specification(principal);
const person = (...roles: ('admin' | 'finance')[]): PrincipalEvent => ({ type: 'PrincipalCreated', kind: 'person', nameRef: 'sub_a.0', roles, at });
const channel: PrincipalEvent = { type: 'PrincipalCreated', kind: 'channel', nameRef: 'sub_c.0', channelId: 'chn_1', roles: ['channel'], at };
const terms = (credentialId: string, expiresAt = later(DAY)): CredentialTerms => ({
  credentialId, proof: { type: 'bearer', sha256: 'ab' }, expiresAt, ipAllow: [], ratePerSecond: 0, concurrency: 0, label: '',
});
const issued = (credentialId: string, expiresAt?: Instant): PrincipalEvent => ({ type: 'CredentialIssued', ...terms(credentialId, expiresAt), at });
const issue = (credentialId: string, expiresAt?: Instant): PrincipalCommand => ({ type: 'IssueCredential', ...terms(credentialId, expiresAt), at });

describe('a principal', () => {
  const create = { type: 'CreatePrincipal', kind: 'person', nameRef: 'sub_a.0', roles: ['finance', 'finance'], at } as const;
  it('is made with its roles, each once', () => subject.given().when(create).then(person('finance')));
  it('made again under the same request is the same', () => subject.given(person('finance')).when(create).then());
  it('made again with other content is refused', () => subject.given(person()).when({ ...create, nameRef: 'sub_b.0' }).rejected('REQUEST_ID_REUSED'));
  it('has a role that exists', () => subject.given().when({ ...create, roles: ['king'] }).rejected('ROLE_UNKNOWN', { role: 'king' }));
  it('that is a channel has the role of channels, and no other', () => {
    const make = { type: 'CreatePrincipal', kind: 'channel', nameRef: 'sub_c.0', channelId: 'chn_1', roles: [], at } as const;
    subject.given().when(make).then(channel);
    subject.given().when({ ...make, roles: ['admin'] }).rejected('ROLE_NOT_FOR_KIND');
    subject.given(channel).when({ type: 'AssignRole', role: 'admin', self: false, at }).rejected('ROLE_NOT_FOR_KIND');
    subject.given(channel).when({ type: 'RemoveRole', role: 'channel', self: false, at }).rejected('ROLE_NOT_FOR_KIND');
  });
  it('that is a person cannot act as a channel', () => subject.given(person()).when({ type: 'AssignRole', role: 'channel', self: false, at }).rejected('ROLE_NOT_FOR_KIND'));
  it('never gives itself a role, nor takes its own administration', () => {
    subject.given(person('admin')).when({ type: 'AssignRole', role: 'finance', self: true, at }).rejected('OWN_ROLE');
    subject.given(person('admin')).when({ type: 'RemoveRole', role: 'admin', self: true, at }).rejected('OWN_ROLE');
    subject.given(person()).when({ type: 'AssignRole', role: 'finance', self: false, at }).then({ type: 'RoleAssigned', role: 'finance', at });
    subject.given(person('finance')).when({ type: 'AssignRole', role: 'finance', self: false, at }).then();
    subject.given(person('finance')).when({ type: 'RemoveRole', role: 'finance', self: false, at }).then({ type: 'RoleRemoved', role: 'finance', at });
  });
  it('cannot disable itself', () => {
    subject.given(person()).when({ type: 'DisablePrincipal', reason: 'r', self: true, at }).rejected('OWN_PRINCIPAL');
    subject.given(person()).when({ type: 'DisablePrincipal', reason: 'r', self: false, at }).then({ type: 'PrincipalDisabled', reason: 'r', at });
    subject.given(person(), { type: 'PrincipalDisabled', reason: 'r', at }).when({ type: 'EnablePrincipal', at }).then({ type: 'PrincipalEnabled', at });
  });
  it('that does not exist has no credentials', () => subject.given().when(issue('crd_1')).rejected('PRINCIPAL_UNKNOWN'));
});

describe('a credential', () => {
  it('is issued once, however often it is asked for', () => {
    subject.given(person()).when(issue('crd_1')).then(issued('crd_1'));
    subject.given(person(), issued('crd_1')).when(issue('crd_1')).then();
  });
  it('lives beside one other for rotation, not beside two', () => {
    subject.given(person(), issued('crd_1')).when(issue('crd_2')).then(issued('crd_2'));
    subject.given(person(), issued('crd_1'), issued('crd_2')).when(issue('crd_3')).rejected('CREDENTIALS_TOO_MANY', { live: '2' });
    subject.given(person(), issued('crd_1'), issued('crd_2'), { type: 'CredentialRevoked', credentialId: 'crd_1', reason: '', at }).when(issue('crd_3')).then(issued('crd_3'));
    subject.given(person(), issued('crd_1', later(-1)), issued('crd_2')).when(issue('crd_3')).then(issued('crd_3'));
  });
  it('ends within 400 days, and in the future', () => {
    subject.given(person()).when(issue('crd_1', at)).rejected('EXPIRY_INVALID');
    subject.given(person()).when(issue('crd_1', later(CREDENTIAL_LIFE_MAX_MS + 1))).rejected('EXPIRY_INVALID');
  });
  it('is not given to whom is disabled', () => subject.given(person(), { type: 'PrincipalDisabled', reason: '', at }).when(issue('crd_1')).rejected('PRINCIPAL_DISABLED'));
  it('is revoked once and for all', () => {
    const revoke = { type: 'RevokeCredential', credentialId: 'crd_1', reason: 'lost', at } as const;
    const revoked = { type: 'CredentialRevoked', credentialId: 'crd_1', reason: 'lost', at } as const;
    subject.given(person(), issued('crd_1')).when(revoke).then(revoked);
    subject.given(person(), issued('crd_1'), revoked).when(revoke).then();
    subject.given(person()).when(revoke).rejected('CREDENTIAL_UNKNOWN');
  });
  it('notes its use once a week at most', () => {
    const note = (ms: number) => ({ type: 'NoteUse', credentialId: 'crd_1', at: later(ms) }) as const;
    const noted = { type: 'CredentialUseNoted', credentialId: 'crd_1', at } as const;
    subject.given(person(), issued('crd_1')).when(note(0)).then(noted);
    subject.given(person(), issued('crd_1'), noted).when(note(7 * DAY - 1)).then();
    subject.given(person(), issued('crd_1'), noted).when(note(7 * DAY)).then({ ...noted, at: later(7 * DAY) });
  });
  it('never lives beside more than one other, whatever is asked for', () => {
    const command = fc.record({ n: fc.nat(9), day: fc.nat(60), kind: fc.constantFrom('issue', 'revoke') }).map(({ n, day, kind }): PrincipalCommand => {
      const when = later(day * DAY);
      return kind === 'issue' ? { type: 'IssueCredential', ...terms(`crd_${n}`, later((day + 7) * DAY)), at: when } : { type: 'RevokeCredential', credentialId: `crd_${n}`, reason: '', at: when };
    });
    fc.assert(fc.property(fc.array(command), (commands) => {
      const inOrder = commands.toSorted((a, b) => a.at - b.at);
      const state = subject.run([person()], inOrder);
      const last = inOrder.at(-1)?.at ?? at;
      return state!.credentials.filter((credential) => isLive(credential, last)).length <= LIVE_CREDENTIALS_MAX;
    }));
  });
});

import type { Json } from '@vouchsafe/codec';

/** One sample per stored version as it lies in logs. Never edited, never deleted. */
export const GOLDEN: readonly { readonly type: string; readonly data: Json }[] = [
  { type: 'access.PrincipalCreated.v1', data: { kind: 'channel', nameRef: 'sub_a.0', channelId: 'chn_1', roles: ['channel'], at: '2026-03-02T01:00:00.000Z' } },
  {
    type: 'access.CredentialIssued.v1',
    data: { credentialId: 'pri_1.k1', proof: { type: 'bearer', sha256: 'ab' }, expiresAt: '2027-03-02T01:00:00.000Z', ipAllow: ['203.0.113.0/24'], ratePerSecond: 1.5, concurrency: 4, label: 'till', at: '2026-03-02T01:00:00.000Z' },
  },
  {
    type: 'access.CredentialIssued.v1',
    data: { credentialId: 'pri_1.k2', proof: { type: 'hmac', keyRef: 'sub_k.0' }, expiresAt: '2027-03-02T01:00:00.000Z', ipAllow: [], ratePerSecond: 0, concurrency: 0, label: '', at: '2026-03-02T01:00:00.000Z' },
  },
  {
    type: 'access.CredentialIssued.v1',
    data: { credentialId: 'pri_1.k3', proof: { type: 'ed25519', publicKey: 'AAAA' }, expiresAt: '2027-03-02T01:00:00.000Z', ipAllow: [], ratePerSecond: 0, concurrency: 0, label: '', at: '2026-03-02T01:00:00.000Z' },
  },
  { type: 'access.CredentialRevoked.v1', data: { credentialId: 'pri_1.k1', reason: 'leaked', at: '2026-03-02T01:00:00.000Z' } },
  { type: 'access.RoleAssigned.v1', data: { role: 'finance', at: '2026-03-02T01:00:00.000Z' } },
  { type: 'access.RoleRemoved.v1', data: { role: 'finance', at: '2026-03-02T01:00:00.000Z' } },
  { type: 'access.PrincipalDisabled.v1', data: { reason: 'left', at: '2026-03-02T01:00:00.000Z' } },
  { type: 'access.PrincipalEnabled.v1', data: { at: '2026-03-02T01:00:00.000Z' } },
  { type: 'access.CredentialUseNoted.v1', data: { credentialId: 'pri_1.k1', at: '2026-03-02T01:00:00.000Z' } },
  { type: 'access.ApprovalRequested.v1', data: { method: 'a.B/C', requestHash: 'ab', requester: 'pri_1', requestRef: 'sub_r.0', expiresAt: '2026-03-03T01:00:00.000Z', at: '2026-03-02T01:00:00.000Z' } },
  { type: 'access.ApprovalGranted.v1', data: { by: 'pri_2', comment: 'seen', at: '2026-03-02T01:00:00.000Z' } },
  { type: 'access.ApprovalRejected.v1', data: { by: 'pri_2', reason: 'no', at: '2026-03-02T01:00:00.000Z' } },
  { type: 'access.ApprovalUsed.v1', data: { at: '2026-03-02T01:00:00.000Z' } },
  { type: 'access.SubjectErased.v1', data: { subject: 'sub_a', reason: 'asked for', at: '2026-03-02T01:00:00.000Z' } },
  { type: 'access.EncryptionKeyRegistered.v1', data: { keyId: 'NzbLsXh8', jwk: '{"crv":"X25519","kty":"OKP","x":"AA","kid":"NzbLsXh8"}', label: 'hsm', at: '2026-03-02T01:00:00.000Z' } },
  { type: 'access.EncryptionKeyRevoked.v1', data: { keyId: 'NzbLsXh8', reason: 'rotated', at: '2026-03-02T01:00:00.000Z' } },
  { type: 'access.PlainDisclosureAllowed.v1', data: { reason: 'no more keys', at: '2026-03-02T01:00:00.000Z' } },
];

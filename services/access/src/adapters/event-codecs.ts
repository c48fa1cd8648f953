import { eventCodec, float, int, list, oneOf, optional, record, tagged, text, time } from '@vouchsafe/codec';
import type { ApprovalEvent } from '../domain/approval.js';
import type { EncryptionEvent } from '../domain/encryption-keys.js';
import type { ErasureEvent } from '../domain/erasure.js';
import type { PrincipalEvent, Proof } from '../domain/principal.js';
import { ROLES, type RoleName } from '../domain/roles.js';
import type { Shape } from '@vouchsafe/codec';

const role = oneOf(...(Object.keys(ROLES) as RoleName[]));
const proof: Shape<Proof> = tagged({
  bearer: record({ sha256: text() }),
  hmac: record({ keyRef: text() }),
  ed25519: record({ publicKey: text() }),
});

/** Stored events of `principal-`. Those that change what a caller may do are told to others. */
export const principalCodec = eventCodec<PrincipalEvent>('access', {
  PrincipalCreated: {
    version: 1,
    shape: record({
      kind: oneOf('person', 'service', 'channel', 'terminal', 'auditor'), nameRef: text(), channelId: optional(text()), terminalId: optional(text()), roles: list(role), at: time,
    }),
  },
  CredentialIssued: {
    version: 1, published: true,
    shape: record({ credentialId: text(), proof, expiresAt: time, ipAllow: list(text()), ratePerSecond: float, concurrency: int, label: text(), at: time }),
  },
  CredentialRevoked: { version: 1, published: true, shape: record({ credentialId: text(), reason: text(), at: time }) },
  RoleAssigned: { version: 1, published: true, shape: record({ role, at: time }) },
  RoleRemoved: { version: 1, published: true, shape: record({ role, at: time }) },
  PrincipalDisabled: { version: 1, published: true, shape: record({ reason: text(), at: time }) },
  PrincipalEnabled: { version: 1, published: true, shape: record({ at: time }) },
  CredentialUseNoted: { version: 1, shape: record({ credentialId: text(), at: time }) },
});

const frozen = { method: text(), requestHash: text(), requester: text() };
/** Stored events of `approval-`. */
export const approvalCodec = eventCodec<ApprovalEvent>('access', {
  ApprovalRequested: { version: 1, shape: record({ ...frozen, requestRef: text(), expiresAt: time, at: time }) },
  ApprovalGranted: { version: 1, shape: record({ by: text(), comment: text(), at: time }) },
  ApprovalRejected: { version: 1, shape: record({ by: text(), reason: text(), at: time }) },
  ApprovalUsed: { version: 1, shape: record({ at: time }) },
});

/** Stored events of `encryption-`. Public keys only. */
export const encryptionCodec = eventCodec<EncryptionEvent>('access', {
  EncryptionKeyRegistered: { version: 1, shape: record({ keyId: text(), jwk: text(), label: text(), at: time }) },
  EncryptionKeyRevoked: { version: 1, shape: record({ keyId: text(), reason: text(), at: time }) },
  PlainDisclosureAllowed: { version: 1, shape: record({ reason: text(), at: time }) },
});

/** Stored events of `erasure-`. */
export const erasureCodec = eventCodec<ErasureEvent>('access', {
  SubjectErased: { version: 1, published: true, shape: record({ subject: text(), reason: text(), at: time }) },
});

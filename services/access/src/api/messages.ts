import type { MessageInitShape } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import type { Instant } from '@vouchsafe/kernel';
import { Approval_State, type ApprovalSchema, Credential_State, CredentialKind, type CredentialSchema, PrincipalKind, type PrincipalSchema } from '@vouchsafe/proto/access/v1/resources';
import type { Approval } from '../domain/approval.js';
import { type Credential, isLive, type Principal, type Proof } from '../domain/principal.js';
import { permissionsOf, type PrincipalKind as Kind } from '../domain/roles.js';

const KINDS: Readonly<Record<Kind, PrincipalKind>> = {
  person: PrincipalKind.PERSON, service: PrincipalKind.SERVICE, channel: PrincipalKind.CHANNEL, terminal: PrincipalKind.TERMINAL, auditor: PrincipalKind.AUDITOR,
};
export const kindToProto = (kind: Kind): PrincipalKind => KINDS[kind];
export const kindFromProto = (kind: PrincipalKind): Kind | undefined => (Object.keys(KINDS) as Kind[]).find((name) => KINDS[name] === kind);

const PROOFS: Readonly<Record<Proof['type'], CredentialKind>> = { bearer: CredentialKind.BEARER, hmac: CredentialKind.HMAC, ed25519: CredentialKind.ED25519 };
export const proofFromProto = (kind: CredentialKind): Proof['type'] | undefined => (Object.keys(PROOFS) as Proof['type'][]).find((name) => PROOFS[name] === kind);

export const principalMessage = (principalId: string, principal: Principal, displayName: string): MessageInitShape<typeof PrincipalSchema> => ({
  principalId, displayName, kind: KINDS[principal.kind], channelId: principal.channelId, terminalId: principal.terminalId,
  roles: [...principal.roles], permissions: [...permissionsOf(principal.roles)], disabled: principal.disabled, createTime: timestampFromMs(principal.createdAt),
});

const stateOf = (credential: Credential, now: Instant): Credential_State => {
  if (credential.revokedAt !== undefined) return Credential_State.REVOKED;
  return isLive(credential, now) ? Credential_State.LIVE : Credential_State.EXPIRED;
};
export const credentialMessage = (
  principalId: string, credential: Credential, { now, lastUse }: { readonly now: Instant; readonly lastUse?: Instant },
): MessageInitShape<typeof CredentialSchema> => {
  const used = lastUse ?? credential.notedAt;
  return {
    credentialId: credential.credentialId, principalId, kind: PROOFS[credential.proof.type], state: stateOf(credential, now), label: credential.label,
    createTime: timestampFromMs(credential.issuedAt), expireTime: timestampFromMs(credential.expiresAt),
    ...(credential.revokedAt !== undefined && { revokeTime: timestampFromMs(credential.revokedAt) }),
    ...(used !== undefined && { lastUseTime: timestampFromMs(used) }),
    ipAllow: [...credential.ipAllow], ratePerSecond: credential.ratePerSecond, concurrency: credential.concurrency,
  };
};

const STEPS: Readonly<Record<Approval['step'], Approval_State>> = {
  pending: Approval_State.PENDING, approved: Approval_State.APPROVED, rejected: Approval_State.REJECTED, used: Approval_State.USED,
};
export const approvalMessage = (approvalId: string, approval: Approval, now: Instant, requestJson = ''): MessageInitShape<typeof ApprovalSchema> => {
  const expired = (approval.step === 'pending' || approval.step === 'approved') && now >= approval.expiresAt;
  return {
    approvalId, state: expired ? Approval_State.EXPIRED : STEPS[approval.step], method: approval.method, requestSha256: approval.requestHash, requestJson,
    requester: approval.requester, createTime: timestampFromMs(approval.askedAt), expireTime: timestampFromMs(approval.expiresAt),
    ...(approval.step !== 'pending' && { approver: approval.by, comment: approval.comment, decideTime: timestampFromMs(approval.decidedAt) }),
    ...(approval.step === 'used' && { useTime: timestampFromMs(approval.usedAt) }),
  };
};

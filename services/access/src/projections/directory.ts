import type { Projection } from '@vouchsafe/read-store';
import type { ApprovalEvent } from '../domain/approval.js';
import type { PrincipalEvent } from '../domain/principal.js';

/** What lists of principals are made of. The rest is read from the principal's own stream. */
export type PrincipalEntry = { readonly kind: string; readonly channelId: string; readonly terminalId: string; readonly disabled: boolean; readonly createdAt: number };
/** Answers GET /v1/principals. */
export const principalDirectory: Projection<PrincipalEvent, PrincipalEntry> = {
  collection: { name: 'access_principals', indexes: [{ fields: ['createdAt'] }, { fields: ['kind', 'createdAt'] }, { fields: ['channelId', 'createdAt'] }] },
  idsOf: (_event, { stream }) => [stream.slice('principal-'.length)],
  apply: (entry, event) => {
    switch (event.type) {
      case 'PrincipalCreated': return { kind: event.kind, channelId: event.channelId ?? '', terminalId: event.terminalId ?? '', disabled: false, createdAt: event.at };
      case 'PrincipalDisabled':
      case 'PrincipalEnabled': return entry && { ...entry, disabled: event.type === 'PrincipalDisabled' };
      case 'CredentialIssued':
      case 'CredentialRevoked':
      case 'RoleAssigned':
      case 'RoleRemoved':
      case 'CredentialUseNoted': return entry;
    }
  },
};

export type ApprovalEntry = { readonly step: string; readonly method: string; readonly requester: string; readonly createdAt: number; readonly expiresAt: number };
/** Answers GET /v1/approvals. Whether one is expired is a matter of the clock, seen when it is read. */
export const approvalDirectory: Projection<ApprovalEvent, ApprovalEntry> = {
  collection: { name: 'access_approvals', indexes: [{ fields: ['createdAt'] }, { fields: ['step', 'createdAt'] }, { fields: ['requester', 'createdAt'] }] },
  idsOf: (_event, { stream }) => [stream.slice('approval-'.length)],
  apply: (entry, event) => {
    switch (event.type) {
      case 'ApprovalRequested': return { step: 'pending', method: event.method, requester: event.requester, createdAt: event.at, expiresAt: event.expiresAt };
      case 'ApprovalGranted': return entry && { ...entry, step: 'approved' };
      case 'ApprovalRejected': return entry && { ...entry, step: 'rejected' };
      case 'ApprovalUsed': return entry && { ...entry, step: 'used' };
    }
  },
};

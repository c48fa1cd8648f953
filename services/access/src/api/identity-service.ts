import type { Instant } from '@vouchsafe/kernel';
import type { IdentityService } from '@vouchsafe/proto/access/internal/v1/identity';
import { type CallContext, failureOf, type Handlers, RpcFailure } from '@vouchsafe/rpc';
import { PERSONAL_VALUE_MAX, PERSONAL_VALUES_MAX, type PersonalValue, type PersonalVault } from '@vouchsafe/vault';
import type { Approvals } from '../application/approvals.js';
import type { Encryption } from '../application/encryption.js';
import type { Authenticator } from '../application/authenticate.js';
import { newestLive } from '../domain/encryption-keys.js';
import { accessErrors } from './errors.js';
import { isPersonalKind } from './parse.js';

export type IdentityParts = { readonly authenticator: Authenticator; readonly approvals: Approvals; readonly encryption: Pick<Encryption, 'of'>; readonly vault: PersonalVault; readonly now: () => Instant };

const REQUEST_JSON_MAX = 64 * 1024;
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

/** Handlers of the internal IdentityService: for services of this platform, which prove it by their caller's `internal`. */
export const identityService = ({ authenticator, approvals, encryption, vault, now }: IdentityParts): Handlers<typeof IdentityService> => ({
  authenticate: async (request, context) => {
    ourselves(context);
    const { authorization, method, path, query, bodySha256, peerIp } = request;
    const found = await authenticator.authenticate({ authorization, method, path, query, bodySha256, peerIp });
    if (!found.ok) return { rejection: found.code };
    const { principalId, principal, credential, permissions, cacheUntil } = found;
    return {
      principalId, kind: principal.kind, channelId: principal.channelId, terminalId: principal.terminalId, credentialId: credential.credentialId,
      permissions: [...permissions], cacheUntilMs: BigInt(cacheUntil), ratePerSecond: credential.ratePerSecond, concurrency: credential.concurrency,
    };
  },
  protect: ({ values, channelId }, context) => {
    ourselves(context);
    const checked = values.map(({ kind, value }, i) => personalValue(kind, value, i));
    if (checked.length > PERSONAL_VALUES_MAX) throw new RpcFailure('invalid', 'FIELD_INVALID', { max: String(PERSONAL_VALUES_MAX) });
    const buyer = checked.find(({ kind }) => kind === 'buyer')?.value;
    return vault.protect(checked, { channelId, ...(buyer !== undefined && { buyer }) }).then((kept) => ({ values: [...kept] }));
  },
  reveal: async ({ ref }, context) => {
    ourselves(context);
    const value = await vault.reveal(ref);
    return value === undefined ? { found: false } : { found: true, value };
  },
  getRecipientKey: async ({ channelId }, context) => {
    ourselves(context);
    const keys = await encryption.of(channelId);
    return { encryptedOnly: keys.encryptedOnly, jwk: newestLive(keys)?.jwk ?? '' };
  },
  openApproval: async ({ method, requestSha256, requester, requestJson }, context) => {
    ourselves(context);
    if (requestJson.length > REQUEST_JSON_MAX) throw failureOf(accessErrors, 'APPROVAL_TOO_LARGE', { max: String(REQUEST_JSON_MAX) });
    const opened = await approvals.open({ method, requestHash: hex(requestSha256), requester }, requestJson);
    if (!opened) throw failureOf(accessErrors, 'APPROVAL_UNAVAILABLE');
    return { approvalId: opened.approvalId, expiresAtMs: BigInt(opened.expiresAt) };
  },
  checkApproval: async ({ approvalId, method, requestSha256, requester }, context) => {
    ourselves(context);
    const result = await approvals.decide({ principal: requester, requestId: '' }, approvalId, { type: 'UseApproval', method, requestHash: hex(requestSha256), requester, at: now() }, false);
    if (!result.ok) return { rejection: result.code };
    return { approver: result.approval.step === 'pending' ? '' : result.approval.by };
  },
});

const ourselves = ({ caller }: CallContext): void => {
  if (!caller.permissions.has('internal')) throw failureOf(accessErrors, 'INTERNAL_ONLY');
};
const personalValue = (kind: string, value: string, i: number): PersonalValue => {
  if (isPersonalKind(kind) && value.length <= PERSONAL_VALUE_MAX) return { kind, value };
  throw new RpcFailure('invalid', 'FIELD_INVALID', {}, {
    fields: [{ pointer: `/values/${i}`, code: 'FIELD_INVALID', zh: `种类未知，或超过 ${PERSONAL_VALUE_MAX} 个字符`, en: `Unknown kind, or more than ${PERSONAL_VALUE_MAX} characters.` }],
  });
};

import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import type { PrincipalRejection } from '../domain/principal.js';
import type { Instant } from '@vouchsafe/kernel';
import type { AccessService } from '@vouchsafe/proto/access/v1/access';
import { type CallContext, failureOf, type Handlers } from '@vouchsafe/rpc';
import type { Collection, ProjectionRunner } from '@vouchsafe/read-store';
import type { Encryption } from '../application/encryption.js';
import type { Approvals } from '../application/approvals.js';
import { askedBy, freeText, parseCredential, parsePrincipal, parseWhom } from './parse.js';
import type { Erasures } from '../application/erasures.js';
import type { LastUse } from '../application/last-use.js';
import type { Known, Principals, Result } from '../application/principals.js';
import type { PrincipalCommand } from '../domain/principal.js';
import { ROLES, type RoleName } from '../domain/roles.js';
import type { ApprovalEntry, PrincipalEntry } from '../projections/directory.js';
import { encryptionHandlers } from './encryption-handlers.js';
import { accessErrors } from './errors.js';
import { type FilterField, listQuery, pageOf } from './list-query.js';
import { approvalMessage, credentialMessage, kindToProto, principalMessage } from './messages.js';

export type AccessParts = {
  readonly principals: Principals; readonly approvals: Approvals; readonly erasures: Erasures; readonly encryption: Encryption; readonly lastUse: LastUse;
  readonly directory: Collection<PrincipalEntry>; readonly approvalDirectory: Collection<ApprovalEntry>;
  readonly projections: Pick<ProjectionRunner, 'caughtUp'>;
  /** Settles when others have been told of all changes so far. */
  readonly told: () => Promise<void>;
  readonly now: () => Instant;
};

/** Handlers of the public AccessService. The gateway has checked the permission; what is left are the rules of the domain. */
export const accessService = (parts: AccessParts): Handlers<typeof AccessService> => ({ ...principalHandlers(parts), ...credentialHandlers(parts), ...approvalHandlers(parts), ...erasureHandlers(parts), ...encryptionHandlers(parts) });

type Part<K extends keyof Handlers<typeof AccessService>> = Pick<Handlers<typeof AccessService>, K>;
/** The field that a rejection of a principal's is about. */
const POINTERS: Readonly<Partial<Record<PrincipalRejection, string>>> = { ROLE_UNKNOWN: '/role', EXPIRY_INVALID: '/expireTime' };
const must = <T>(result: Result<T>): T => {
  if (!result.ok) throw failureOf(accessErrors, result.code, result.details, POINTERS[result.code]);
  return result.value;
};

const principalHandlers = (parts: AccessParts): Part<'createPrincipal' | 'getPrincipal' | 'listPrincipals' | 'disablePrincipal' | 'enablePrincipal' | 'assignRole' | 'removeRole' | 'listRoles' | 'getCaller'> => {
  const { principals, directory, projections, told } = parts;
  const shown = async ({ principalId, principal }: Known) => principalMessage(principalId, principal, (await principals.ports.vault.reveal(principal.nameRef)) ?? '');
  const change = async (context: CallContext, request: { principalId: string; requestId: string; validateOnly: boolean }, command: (self: boolean, at: Instant) => PrincipalCommand) => {
    const known = must(await principals.change(askedBy(context, request.requestId), request.principalId, command, request.validateOnly));
    if (!request.validateOnly) await told();
    return shown(known);
  };
  return {
    createPrincipal: async (request, context) => {
      const profile = parsePrincipal(request);
      const known = must(await principals.create(askedBy(context, request.requestId), profile, request.validateOnly));
      return principalMessage(known.principalId, known.principal, profile.displayName);
    },
    getPrincipal: async ({ principalId }) => {
      const principal = await principals.get(principalId);
      if (!principal) throw failureOf(accessErrors, 'PRINCIPAL_UNKNOWN');
      return shown({ principalId, principal });
    },
    listPrincipals: async (request, { caller }) => {
      const query = listQuery(request, { filters: PRINCIPAL_FILTERS }, caller);
      await projections.caughtUp();
      const { docs, nextPageToken } = pageOf(await directory.find(query), query);
      const known = await Promise.all(docs.map(async ({ id }) => ({ principalId: id, principal: await principals.get(id) })));
      return { nextPageToken, principals: await Promise.all(known.flatMap(({ principalId, principal }) => (principal ? [shown({ principalId, principal })] : []))) };
    },
    disablePrincipal: (request, context) => change(context, request, (self, at) => ({ type: 'DisablePrincipal', reason: freeText('/reason', request.reason), self, at })),
    enablePrincipal: (request, context) => change(context, request, (_self, at) => ({ type: 'EnablePrincipal', at })),
    assignRole: (request, context) => change(context, request, (self, at) => ({ type: 'AssignRole', role: request.role, self, at })),
    removeRole: (request, context) => change(context, request, (self, at) => ({ type: 'RemoveRole', role: request.role, self, at })),
    listRoles: async () => ({
      roles: (Object.keys(ROLES) as RoleName[]).map((role) => ({ role, permissions: [...ROLES[role].permissions], descriptionZh: ROLES[role].zh, descriptionEn: ROLES[role].en })),
    }),
    getCaller: async (_request, { caller }) => ({
      principalId: caller.principalId, kind: kindToProto(caller.kind), mode: caller.namespace, channelId: caller.channelId, terminalId: caller.terminalId,
      credentialId: caller.credentialId, permissions: [...caller.permissions].sort(), time: timestampFromMs(parts.now()),
    }),
  };
};

const credentialHandlers = ({ principals, lastUse, told, now }: AccessParts): Part<'createCredential' | 'listCredentials' | 'revokeCredential'> => ({
  createCredential: async (request, context) => {
    const { principalId, validateOnly } = request;
    const issued = must(await principals.issue(askedBy(context, request.requestId), principalId, parseCredential(request, now()), validateOnly));
    return { credential: credentialMessage(principalId, issued.credential, { now: now() }), secret: issued.secret?.reveal() ?? '', keyName: issued.keyName };
  },
  listCredentials: async ({ principalId }) => {
    const principal = await principals.get(principalId);
    if (!principal) throw failureOf(accessErrors, 'PRINCIPAL_UNKNOWN');
    return { credentials: principal.credentials.map((credential) => credentialMessage(principalId, credential, { now: now(), lastUse: lastUse.of(credential.credentialId) })) };
  },
  revokeCredential: async (request, context) => {
    const { principalId, credentialId, validateOnly } = request;
    const reason = freeText('/reason', request.reason);
    const { principal } = must(await principals.change(askedBy(context, request.requestId), principalId, (_self, at) => ({ type: 'RevokeCredential', credentialId, reason, at }), validateOnly));
    if (!validateOnly) await told(); // whoever cached it has dropped it when this is answered
    return credentialMessage(principalId, principal.credentials.find((known) => known.credentialId === credentialId)!, { now: now(), lastUse: lastUse.of(credentialId) });
  },
});

const approvalHandlers = ({ approvals, approvalDirectory, projections, now }: AccessParts): Part<'approve' | 'reject' | 'getApproval' | 'listApprovals'> => ({
  approve: async (request, context) => {
    const { approvalId, validateOnly } = request;
    const comment = freeText('/comment', request.comment);
    const result = await approvals.decide(askedBy(context, request.requestId), approvalId, { type: 'Approve', by: context.caller.principalId, comment, at: now() }, validateOnly);
    if (!result.ok) throw failureOf(accessErrors, result.code, result.details);
    return approvalMessage(approvalId, result.approval, now());
  },
  reject: async (request, context) => {
    const { approvalId, validateOnly } = request;
    const reason = freeText('/reason', request.reason);
    const result = await approvals.decide(askedBy(context, request.requestId), approvalId, { type: 'Reject', by: context.caller.principalId, reason, at: now() }, validateOnly);
    if (!result.ok) throw failureOf(accessErrors, result.code, result.details);
    return approvalMessage(approvalId, result.approval, now());
  },
  getApproval: async ({ approvalId }) => {
    const approval = await approvals.get(approvalId);
    if (!approval) throw failureOf(accessErrors, 'APPROVAL_UNKNOWN');
    return approvalMessage(approvalId, approval, now(), (await approvals.requestOf(approval)) ?? '');
  },
  listApprovals: async (request, { caller }) => {
    const query = listQuery(request, { filters: APPROVAL_FILTERS }, caller);
    await projections.caughtUp();
    const { docs, nextPageToken } = pageOf(await approvalDirectory.find(query), query);
    const known = await Promise.all(docs.map(async ({ id }) => ({ id, approval: await approvals.get(id) })));
    return { nextPageToken, approvals: known.flatMap(({ id, approval }) => (approval ? [approvalMessage(id, approval, now())] : [])) };
  },
});

const erasureHandlers = ({ erasures }: AccessParts): Part<'eraseSubject'> => ({
  eraseSubject: async (request, context) => {
    const subjects = await erasures.erase(askedBy(context, request.requestId), parseWhom(request), freeText('/reason', request.reason), request.validateOnly);
    return { subjects: [...subjects] };
  },
});

const word = (field: string): FilterField => ({ field, read: (text) => text });
const oneOfWords = (field: string, ...words: readonly string[]): FilterField => ({
  field, read: (text) => { const plain = text.toLowerCase(); return words.includes(plain) ? plain : undefined; },
});
const PRINCIPAL_FILTERS = {
  kind: oneOfWords('kind', 'person', 'service', 'channel', 'terminal', 'auditor'), channel_id: word('channelId'), terminal_id: word('terminalId'),
  disabled: { field: 'disabled', read: (text: string) => (text === 'true' ? true : text === 'false' ? false : undefined) },
};
const APPROVAL_FILTERS = { state: oneOfWords('step', 'pending', 'approved', 'rejected', 'used'), requester: word('requester'), method: word('method') };

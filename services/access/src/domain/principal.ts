import { accept, type Decision, type Decider, type Instant, type Message, type Of, reject } from '@vouchsafe/kernel';
import { isRole, mayHold, type PrincipalKind, roleOfKind, type RoleName } from './roles.js';

/** How a credential proves itself. Never the secret: a hash, a reference into the vault, or a public key. */
export type Proof =
  | Message<'bearer', { readonly sha256: string }>
  | Message<'hmac', { readonly keyRef: string }>
  | Message<'ed25519', { readonly publicKey: string }>;

export type CredentialTerms = {
  readonly credentialId: string; readonly proof: Proof; readonly expiresAt: Instant;
  /** CIDR networks it may be used from; none = anywhere. */
  readonly ipAllow: readonly string[];
  /** 0 = the deployment's default. */
  readonly ratePerSecond: number; readonly concurrency: number;
  readonly label: string;
};
export type Profile = {
  readonly kind: PrincipalKind;
  /** Reference of the display name in the personal vault. */
  readonly nameRef: string;
  readonly channelId?: string; readonly terminalId?: string;
  readonly roles: readonly RoleName[];
};

/** Stream `principal-<id>`. `by`: who acts. */
export type PrincipalCommand =
  | Message<'CreatePrincipal', Omit<Profile, 'roles'> & { readonly roles: readonly string[]; readonly at: Instant }>
  | Message<'IssueCredential', CredentialTerms & { readonly at: Instant }>
  | Message<'RevokeCredential', { readonly credentialId: string; readonly reason: string; readonly at: Instant }>
  | Message<'AssignRole', { readonly role: string; readonly self: boolean; readonly at: Instant }>
  | Message<'RemoveRole', { readonly role: string; readonly self: boolean; readonly at: Instant }>
  | Message<'DisablePrincipal', { readonly reason: string; readonly self: boolean; readonly at: Instant }>
  | Message<'EnablePrincipal', { readonly at: Instant }>
  | Message<'NoteUse', { readonly credentialId: string; readonly at: Instant }>;
export type PrincipalEvent =
  | Message<'PrincipalCreated', Profile & { readonly at: Instant }>
  | Message<'CredentialIssued', CredentialTerms & { readonly at: Instant }>
  | Message<'CredentialRevoked', { readonly credentialId: string; readonly reason: string; readonly at: Instant }>
  | Message<'RoleAssigned', { readonly role: RoleName; readonly at: Instant }>
  | Message<'RoleRemoved', { readonly role: RoleName; readonly at: Instant }>
  | Message<'PrincipalDisabled', { readonly reason: string; readonly at: Instant }>
  | Message<'PrincipalEnabled', { readonly at: Instant }>
  | Message<'CredentialUseNoted', { readonly credentialId: string; readonly at: Instant }>;
export type PrincipalRejection =
  | 'PRINCIPAL_UNKNOWN' | 'PRINCIPAL_DISABLED' | 'REQUEST_ID_REUSED' | 'ROLE_UNKNOWN' | 'ROLE_NOT_FOR_KIND' | 'OWN_ROLE' | 'OWN_PRINCIPAL'
  | 'CREDENTIAL_UNKNOWN' | 'CREDENTIALS_TOO_MANY' | 'EXPIRY_INVALID';

export type Credential = CredentialTerms & { readonly issuedAt: Instant; readonly revokedAt?: Instant; readonly notedAt?: Instant };
export type Principal = Profile & { readonly disabled: boolean; readonly createdAt: Instant; readonly credentials: readonly Credential[] };
export type PrincipalState = Principal | undefined;

/** Live at once, for rotation. */
export const LIVE_CREDENTIALS_MAX = 2;
/** Dead ones remembered, for lists; older ones lie in the stream. */
const DEAD_CREDENTIALS_MAX = 20;
const DAY_MS = 86_400_000;
/** Longest life of a credential. */
export const CREDENTIAL_LIFE_MAX_MS = 400 * DAY_MS;
/** Uses are noted this seldom, so that the stream stays short for decades. */
const USE_NOTE_MS = 7 * DAY_MS;

export const isLive = ({ expiresAt, revokedAt }: Credential, at: Instant): boolean => revokedAt === undefined && expiresAt > at;
type Decided = Decision<PrincipalEvent, PrincipalRejection>;

const decide = (command: PrincipalCommand, principal: PrincipalState): Decided => {
  if (command.type === 'CreatePrincipal') return createPrincipal(command, principal);
  if (!principal) return reject('PRINCIPAL_UNKNOWN');
  switch (command.type) {
    case 'IssueCredential': return issue(command, principal);
    case 'RevokeCredential': return revoke(command, principal);
    case 'AssignRole': return assignRole(command, principal);
    case 'RemoveRole': return removeRole(command, principal);
    case 'DisablePrincipal': return disable(command, principal);
    case 'EnablePrincipal': return principal.disabled ? accept({ type: 'PrincipalEnabled', at: command.at } as const) : accept();
    case 'NoteUse': return noteUse(command, principal);
  }
};

const createPrincipal = (command: Of<PrincipalCommand, 'CreatePrincipal'>, principal: PrincipalState): Decided => {
  const { kind, nameRef, channelId, terminalId, at } = command;
  const own = roleOfKind(kind);
  const roles = [...new Set(own ? [own, ...command.roles] : command.roles)];
  const known = roles.filter(isRole);
  const unknown = roles.find((role) => !isRole(role));
  if (unknown !== undefined) return reject('ROLE_UNKNOWN', { role: unknown });
  const foreign = known.find((role) => !mayHold(kind, role));
  if (foreign) return reject('ROLE_NOT_FOR_KIND', { role: foreign, kind });
  // The id comes from the request id, so the same ask again is a retry of an answer that got lost.
  if (principal) return isSame(principal, command) ? accept() : reject('REQUEST_ID_REUSED');
  return accept({ type: 'PrincipalCreated', kind, nameRef, ...(channelId !== undefined && { channelId }), ...(terminalId !== undefined && { terminalId }), roles: known, at } as const);
};
const isSame = (principal: Principal, { kind, nameRef, channelId, terminalId }: Of<PrincipalCommand, 'CreatePrincipal'>): boolean =>
  principal.kind === kind && principal.nameRef === nameRef && principal.channelId === channelId && principal.terminalId === terminalId;

const issue = (command: Of<PrincipalCommand, 'IssueCredential'>, principal: Principal): Decided => {
  const { type: _type, at, ...terms } = command;
  if (principal.credentials.some(({ credentialId }) => credentialId === terms.credentialId)) return accept();
  if (principal.disabled) return reject('PRINCIPAL_DISABLED');
  if (terms.expiresAt <= at || terms.expiresAt - at > CREDENTIAL_LIFE_MAX_MS) return reject('EXPIRY_INVALID');
  const live = principal.credentials.filter((credential) => isLive(credential, at)).length;
  if (live >= LIVE_CREDENTIALS_MAX) return reject('CREDENTIALS_TOO_MANY', { live: String(live) });
  return accept({ type: 'CredentialIssued', ...terms, at } as const);
};

const revoke = ({ credentialId, reason, at }: Of<PrincipalCommand, 'RevokeCredential'>, { credentials }: Principal): Decided => {
  const credential = credentials.find((known) => known.credentialId === credentialId);
  if (!credential) return reject('CREDENTIAL_UNKNOWN');
  return credential.revokedAt === undefined ? accept({ type: 'CredentialRevoked', credentialId, reason, at } as const) : accept();
};

const assignRole = ({ role, self, at }: Of<PrincipalCommand, 'AssignRole'>, { kind, roles }: Principal): Decided => {
  if (!isRole(role)) return reject('ROLE_UNKNOWN', { role });
  if (self) return reject('OWN_ROLE');
  if (!mayHold(kind, role)) return reject('ROLE_NOT_FOR_KIND', { role, kind });
  return roles.includes(role) ? accept() : accept({ type: 'RoleAssigned', role, at } as const);
};
const removeRole = ({ role, self, at }: Of<PrincipalCommand, 'RemoveRole'>, { kind, roles }: Principal): Decided => {
  if (!isRole(role)) return reject('ROLE_UNKNOWN', { role });
  // Whoever may remove roles could else lock everybody out by a slip.
  if (self && role === 'admin') return reject('OWN_ROLE');
  if (roleOfKind(kind) === role) return reject('ROLE_NOT_FOR_KIND', { role, kind });
  return roles.includes(role) ? accept({ type: 'RoleRemoved', role, at } as const) : accept();
};

const disable = ({ reason, self, at }: Of<PrincipalCommand, 'DisablePrincipal'>, { disabled }: Principal): Decided => {
  if (self) return reject('OWN_PRINCIPAL');
  return disabled ? accept() : accept({ type: 'PrincipalDisabled', reason, at } as const);
};

const noteUse = ({ credentialId, at }: Of<PrincipalCommand, 'NoteUse'>, { credentials }: Principal): Decided => {
  const credential = credentials.find((known) => known.credentialId === credentialId);
  if (!credential || at - (credential.notedAt ?? 0) < USE_NOTE_MS) return accept();
  return accept({ type: 'CredentialUseNoted', credentialId, at } as const);
};

const evolve = (principal: PrincipalState, event: PrincipalEvent): PrincipalState => {
  if (event.type === 'PrincipalCreated') {
    const { type: _type, at, ...profile } = event;
    return { ...profile, disabled: false, createdAt: at, credentials: [] };
  }
  return principal && evolveKnown(principal, event);
};
const evolveKnown = (principal: Principal, event: Exclude<PrincipalEvent, { type: 'PrincipalCreated' }>): Principal => {
  const { roles, credentials } = principal;
  switch (event.type) {
    case 'CredentialIssued': {
      const { type: _type, at, ...terms } = event;
      return { ...principal, credentials: [...stillWorthListing(credentials, at), { ...terms, issuedAt: at }] };
    }
    case 'CredentialRevoked': return { ...principal, credentials: changed(credentials, event.credentialId, { revokedAt: event.at }) };
    case 'CredentialUseNoted': return { ...principal, credentials: changed(credentials, event.credentialId, { notedAt: event.at }) };
    case 'RoleAssigned': return { ...principal, roles: [...roles, event.role] };
    case 'RoleRemoved': return { ...principal, roles: roles.filter((role) => role !== event.role) };
    case 'PrincipalDisabled': return { ...principal, disabled: true };
    case 'PrincipalEnabled': return { ...principal, disabled: false };
  }
};
const changed = (credentials: readonly Credential[], credentialId: string, change: Partial<Credential>): readonly Credential[] =>
  credentials.map((credential) => (credential.credentialId === credentialId ? { ...credential, ...change } : credential));
const stillWorthListing = (credentials: readonly Credential[], at: Instant): readonly Credential[] => {
  const dead = credentials.filter((credential) => !isLive(credential, at));
  const dropped = new Set(dead.slice(0, Math.max(0, dead.length - DEAD_CREDENTIALS_MAX)));
  return credentials.filter((credential) => !dropped.has(credential));
};

export const principal: Decider<PrincipalState, PrincipalCommand, PrincipalEvent, PrincipalRejection> = { decide, evolve, initial: undefined };

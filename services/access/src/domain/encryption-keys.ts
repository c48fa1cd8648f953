import { accept, type Decider, type Decision, type Instant, type Message, type Of, reject } from '@vouchsafe/kernel';

/** The public keys that a channel's secrets are encrypted to. Stream `encryption-<channel>`. `jwk`: the public key alone, canonical. */
export type EncryptionCommand =
  | Message<'RegisterKey', KeyTerms & { readonly self: boolean; readonly at: Instant }>
  | Message<'RevokeKey', { readonly keyId: string; readonly reason: string; readonly plainAgain: boolean; readonly at: Instant }>;
export type EncryptionEvent =
  | Message<'EncryptionKeyRegistered', KeyTerms & { readonly at: Instant }>
  | Message<'EncryptionKeyRevoked', { readonly keyId: string; readonly reason: string; readonly at: Instant }>
  | Message<'PlainDisclosureAllowed', { readonly reason: string; readonly at: Instant }>;
export type EncryptionRejection = 'ENCRYPTION_KEY_UNKNOWN' | 'ENCRYPTION_KEY_REVOKED' | 'ENCRYPTION_KEYS_TOO_MANY' | 'ENCRYPTION_KEY_BY_STAFF' | 'ENCRYPTION_KEYS_LEFT';

export type KeyTerms = { readonly keyId: string; readonly jwk: string; readonly label: string };
export type RecipientKey = KeyTerms & { readonly registeredAt: Instant; readonly revokedAt?: Instant };
export type EncryptionKeys = {
  /** In the order they were registered. */
  readonly keys: readonly RecipientKey[];
  /** Nothing leaves for this channel in plain: from its first key on, until a person says otherwise. */
  readonly encryptedOnly: boolean;
};

/** Live at once, for rotation. */
export const LIVE_KEYS_MAX = 2;
type Decided = Decision<EncryptionEvent, EncryptionRejection>;

/** What secrets are encrypted to: the newest that is not revoked. */
export const newestLive = ({ keys }: EncryptionKeys): RecipientKey | undefined => keys.findLast(({ revokedAt }) => revokedAt === undefined);

const decide = (command: EncryptionCommand, state: EncryptionKeys): Decided => {
  switch (command.type) {
    case 'RegisterKey': return register(command, state);
    case 'RevokeKey': return revoke(command, state);
  }
};

const register = ({ keyId, jwk, label, self, at }: Of<EncryptionCommand, 'RegisterKey'>, { keys }: EncryptionKeys): Decided => {
  const known = keys.find((key) => key.keyId === keyId);
  if (known) return known.revokedAt === undefined ? accept() : reject('ENCRYPTION_KEY_REVOKED', { keyId });
  // Whoever stole the channel's credential must not be able to have its secrets encrypted to themselves.
  if (self && keys.length > 0) return reject('ENCRYPTION_KEY_BY_STAFF');
  const live = keys.filter(({ revokedAt }) => revokedAt === undefined).length;
  if (live >= LIVE_KEYS_MAX) return reject('ENCRYPTION_KEYS_TOO_MANY', { live: String(live) });
  return accept({ type: 'EncryptionKeyRegistered', keyId, jwk, label, at } as const);
};

const revoke = ({ keyId, reason, plainAgain, at }: Of<EncryptionCommand, 'RevokeKey'>, { keys, encryptedOnly }: EncryptionKeys): Decided => {
  const known = keys.find((key) => key.keyId === keyId);
  if (!known) return reject('ENCRYPTION_KEY_UNKNOWN', { keyId });
  if (plainAgain && keys.some((key) => key.keyId !== keyId && key.revokedAt === undefined)) return reject('ENCRYPTION_KEYS_LEFT');
  const events: EncryptionEvent[] = known.revokedAt === undefined ? [{ type: 'EncryptionKeyRevoked', keyId, reason, at }] : [];
  if (plainAgain && encryptedOnly) events.push({ type: 'PlainDisclosureAllowed', reason, at });
  return accept(...events);
};

const evolve = (state: EncryptionKeys, event: EncryptionEvent): EncryptionKeys => {
  switch (event.type) {
    case 'EncryptionKeyRegistered': {
      const { type: _type, at, ...terms } = event;
      return { keys: [...state.keys, { ...terms, registeredAt: at }], encryptedOnly: true };
    }
    case 'EncryptionKeyRevoked': return { ...state, keys: state.keys.map((key) => (key.keyId === event.keyId ? { ...key, revokedAt: event.at } : key)) };
    case 'PlainDisclosureAllowed': return { ...state, encryptedOnly: false };
  }
};

export const encryptionKeys: Decider<EncryptionKeys, EncryptionCommand, EncryptionEvent, EncryptionRejection> = { decide, evolve, initial: { keys: [], encryptedOnly: false } };

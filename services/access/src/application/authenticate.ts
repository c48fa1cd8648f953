import { type Instant, instant, plusMs } from '@vouchsafe/kernel';
import type { Clock, Namespace } from '@vouchsafe/runtime';
import type { Nonces, PersonalVault } from '@vouchsafe/vault';
import { LRUCache } from 'lru-cache';
import { isAllowed } from '../domain/network.js';
import { type Credential, isLive, type Principal, type PrincipalState } from '../domain/principal.js';
import { type Permission, permissionsOf } from '../domain/roles.js';
import { type KeyName, parseBearer, sameText, sha256Hex } from './keys.js';
import { ed25519Holds, hmacHolds, parseSigned, type SignedCall, type SignedHeader, textToSign } from './signature.js';

export type AuthenticationRejection =
  | 'CREDENTIAL_MISSING' | 'CREDENTIAL_INVALID' | 'CREDENTIAL_EXPIRED' | 'CREDENTIAL_REVOKED' | 'WRONG_NAMESPACE' | 'IP_NOT_ALLOWED'
  | 'SIGNATURE_INVALID' | 'TIMESTAMP_SKEWED' | 'NONCE_REUSED' | 'PRINCIPAL_DISABLED';
export type Presented = SignedCall & { readonly authorization: string; readonly peerIp: string };
export type Authentication =
  | { readonly ok: false; readonly code: AuthenticationRejection }
  | {
    readonly ok: true; readonly principalId: string; readonly principal: Principal; readonly credential: Credential;
    readonly permissions: readonly Permission[];
    /** Until when the same authorization needs no new look; the present for signed calls, each of which proves itself. */
    readonly cacheUntil: Instant;
  };

export type AuthenticatorPorts = {
  readonly namespace: Namespace;
  readonly clock: Clock;
  readonly vault: Pick<PersonalVault, 'reveal'>;
  readonly nonces: Nonces;
  readonly load: (principalId: string) => Promise<PrincipalState>;
  readonly noteUse: (principalId: string, credentialId: string) => void;
};

const SKEW_MS = 300_000;
const CACHE_MS = 30_000;
const KEYS_MAX = 10_000;

/** Checks credentials. Signing keys come from the vault once and stay in a bounded cache. */
export class Authenticator {
  readonly #ports: AuthenticatorPorts;
  readonly #signingKeys = new LRUCache<string, string>({ max: KEYS_MAX });

  constructor(ports: AuthenticatorPorts) {
    this.#ports = ports;
  }

  /** Who presents this; or why nobody is let in. Signed calls use up their nonce, once everything else holds. */
  async authenticate(presented: Presented): Promise<Authentication> {
    const { authorization } = presented;
    if (authorization === '') return no('CREDENTIAL_MISSING');
    if (/^bearer /i.test(authorization)) return this.#bearer(authorization.slice('bearer '.length).trim(), presented);
    const signed = parseSigned(authorization);
    return signed ? this.#signed(signed, presented) : no('CREDENTIAL_INVALID');
  }

  async #bearer(text: string, presented: Presented): Promise<Authentication> {
    const key = parseBearer(text);
    if (!key) return no('CREDENTIAL_INVALID');
    const found = await this.#find(key);
    if ('code' in found) return found;
    const { proof } = found.credential;
    if (proof.type !== 'bearer' || !sameText(sha256Hex(key.secret), proof.sha256)) return no('CREDENTIAL_INVALID');
    return this.#admit(key, found, presented, CACHE_MS);
  }

  async #signed(signed: SignedHeader, presented: Presented): Promise<Authentication> {
    const found = await this.#find(signed.key);
    if ('code' in found) return found;
    if (!(await this.#holds(signed, found.credential, presented))) return no('SIGNATURE_INVALID');
    const now = this.#ports.clock.now();
    if (Math.abs(signed.timestamp * 1000 - now) > SKEW_MS) return no('TIMESTAMP_SKEWED');
    const admitted = this.#admit(signed.key, found, presented, 0);
    if (!admitted.ok) return admitted;
    // Kept as long as the timestamp could pass again.
    const fresh = await this.#ports.nonces.claim(signed.key.credentialId, signed.nonce, instant(signed.timestamp * 1000 + SKEW_MS));
    return fresh ? admitted : no('NONCE_REUSED');
  }

  async #holds(signed: SignedHeader, { proof }: Credential, call: SignedCall): Promise<boolean> {
    if (proof.type !== signed.scheme) return false;
    const text = textToSign(signed, call);
    if (proof.type === 'ed25519') return ed25519Holds(proof.publicKey, text, signed.signature);
    if (proof.type !== 'hmac') return false;
    const key = this.#signingKeys.get(proof.keyRef) ?? (await this.#ports.vault.reveal(proof.keyRef));
    if (key === undefined) return false;
    this.#signingKeys.set(proof.keyRef, key);
    return hmacHolds(key, text, signed.signature);
  }

  async #find({ namespace, principalId, credentialId }: KeyName): Promise<{ readonly principal: Principal; readonly credential: Credential } | { readonly ok: false; readonly code: AuthenticationRejection }> {
    if (namespace !== this.#ports.namespace) return no('WRONG_NAMESPACE');
    const principal = await this.#ports.load(principalId);
    const credential = principal?.credentials.find((known) => known.credentialId === credentialId);
    return principal && credential ? { principal, credential } : no('CREDENTIAL_INVALID');
  }

  /** Only who proved to hold the secret learns that it is expired, revoked or not for this address. */
  #admit({ principalId }: KeyName, found: { readonly principal: Principal; readonly credential: Credential }, { peerIp }: Presented, cacheMs: number): Authentication {
    const { principal, credential } = found;
    const now = this.#ports.clock.now();
    if (credential.revokedAt !== undefined) return no('CREDENTIAL_REVOKED');
    if (!isLive(credential, now)) return no('CREDENTIAL_EXPIRED');
    if (principal.disabled) return no('PRINCIPAL_DISABLED');
    if (!isAllowed(peerIp, credential.ipAllow)) return no('IP_NOT_ALLOWED');
    this.#ports.noteUse(principalId, credential.credentialId);
    const cacheUntil = instant(Math.min(plusMs(now, cacheMs), credential.expiresAt));
    return { ok: true, principalId, principal, credential, permissions: permissionsOf(principal.roles), cacheUntil };
  }
}
const no = (code: AuthenticationRejection): { readonly ok: false; readonly code: AuthenticationRejection } => ({ ok: false, code });

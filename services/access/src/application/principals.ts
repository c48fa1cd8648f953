import type { DeciderHost, Handled } from '@vouchsafe/event-store';
import { type Instant, Secret } from '@vouchsafe/kernel';
import {
  type Credential, type CredentialTerms, type Principal, type PrincipalCommand, type PrincipalEvent, principal as decider, type PrincipalRejection, type PrincipalState, type Proof,
} from '../domain/principal.js';
import type { PrincipalKind } from '../domain/roles.js';
import { type Asked, derivedText, envelopeOf } from './commands.js';
import { bearerOf, credentialIdOf, keyNameOf, sha256Hex } from './keys.js';
import type { AccessPorts } from './ports.js';
import { principalStream } from './streams.js';

export type PrincipalHost = DeciderHost<PrincipalState, PrincipalCommand, PrincipalEvent, PrincipalRejection>;
export type Result<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly code: PrincipalRejection; readonly details: Readonly<Record<string, string>> };
export type NewPrincipal = { readonly kind: PrincipalKind; readonly displayName: string; readonly channelId?: string; readonly terminalId?: string; readonly roles: readonly string[] };
export type NewCredential = Omit<CredentialTerms, 'credentialId' | 'proof'> & { readonly kind: Proof['type']; readonly publicKey?: Uint8Array };
export type Known = { readonly principalId: string; readonly principal: Principal };
/** `secret`: only the first time; nobody can be told it again. */
export type Issued = { readonly credential: Credential; readonly keyName: string; readonly secret?: Secret };

const SECRET_BYTES = 32;

/** Principals and their credentials. Mutations may be repeated under their request id. */
export class Principals {
  constructor(readonly ports: AccessPorts, readonly host: PrincipalHost) {}

  async get(principalId: string): Promise<Principal | undefined> {
    return (await this.host.load(principalStream.of(principalId))).state;
  }

  /** Makes a principal; its id follows from the request id (minted where there is none) unless the caller fixes it. */
  async create(asked: Asked, { displayName, ...profile }: NewPrincipal, dry: boolean, fixedId?: string): Promise<Result<Known>> {
    const { ids, vault } = this.ports;
    const principalId = fixedId ?? (asked.requestId === '' ? ids.mint('principal') : `pri_${derivedText('principal', asked.principal, asked.requestId)}`);
    const at = this.ports.clock.now();
    // A name belongs to its principal alone and can be erased with it.
    const nameRef = dry ? 'sub_dry.0' : (await vault.protect([{ kind: 'name', value: displayName }], { channelId: 'principal', buyer: principalId }))[0]!.ref;
    return this.#run(asked, principalId, { type: 'CreatePrincipal', ...profile, nameRef, at }, dry);
  }

  change(asked: Asked, principalId: string, change: (self: boolean, at: Instant) => PrincipalCommand, dry: boolean): Promise<Result<Known>> {
    return this.#run(asked, principalId, change(asked.principal === principalId, this.ports.clock.now()), dry);
  }

  /** Makes a credential. The secret of a bearer or hmac credential is answered the first time only. */
  async issue(asked: Asked, principalId: string, wanted: NewCredential, dry: boolean): Promise<Result<Issued>> {
    const { ids, clock, namespace } = this.ports;
    const suffix = asked.requestId === '' ? ids.mint('credential').slice(-16) : derivedText('credential', asked.principal, principalId, asked.requestId).slice(0, 16);
    const credentialId = credentialIdOf(principalId, suffix);
    const known = (await this.get(principalId))?.credentials.find((credential) => credential.credentialId === credentialId);
    if (known) return known.proof.type === wanted.kind ? { ok: true, value: { credential: known, keyName: keyNameOf(namespace, credentialId) } } : reused;
    const { kind, publicKey, ...terms } = wanted;
    const { proof, secret } = dry ? { proof: DRY_PROOF, secret: undefined } : await this.#prove(kind, publicKey, credentialId);
    const done = await this.#run(asked, principalId, { type: 'IssueCredential', credentialId, proof, ...terms, at: clock.now() }, dry);
    if (!done.ok) return done;
    const credential = done.value.principal.credentials.find((made) => made.credentialId === credentialId) ?? { ...terms, credentialId, proof, issuedAt: clock.now() };
    return { ok: true, value: { credential, keyName: keyNameOf(namespace, credentialId), ...(secret && { secret }) } };
  }

  async #prove(kind: Proof['type'], publicKey: Uint8Array | undefined, credentialId: string): Promise<{ readonly proof: Proof; readonly secret?: Secret }> {
    const { random, vault, namespace } = this.ports;
    if (kind === 'ed25519') return { proof: { type: 'ed25519', publicKey: Buffer.from(publicKey!).toString('base64url') } };
    const secret = random.bytes(SECRET_BYTES).toString('base64url');
    if (kind === 'bearer') return { proof: { type: 'bearer', sha256: sha256Hex(secret) }, secret: new Secret(bearerOf(namespace, credentialId, secret)) };
    // Sealed and durable before the event names it; without the event it is inert.
    return { proof: { type: 'hmac', keyRef: await vault.keep('credential', secret) }, secret: new Secret(secret) };
  }

  async #run(asked: Asked, principalId: string, command: PrincipalCommand, dry: boolean): Promise<Result<Known>> {
    const stream = principalStream.of(principalId);
    const handled = dry ? await this.#dry(stream, command) : await this.host.handle(stream, command, envelopeOf(this.ports.ids, asked, principalId, command.at, contentOf(command)));
    if (!handled.ok) return { ok: false, code: handled.code, details: handled.details };
    return { ok: true, value: { principalId, principal: handled.state! } };
  }
  async #dry(stream: string, command: PrincipalCommand): Promise<Pick<Handled<PrincipalState, PrincipalEvent, PrincipalRejection>, 'ok'> & ({ ok: true; state: PrincipalState } | { ok: false; code: PrincipalRejection; details: Readonly<Record<string, string>> })> {
    const { state } = await this.host.load(stream);
    const decision = decider.decide(command, state);
    return decision.ok ? { ok: true, state: decision.events.reduce(decider.evolve, state) } : decision;
  }
}

const reused: Result<never> = { ok: false, code: 'REQUEST_ID_REUSED', details: {} };
/** Stands in for a proof where nothing is recorded. */
const DRY_PROOF: Proof = { type: 'bearer', sha256: '' };
/** What distinguishes two commands under one request id; not the time, nor a secret's hash. */
const contentOf = (command: PrincipalCommand): string => {
  switch (command.type) {
    case 'AssignRole':
    case 'RemoveRole': return `${command.type}/${command.role}`;
    case 'IssueCredential':
    case 'RevokeCredential':
    case 'NoteUse': return `${command.type}/${command.credentialId}`;
    case 'CreatePrincipal':
    case 'DisablePrincipal':
    case 'EnablePrincipal': return command.type;
  }
};

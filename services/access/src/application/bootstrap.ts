import { invariant, plusMs, type Secret } from '@vouchsafe/kernel';
import { isLive, LIVE_CREDENTIALS_MAX } from '../domain/principal.js';
import { type Asked, derivedText } from './commands.js';
import type { NewPrincipal, Principals, Result } from './principals.js';

/** A key made by a local command; `key` is the whole bearer text. */
export type BootstrapKey = { readonly principalId: string; readonly credentialId: string; readonly key: Secret; readonly expiresAt: number };
/** `again`: the first key expired or was lost; the same principal gets another one, which its stream tells. */
export type AdminBootstrap = { readonly ok: true; readonly key: BootstrapKey } | { readonly ok: false; readonly code: 'ALREADY_BOOTSTRAPPED' };
export type SandboxKeys = { readonly admin: BootstrapKey; readonly channels: ReadonlyMap<string, BootstrapKey>; readonly terminals: ReadonlyMap<string, BootstrapKey> };

const HOUR_MS = 3_600_000;
const ADMIN_KEY_MS = 24 * HOUR_MS;
const SANDBOX_KEY_MS = 365 * 24 * HOUR_MS;
const LOCAL: Asked = { principal: 'svc_bootstrap', requestId: '' };

/** Keys made by whoever has the machine: no principal can ask for them over the network. */
export class Bootstrap {
  constructor(readonly principals: Principals) {}

  /** The first administrator's key, once. Durable when it settles. */
  async admin(again = false): Promise<AdminBootstrap> {
    const { namespace } = this.principals.ports;
    const principalId = fixedId('admin', namespace);
    if (!again && (await this.principals.get(principalId))) return { ok: false, code: 'ALREADY_BOOTSTRAPPED' };
    await this.#ensure(principalId, { kind: 'person', displayName: 'First administrator', roles: ['admin'] });
    return { ok: true, key: await this.#issue(principalId, ADMIN_KEY_MS) };
  }

  /** Keys for a sandbox that anybody on the machine may play with: an administrator, a second person, channels, terminals. Old ones make room. */
  async sandbox(wanted: { readonly channels: readonly string[]; readonly terminals: readonly string[] }): Promise<SandboxKeys> {
    const { namespace } = this.principals.ports;
    invariant(namespace === 'sandbox', 'keys for everybody are made in the sandbox only');
    const make = async (principalId: string, profile: NewPrincipal): Promise<BootstrapKey> => {
      await this.#ensure(principalId, profile);
      return this.#issue(principalId, SANDBOX_KEY_MS);
    };
    const admin = await make(fixedId('sandbox-admin', namespace), { kind: 'person', displayName: 'Sandbox administrator', roles: ['admin'] });
    const channels = new Map<string, BootstrapKey>();
    for (const channelId of wanted.channels) {
      channels.set(channelId, await make(fixedId('channel', namespace, channelId), { kind: 'channel', displayName: channelId, channelId, roles: [] }));
    }
    const terminals = new Map<string, BootstrapKey>();
    for (const terminalId of wanted.terminals) {
      terminals.set(terminalId, await make(fixedId('terminal', namespace, terminalId), { kind: 'terminal', displayName: terminalId, terminalId, roles: [] }));
    }
    return { admin, channels, terminals };
  }

  async #ensure(principalId: string, profile: NewPrincipal): Promise<void> {
    if (!(await this.principals.get(principalId))) sure(await this.principals.create(LOCAL, profile, false, principalId));
  }

  async #issue(principalId: string, lifeMs: number): Promise<BootstrapKey> {
    const { clock, store } = this.principals.ports;
    const live = (await this.principals.get(principalId))?.credentials.filter((credential) => isLive(credential, clock.now())) ?? [];
    for (const { credentialId } of live.slice(0, Math.max(0, live.length - LIVE_CREDENTIALS_MAX + 1))) {
      sure(await this.principals.change(LOCAL, principalId, (_self, at) => ({ type: 'RevokeCredential', credentialId, reason: 'replaced by a local command', at }), false));
    }
    const expiresAt = plusMs(clock.now(), lifeMs);
    const { credential, secret } = sure(await this.principals.issue(
      LOCAL, principalId, { kind: 'bearer', expiresAt, ipAllow: [], ratePerSecond: 0, concurrency: 0, label: 'local bootstrap' }, false,
    ));
    invariant(secret, 'a fresh bearer credential has a secret');
    await store.durable(store.head());
    return { principalId, credentialId: credential.credentialId, key: secret, expiresAt };
  }
}

const fixedId = (...parts: readonly string[]): string => `pri_${derivedText('bootstrap', ...parts)}`;
/** Local commands name what exists; a refusal is a bug of ours. */
const sure = <T>(result: Result<T>): T => {
  invariant(result.ok, `a bootstrap step was refused: ${result.ok ? '' : result.code}`);
  return result.value;
};

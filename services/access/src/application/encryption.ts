import type { DeciderHost } from '@vouchsafe/event-store';
import { type EncryptionCommand, type EncryptionEvent, type EncryptionKeys, encryptionKeys as decider, type EncryptionRejection } from '../domain/encryption-keys.js';
import { type Asked, envelopeOf } from './commands.js';
import type { AccessPorts } from './ports.js';
import { encryptionStream } from './streams.js';

export type EncryptionHost = DeciderHost<EncryptionKeys, EncryptionCommand, EncryptionEvent, EncryptionRejection>;
export type EncryptionResult =
  | { readonly ok: true; readonly keys: EncryptionKeys }
  | { readonly ok: false; readonly code: EncryptionRejection; readonly details: Readonly<Record<string, string>> };

/** Public keys of channels. Mutations may be repeated. */
export class Encryption {
  constructor(readonly ports: AccessPorts, readonly host: EncryptionHost) {}

  async of(channelId: string): Promise<EncryptionKeys> {
    return (await this.host.load(encryptionStream.of(channelId))).state;
  }

  async change(asked: Asked, channelId: string, command: EncryptionCommand, dry: boolean): Promise<EncryptionResult> {
    if (dry) {
      const state = await this.of(channelId);
      const decision = decider.decide(command, state);
      return decision.ok ? { ok: true, keys: decision.events.reduce(decider.evolve, state) } : decision;
    }
    const envelope = envelopeOf(this.ports.ids, asked, channelId, command.at, `${command.type}/${command.keyId}`);
    const handled = await this.host.handle(encryptionStream.of(channelId), command, envelope);
    return handled.ok ? { ok: true, keys: handled.state } : { ok: false, code: handled.code, details: handled.details };
  }
}

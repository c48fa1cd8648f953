import { createHash, timingSafeEqual } from 'node:crypto';
import { Fault, isFault } from '@vouchsafe/kernel';
import type { Clock, Log, Random } from '@vouchsafe/runtime';
import type { KeyWrap } from './key-wrap.js';

export type TransitOptions = {
  /** `https://host:port` of the KMS; plain HTTP on loopback only (a local agent). Its certificate's issuer by NODE_EXTRA_CA_CERTS. */
  readonly address: string;
  /** Where the transit engine is mounted: `transit`. */
  readonly mount: string;
  /** The key's name there. It must exist, and encrypt with authentication. */
  readonly key: string;
  /** Asked for before each call, for tokens are renewed by an agent. Never logged. */
  readonly token: () => Promise<string>;
  /** Namespace of the KMS's own, where it has such. */
  readonly kmsNamespace?: string;
  readonly clock: Clock; readonly random: Random; readonly log: Log;
};

const TIMEOUT_MS = 5_000;
const ATTEMPTS_MAX = 5;
const PAUSE_MS = 100;
const BINDING_BYTES = 32;
/** Algorithms of the transit engine that notice a changed ciphertext. */
const AUTHENTICATED = ['aes128-gcm96', 'aes256-gcm96', 'chacha20-poly1305', 'xchacha20-poly1305'];

/**
 * A key-encryption key that never leaves a KMS with an HTTP transit API of HashiCorp Vault's form (`encrypt`, `decrypt`, `rewrap`,
 * and `keys` to read the key's version). The token needs `update` on the first three and `read` on the last. Faults:
 * `KMS_UNAVAILABLE` (retryable: silent, sealed, standby), `KMS_FORBIDDEN`, `KMS_KEY_UNFIT` (absent, or without authentication),
 * `KMS_INSECURE`, `KEY_WRONG`.
 */
export const transitKeyWrap = async (options: TransitOptions): Promise<KeyWrap> => {
  const kms = new Kms(options);
  const { type, latest_version: version } = await kms.ask('keys', undefined);
  if (typeof type !== 'string' || !AUTHENTICATED.includes(type))
    throw new Fault('KMS_KEY_UNFIT', `the key ${options.key} of the KMS encrypts by ${String(type)}, which does not notice changes: make one of type aes256-gcm96`, false);
  const family = `transit/${options.mount}/${options.key}/`;
  return {
    id: `${family}v${String(version)}`,
    wrap: async (key, context) => textOf(await kms.ask('encrypt', { plaintext: Buffer.concat([bindingOf(context), key]).toString('base64') }), 'ciphertext'),
    unwrap: async (wrapped, context) => {
      const { plaintext } = await kms.ask('decrypt', { ciphertext: Buffer.from(wrapped).toString('utf8') });
      const plain = Buffer.from(String(plaintext), 'base64');
      // The API's `rewrap` takes no associated data, so the context is bound inside.
      if (plain.length <= BINDING_BYTES || !timingSafeEqual(plain.subarray(0, BINDING_BYTES), bindingOf(context))) throw wrongKey(options);
      return plain.subarray(BINDING_BYTES);
    },
    rewrap: async (wrapped, under) =>
      under.startsWith(family) ? textOf(await kms.ask('rewrap', { ciphertext: Buffer.from(wrapped).toString('utf8') }), 'ciphertext') : undefined,
  };
};

const bindingOf = (context: string): Buffer => createHash('sha256').update(context).digest();
const wrongKey = ({ key }: TransitOptions, cause?: unknown): Fault =>
  new Fault('KEY_WRONG', `the key ${key} of the KMS does not open this: it is not the one this vault was sealed with`, false, { cause });

type Data = Readonly<Record<string, unknown>>;
const textOf = (data: Data, field: string): Buffer => {
  const value = data[field];
  if (typeof value !== 'string' || value === '') throw unreadable();
  return Buffer.from(value, 'utf8');
};
const unreadable = (): Fault => new Fault('KMS_UNAVAILABLE', 'the KMS answered something that is no answer of a transit API', true);

type Operation = 'keys' | 'encrypt' | 'decrypt' | 'rewrap';

class Kms {
  constructor(readonly options: TransitOptions) {
    const { protocol, hostname } = new URL(options.address);
    if (protocol !== 'https:' && !['127.0.0.1', 'localhost', '[::1]'].includes(hostname))
      throw new Fault('KMS_INSECURE', `the KMS at ${hostname} is asked over ${protocol}//, in which keys are readable: use https`, false);
  }

  /** Asks, again where that may help: every operation does the same however often it is asked. */
  async ask(operation: Operation, body: Data | undefined): Promise<Data> {
    const { clock, random, log } = this.options;
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#once(operation, body);
      } catch (error) {
        if (!isFault(error) || !error.retryable || attempt >= ATTEMPTS_MAX) throw error;
        log.warn({ operation, attempt, code: error.code }, 'the KMS will be asked again');
        await clock.sleep(PAUSE_MS * 2 ** attempt * (0.5 + random.fraction() / 2));
      }
    }
  }

  async #once(operation: Operation, body: Data | undefined): Promise<Data> {
    const { address, mount, key, token, kmsNamespace } = this.options;
    const headers = { 'x-vault-token': await token(), 'x-vault-request': 'true', ...(kmsNamespace !== undefined && { 'x-vault-namespace': kmsNamespace }) };
    const url = new URL(`/v1/${mount}/${operation}/${encodeURIComponent(key)}`, address);
    const response = await fetch(url, {
      method: body ? 'POST' : 'GET', headers: { ...headers, ...(body && { 'content-type': 'application/json' }) }, ...(body && { body: JSON.stringify(body) }),
      redirect: 'error', signal: AbortSignal.timeout(TIMEOUT_MS),
    }).catch((cause: unknown) => {
      throw new Fault('KMS_UNAVAILABLE', `the KMS at ${url.host} does not answer`, true, { cause });
    });
    if (!response.ok) {
      await response.body?.cancel();
      throw this.#faultOf(operation, response.status);
    }
    const answer = (await response.json().catch(() => undefined)) as { readonly data?: Data } | undefined;
    if (!answer?.data) throw unreadable();
    return answer.data;
  }

  #faultOf(operation: Operation, status: number): Fault {
    const { address, key, mount } = this.options;
    const { host } = new URL(address);
    switch (status) {
      case 400:
        // Of a key: it is none. Of an encryption: the key does not exist and may not be made by us.
        return operation === 'decrypt' || operation === 'rewrap' ? wrongKey(this.options) : this.#unfit();
      case 401:
      case 403:
        return new Fault('KMS_FORBIDDEN', `the KMS at ${host} refuses the token for ${operation} on ${mount}/${key}: renew it, or extend its policy`, false);
      case 404:
        return this.#unfit();
      default:
        return new Fault('KMS_UNAVAILABLE', `the KMS at ${host} answered ${status} (sealed, standby or overloaded)`, true);
    }
  }
  #unfit(): Fault {
    const { key, mount } = this.options;
    return new Fault('KMS_KEY_UNFIT', `the KMS has no key ${key} under ${mount}: make one of type aes256-gcm96`, false);
  }
}

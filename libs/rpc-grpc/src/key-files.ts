import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { Fault } from '@vouchsafe/kernel';
import type { Log, Stop, Timers } from '@vouchsafe/runtime';
import { keyIdOf } from './token.js';
import type { SigningKey } from './token-issuer.js';
import type { TrustedKey, TrustedKeys } from './token-verifier.js';

/** Where keys lie. Both files are looked at again and again, so that keys rotate without a restart. */
export type KeyFiles = {
  /** This process's own: an Ed25519 private key in PEM. */
  readonly signingKeyFile: string;
  /** Everybody's public keys: JSON, see {@link trustedKeysText}. */
  readonly trustedKeysFile: string;
};
export interface RpcKeys {
  readonly signing: SigningKey;
  readonly trusted: TrustedKeys;
  stop(): Promise<void>;
}

const LOOK_EVERY_MS = 5_000;

/**
 * Reads the files and follows them; what cannot be used leaves the last good keys. Fault `KEY_FILES_UNUSABLE` at the start.
 * To rotate: add the new public key to everybody's file, replace the private one, later take the old public key away.
 */
export const watchKeys = async (files: KeyFiles, timers: Timers, log: Log, everyMs = LOOK_EVERY_MS): Promise<RpcKeys> => {
  let now = await readKeys(files);
  const stop: Stop = timers.every(everyMs, async () => {
    const read = await readKeys(files);
    if (read.text === now.text) return;
    now = read;
    log.info({ trusted: read.trusted.size }, 'keys between services were replaced');
  }, (error) => log.warn({ error: String(error) }, 'the keys between services cannot be used; the last ones stay'));
  return { signing: () => now.signing, trusted: () => now.trusted, stop };
};

type Keys = { readonly signing: KeyObject; readonly trusted: ReadonlyMap<string, TrustedKey>; readonly text: string };
const readKeys = async ({ signingKeyFile, trustedKeysFile }: KeyFiles): Promise<Keys> => {
  try {
    const [signingText, trustedText] = await Promise.all([readFile(signingKeyFile, 'utf8'), readFile(trustedKeysFile, 'utf8')]);
    const signing = createPrivateKey(signingText);
    if (signing.asymmetricKeyType !== 'ed25519') throw new Error('the signing key is no Ed25519 key');
    return { signing, trusted: parseTrusted(trustedText), text: `${signingText}\n${trustedText}` };
  } catch (error) {
    throw new Fault('KEY_FILES_UNUSABLE', `${signingKeyFile}, ${trustedKeysFile}: ${error instanceof Error ? error.message : 'unreadable'}`, true);
  }
};

const parseTrusted = (text: string): ReadonlyMap<string, TrustedKey> => {
  const { keys } = JSON.parse(text) as { readonly keys?: unknown };
  if (!Array.isArray(keys)) throw new Error('it holds no list of keys');
  return new Map(keys.map((entry: unknown): [string, TrustedKey] => {
    const { issuer, publicKey } = (entry ?? {}) as { readonly issuer?: unknown; readonly publicKey?: unknown };
    if (typeof issuer !== 'string' || typeof publicKey !== 'string') throw new Error('an entry names no issuer or no publicKey');
    const key = createPublicKey({ key: Buffer.from(publicKey, 'base64'), format: 'der', type: 'spki' });
    if (key.asymmetricKeyType !== 'ed25519') throw new Error(`the key of ${issuer} is no Ed25519 key`);
    return [keyIdOf(key), { issuer, key }];
  }));
};

/** `{"keys":[{"issuer":"gateway","publicKey":"<base64 of the SPKI>"}]}`, one entry per key; several of one issuer while it rotates. */
export const trustedKeysText = (keys: readonly TrustedKey[]): string =>
  `${JSON.stringify({ keys: keys.map(({ issuer, key }) => ({ issuer, publicKey: key.export({ type: 'spki', format: 'der' }).toString('base64') })) }, null, 2)}\n`;

/** A fresh key pair: the private one as PEM for its owner's file, the public one for everybody's. */
export const newSigningKey = (): { readonly pem: string; readonly publicKey: KeyObject; readonly privateKey: KeyObject } => {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  return { pem: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(), publicKey, privateKey };
};

import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, sign, verify } from 'node:crypto';
import { Fault } from '@vouchsafe/kernel';
import { H, type Incoming, type Outgoing } from './wire.js';

export type Signature = { readonly signer: string; readonly keyId: string; readonly signature: string };

/** Signs in the name of one service, and knows the public keys of all. */
export interface CommandKeys {
  readonly service: string;
  sign(bytes: Buffer): Signature;
  /** False for unknown signers, keys and wrong signatures. */
  verify(bytes: Buffer, signature: Signature): boolean;
}

/** Ed25519 keys in PEM (PKCS #8, SPKI). The first private key signs; every listed public key is accepted, so keys rotate. */
export type CommandKeyMaterial = {
  readonly service: string;
  readonly privateKey: { readonly id: string; readonly pem: string };
  readonly publicKeys: Readonly<Record<string, readonly { readonly id: string; readonly pem: string }[]>>;
};

/** Fault `COMMAND_KEYS_INVALID` for keys that are none, or no Ed25519. */
export const ed25519Keys = ({ service, privateKey, publicKeys }: CommandKeyMaterial): CommandKeys => {
  const own = parsed(`the private key ${privateKey.id} of ${service}`, () => createPrivateKey(privateKey.pem));
  const known = new Map<string, KeyObject>();
  for (const [name, keys] of Object.entries(publicKeys)) {
    for (const { id, pem } of keys) known.set(`${name}/${id}`, parsed(`the public key ${id} of ${name}`, () => createPublicKey(pem)));
  }
  const keys: CommandKeys = {
    service,
    sign: (bytes) => ({ signer: service, keyId: privateKey.id, signature: sign(null, bytes, own).toString('base64') }),
    verify: (bytes, { signer, keyId, signature }) => {
      const key = known.get(`${signer}/${keyId}`);
      return key !== undefined && verify(null, bytes, key, Buffer.from(signature, 'base64'));
    },
  };
  const proof = Buffer.from('a key pair that fits');
  if (!keys.verify(proof, keys.sign(proof))) {
    throw new Fault('COMMAND_KEYS_INVALID', `the public keys of ${service} do not hold the pair of its private key ${privateKey.id}: receivers would take its commands for forged`, false);
  }
  return keys;
};

const parsed = (what: string, parse: () => KeyObject): KeyObject => {
  try {
    const key = parse();
    if (key.asymmetricKeyType !== 'ed25519') throw new Error(`its type is ${key.asymmetricKeyType}`);
    return key;
  } catch (error) {
    throw new Fault('COMMAND_KEYS_INVALID', `${what} is no Ed25519 key in PEM`, false, { cause: error });
  }
};

/** Fresh key pairs for services, e.g. for tests and for `keys` commands; `id` names this generation of keys. */
export const generateCommandKeys = (services: readonly string[], id = '1'): readonly CommandKeyMaterial[] => {
  const pairs = services.map((service) => ({
    service, ...generateKeyPairSync('ed25519', { privateKeyEncoding: { type: 'pkcs8', format: 'pem' }, publicKeyEncoding: { type: 'spki', format: 'pem' } }),
  }));
  const publicKeys = Object.fromEntries(pairs.map(({ service, publicKey }) => [service, [{ id, pem: publicKey }]]));
  return pairs.map(({ service, privateKey }) => ({ service, privateKey: { id, pem: privateKey }, publicKeys }));
};

/** What a signature covers: all that a receiver acts on, and the topic, so that a message counts in its own place only. Not the trace. */
const COVERED = [H.id, H.source, H.type, H.subject, H.time, H.correlation, H.principal, H.replyTo, H.ask] as const;

const covered = (topic: string, { key, value, headers }: Outgoing): Buffer =>
  Buffer.from(JSON.stringify(['vouchsafe-message-v1', topic, key, ...COVERED.map((name) => headers[name] ?? null), value]));

export const signed = (keys: CommandKeys, topic: string, message: Outgoing): Outgoing => {
  const { signer, keyId, signature } = keys.sign(covered(topic, message));
  return { ...message, headers: { ...message.headers, [H.signer]: signer, [H.keyId]: keyId, [H.signature]: signature } };
};

/** The service that signed the message; undefined where nobody known did, or its source names another. */
export const signerOf = (keys: CommandKeys, message: Incoming): string | undefined => {
  const { [H.signer]: signer, [H.keyId]: keyId, [H.signature]: signature, [H.source]: source } = message.headers;
  if (signer === undefined || keyId === undefined || signature === undefined) return undefined;
  if (source?.split('/').at(-1) !== signer) return undefined;
  return keys.verify(covered(message.topic, message), { signer, keyId, signature }) ? signer : undefined;
};

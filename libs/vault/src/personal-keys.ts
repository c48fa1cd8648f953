import { createCipheriv, createDecipheriv, createHmac, createSecretKey, type KeyObject } from 'node:crypto';
import { invariant } from '@vouchsafe/kernel';
import type { Namespace, Random } from '@vouchsafe/runtime';
import { comparable } from './personal-values.js';
import type { PersonalValue } from './personal-vault.js';

const IV_BYTES = 12;
const TAG_BYTES = 16;
const KEY_BYTES = 32;
const TOKEN_BYTES = 16;

const gcm = (key: KeyObject, iv: Buffer, aad: string, plain: Uint8Array): Buffer => {
  const cipher = createCipheriv('aes-256-gcm', key, iv).setAAD(Buffer.from(aad));
  const sealed = Buffer.allocUnsafe(IV_BYTES + plain.length + TAG_BYTES);
  sealed.set(iv);
  sealed.set(cipher.update(plain), IV_BYTES); // as long as the plain text: this mode pads nothing
  cipher.final();
  sealed.set(cipher.getAuthTag(), IV_BYTES + plain.length);
  return sealed;
};
const open = (key: KeyObject, aad: string, sealed: Uint8Array): Buffer => {
  const tagAt = sealed.length - TAG_BYTES;
  const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(0, IV_BYTES)).setAAD(Buffer.from(aad)).setAuthTag(sealed.subarray(tagAt));
  return Buffer.concat([decipher.update(sealed.subarray(IV_BYTES, tagAt)), decipher.final()]);
};

/** Wraps subjects' keys. Fresh for every start of the process, so that its counter need not survive anything. */
export class IncarnationKey {
  #count = 0n;
  constructor(readonly id: number, readonly key: KeyObject) {}

  wrap(subjectKey: Uint8Array, aad: string): Buffer {
    const iv = Buffer.alloc(IV_BYTES);
    iv.writeBigUInt64BE(++this.#count, IV_BYTES - 8);
    return gcm(this.key, iv, aad, subjectKey);
  }
}
export const unwrapWith = (key: KeyObject, wrapped: Uint8Array, aad: string): KeyObject => createSecretKey(open(key, aad, wrapped));

/** One subject's key: seals its few pages, each time under a random IV. */
export class SubjectKey {
  constructor(readonly key: KeyObject, readonly random: Random) {}
  static fresh(random: Random): { readonly key: SubjectKey; readonly bytes: Buffer } {
    const bytes = random.bytes(KEY_BYTES);
    return { key: new SubjectKey(createSecretKey(bytes), random), bytes };
  }
  seal(text: string, aad: string): Buffer {
    return gcm(this.key, this.random.bytes(IV_BYTES), aad, Buffer.from(text));
  }
  open(sealed: Uint8Array, aad: string): string {
    return open(this.key, aad, sealed).toString('utf8');
  }
}

/** Tokens of one namespace: HMAC-SHA256 over kind, scope and comparable value, 128 bits of it. */
export class Tokens {
  readonly #key: KeyObject;
  constructor(readonly namespace: Namespace, key: Uint8Array) {
    invariant(key.length === KEY_BYTES, 'a token key has 32 bytes');
    this.#key = createSecretKey(key);
  }
  /** A buyer reference means something within its channel only; everything else is the same thing everywhere. */
  of({ kind, value }: PersonalValue, channelId: string): Buffer {
    const scope = kind === 'buyer' || kind === 'clerk' ? channelId : '';
    return createHmac('sha256', this.#key).update(`${this.namespace}\u0000${kind}\u0000${scope}\u0000${comparable(kind, value)}`).digest().subarray(0, TOKEN_BYTES);
  }
}

import { createCipheriv, createDecipheriv, createHmac } from 'node:crypto';
import { Fault, isFault } from '@vouchsafe/kernel';
import type { Random } from '@vouchsafe/runtime';

/**
 * The key-encryption key: wraps data keys, never touches data. Behind it lies a key file, an environment secret or a KMS that
 * never gives the key out. `context` is bound to what is wrapped and must be told again to unwrap.
 */
export interface KeyWrap {
  /** Names the key, not the value of it; kept beside everything it wrapped. */
  readonly id: string;
  wrap(key: Uint8Array, context: string): Promise<Buffer>;
  /** Fault `KEY_WRONG` (not retryable) where this key, or this context, did not wrap it. */
  unwrap(wrapped: Uint8Array, context: string): Promise<Buffer>;
  /** Where it can: wraps anew what an older version of the same key has wrapped, without the data key coming out. Undefined where `under` (an id) is another key. */
  rewrap?(wrapped: Uint8Array, under: string): Promise<Buffer | undefined>;
}

export type Wrapped = { readonly wrapped: Uint8Array; /** Id of the key that wrapped it. */ readonly kek: string; readonly context: string };
/** The same data key under `next`. */
export const rewrapped = async ({ wrapped, kek, context }: Wrapped, old: KeyWrap, next: KeyWrap): Promise<Buffer> => {
  const without = await next.rewrap?.(wrapped, kek);
  if (without) return without;
  const key = await old.unwrap(wrapped, context);
  try {
    return await next.wrap(key, context);
  } finally {
    key.fill(0);
  }
};

export const KEK_BYTES = 32;
const IV_BYTES = 12;
const TAG_BYTES = 16;

/** While a rotation is under way: wraps under `next`, opens what either has wrapped. */
export const eitherKeyWrap = (next: KeyWrap, old: KeyWrap): KeyWrap => ({
  id: next.id,
  wrap: (key, context) => next.wrap(key, context),
  unwrap: (wrapped, context) => next.unwrap(wrapped, context).catch((error: unknown) => (isFault(error) && error.code === 'KEY_WRONG' ? old.unwrap(wrapped, context) : Promise.reject(error as Error))),
});

/** A key held in this process. Wraps few keys (one per batch and start), so random IVs are safe. */
export const localKeyWrap = (kek: Uint8Array, random: Random): KeyWrap => {
  if (kek.length !== KEK_BYTES) throw new Fault('KEY_WRONG', `a key-encryption key is ${KEK_BYTES} bytes`, false);
  const id = createHmac('sha256', kek).update('vouchsafe key id').digest('hex').slice(0, 16);
  return {
    id,
    async wrap(key, context) {
      const iv = random.bytes(IV_BYTES);
      const cipher = createCipheriv('aes-256-gcm', kek, iv).setAAD(Buffer.from(context));
      return Buffer.concat([iv, cipher.update(key), cipher.final(), cipher.getAuthTag()]);
    },
    async unwrap(wrapped, context) {
      try {
        const tagAt = wrapped.length - TAG_BYTES;
        const decipher = createDecipheriv('aes-256-gcm', kek, wrapped.subarray(0, IV_BYTES)).setAAD(Buffer.from(context)).setAuthTag(wrapped.subarray(tagAt));
        return Buffer.concat([decipher.update(wrapped.subarray(IV_BYTES, tagAt)), decipher.final()]);
      } catch (cause) {
        throw new Fault('KEY_WRONG', `key ${id} does not open this: the key file is not the one this vault was sealed with`, false, { cause });
      }
    },
  };
};

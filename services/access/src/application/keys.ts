import { hash, timingSafeEqual } from 'node:crypto';
import type { Namespace } from '@vouchsafe/runtime';

/**
 * A credential's id names its principal, so that its stream is found without an index: `crd_<principal>.<n>` for
 * `pri_<principal>`. Its key text names the mode too: `vs_<mode>_<principal>.<n>` and, for bearers, `_<secret>`.
 */
export const credentialIdOf = (principalId: string, suffix: string): string => `crd_${principalId.slice('pri_'.length)}.${suffix}`;
export const keyNameOf = (namespace: Namespace, credentialId: string): string => `vs_${namespace}_${credentialId.slice('crd_'.length)}`;
export const bearerOf = (namespace: Namespace, credentialId: string, secret: string): string => `${keyNameOf(namespace, credentialId)}_${secret}`;

export type KeyName = { readonly namespace: Namespace; readonly principalId: string; readonly credentialId: string };
const KEY_NAME = /^vs_(live|sandbox)_([0-9a-z]{20,40})\.([0-9a-z]{4,32})$/;
export const parseKeyName = (text: string): KeyName | undefined => {
  const [, namespace, principal, suffix] = KEY_NAME.exec(text) ?? [];
  if (!namespace) return undefined;
  return { namespace: namespace as Namespace, principalId: `pri_${principal}`, credentialId: `crd_${principal}.${suffix}` };
};

/** 256 bits, base64url. */
const SECRET = /^[A-Za-z0-9_-]{43}$/;
/** A bearer text taken apart; undefined where it has not the form. */
export const parseBearer = (text: string): (KeyName & { readonly secret: string }) | undefined => {
  const dot = text.indexOf('.');
  const end = dot < 0 ? -1 : text.indexOf('_', dot);
  const name = end < 0 ? undefined : parseKeyName(text.slice(0, end));
  const secret = text.slice(end + 1);
  return name && SECRET.test(secret) ? { ...name, secret } : undefined;
};

export const sha256Hex = (text: string): string => hash('sha256', text, 'hex');
/** Compares two texts of equal length in constant time. */
export const sameText = (a: string, b: string): boolean => {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.length === right.length && timingSafeEqual(left, right);
};

import { invariant } from '@vouchsafe/kernel';
import type { Namespace } from '@vouchsafe/runtime';
import type { Tokens } from './personal-keys.js';
import { comparable, masked } from './personal-values.js';
import { PERSONAL_VALUE_MAX, PERSONAL_VALUES_MAX, type PersonalOwner, type PersonalValue, type ProtectedValue, subjectOfRef } from './personal-vault.js';

/** A kept value. A subject's newest page goes on being filled; full ones stay as they are. */
export type Entry = readonly [kind: string, value: string];
export const PAGE_VALUES = 32;
const KEPT_BYTES_MAX = 256 * 1024;

/** What a page or a subject's key is bound to, so that it cannot be moved. */
export const bindingOf = (namespace: Namespace, subject: string, part: number | 'key'): string => `${namespace}/${subject}/${part}`;
/** What a vault's own key is bound to: `tokens`, `subjects`. */
export const contextOf = (namespace: Namespace, name: string): string => `personal/${namespace}/${name}`;

export type Wanted = { readonly value: PersonalValue; readonly token: Buffer; /** Token of whose it is. */ readonly owner: Buffer };
/** Values to be kept, each with its token and its owner's. Bug on more or longer values than allowed. */
export const wantedOf = (tokens: Tokens, values: readonly PersonalValue[], owner: PersonalOwner): readonly Wanted[] => {
  invariant(values.length <= PERSONAL_VALUES_MAX && values.every(({ value }) => value.length <= PERSONAL_VALUE_MAX), 'personal values stay within their bounds');
  const ownerToken = owner.buyer === undefined ? undefined : tokens.of({ kind: 'buyer', value: owner.buyer }, owner.channelId);
  return values.map((value) => {
    const token = ownerToken && value.kind === 'buyer' && value.value === owner.buyer ? ownerToken : tokens.of(value, owner.channelId);
    return { value, token, owner: ownerToken ?? token };
  });
};

/** Where a page has the value already; -1 where it has not. */
export const placeIn = (entries: readonly Entry[], { kind, value }: PersonalValue): number => {
  const same = comparable(kind, value);
  return entries.findIndex(([known, text]) => known === kind && comparable(kind, text) === same);
};

export type Place = { readonly page: number; readonly at: number };
export const protectedAt = (subject: string, { page, at }: Place, { value: { kind, value }, token }: Wanted): ProtectedValue => ({
  kind, ref: `${subject}.${(page * PAGE_VALUES + at).toString(36)}`, token: tokenText(token), masked: masked(kind, value),
});
export const tokenText = (token: Buffer): string => `tok_${token.toString('hex')}`;

/** Undefined where the text is no reference to a value. */
export const placeOfRef = (ref: string): (Place & { readonly subject: string }) | undefined => {
  const subject = subjectOfRef(ref);
  const n = Number.parseInt(ref.slice(subject.length + 1), 36);
  return Number.isSafeInteger(n) && n >= 0 ? { subject, page: Math.floor(n / PAGE_VALUES), at: n % PAGE_VALUES } : undefined;
};

/** What is kept for itself is its subject's only value. */
export const keptRef = (subject: string): string => `${subject}.0`;
export const checkKept = (value: string): void => invariant(Buffer.byteLength(value) <= KEPT_BYTES_MAX, 'what is kept stays within its bound');

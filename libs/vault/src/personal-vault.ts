import type { Instant } from '@vouchsafe/kernel';
import type { KeyWrap } from './key-wrap.js';

/** What a value is; it decides how it is made comparable and how it is masked. */
export const PERSONAL_KINDS = ['buyer', 'phone', 'email', 'account', 'ip', 'device', 'payee', 'clerk', 'name'] as const;
export type PersonalKind = (typeof PERSONAL_KINDS)[number];
export type PersonalValue = { readonly kind: PersonalKind; readonly value: string };

/**
 * Whose the values are. With a buyer they are erased together with that buyer; without, each value is a subject of its own.
 * The channel is the scope of buyer references and clerks.
 */
export type PersonalOwner = { readonly channelId: string; readonly buyer?: string };

export type ProtectedValue = {
  readonly kind: PersonalKind;
  /** `sub_<subject>.<n>`: reveals or erases. */
  readonly ref: string;
  /** `tok_…`: equal values, equal tokens, for counting; cannot be turned back. Survives erasure as a count. */
  readonly token: string;
  /** For people without the permission to see it: `138****0000`. */
  readonly masked: string;
};

/** Longest value, and most values in one call. */
export const PERSONAL_VALUE_MAX = 512;
export const PERSONAL_VALUES_MAX = 32;

/**
 * Personal data of one namespace, under a key per subject (RULES, Personal data). References and tokens may stand in events;
 * values may not. Faults: `VAULT_UNAVAILABLE` (after a failed write or flush, until a restart), `STORE_READ_ONLY` (disk full).
 */
export interface PersonalVault {
  /**
   * Keeps values and answers references and tokens, in order; durable when it settles. The same value of the same owner is
   * kept once as long as it is remembered. Bug on more or longer values than allowed.
   */
  protect(values: readonly PersonalValue[], owner?: PersonalOwner): Promise<readonly ProtectedValue[]>;
  /** Keeps something that is never counted (a signing key, a frozen request; at most 256 KiB) under its own subject; its reference. Durable when it settles. */
  keep(purpose: string, value: string): Promise<string>;
  /** The value behind a reference of {@link PersonalVault.protect} or {@link PersonalVault.keep}; undefined if there is none or it was erased. */
  reveal(ref: string): Promise<string | undefined>;
  /** The token a value has, without keeping it. */
  tokenOf(value: PersonalValue, channelId?: string): string;
  /** The subject that has this value as its own (a buyer, or a value kept without owner); undefined if there is none. */
  subjectOf(value: PersonalValue, channelId?: string): Promise<string | undefined>;
  /** Destroys a subject's key, map and values, given any of its references; false where there was nothing. Durable when it settles; may be repeated. */
  erase(ref: string): Promise<boolean>;
  /** Wraps all keys anew under another key-encryption key; how many. The next start needs that one. Durable when it settles; may be repeated. */
  rotateKek(next: KeyWrap): Promise<number>;
  /** A consistent copy of the whole vault in a new file, for backups. */
  copyTo(file: string): Promise<void>;
  close(): Promise<void>;
}

/** Single-use numbers that survive a restart. */
export interface Nonces {
  /** True the first time, durably; false if `nonce` was claimed in `scope` before and that is not over. Forgotten after `until`. */
  claim(scope: string, nonce: string, until: Instant): Promise<boolean>;
}

/** The subject of a reference: `sub_x` of `sub_x.3`. */
export const subjectOfRef = (ref: string): string => {
  const dot = ref.indexOf('.');
  return dot < 0 ? ref : ref.slice(0, dot);
};

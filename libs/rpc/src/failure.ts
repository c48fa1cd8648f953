import type { Details } from '@vouchsafe/kernel';

/** STYLE §6: what a code means for a caller. */
export type Kind = 'invalid' | 'unauthenticated' | 'forbidden' | 'missing' | 'duplicate' | 'refused' | 'throttled' | 'aborted' | 'unavailable';

/** One wrong field: an RFC 6901 pointer into the request's JSON, a code, and words. */
export type FieldError = { readonly pointer: string; readonly code: string; readonly zh: string; readonly en: string };

/** A "no" on its way to a caller. `details` are strings without secrets or personal data. */
export class RpcFailure extends Error {
  override readonly name = 'RpcFailure';
  constructor(
    readonly kind: Kind,
    readonly code: string,
    readonly details: Details = {},
    readonly more: { readonly fields?: readonly FieldError[]; readonly retryAfterMs?: number } = {},
  ) {
    super(code);
  }
}
export const isRpcFailure = (error: unknown): error is RpcFailure => error instanceof Error && error.name === 'RpcFailure';

/** What a code means and what to do about it, in both languages; every code a service can answer has one. */
export type CatalogueEntry = { readonly kind: Kind; readonly zh: string; readonly en: string; readonly remedyZh: string; readonly remedyEn: string };
export type Catalogue<R extends string = string> = Readonly<Record<R, CatalogueEntry>>;

/** The failure for a rejection, its kind looked up in the service's catalogue. `pointer`: the field that is wrong, where there is one. */
export const failureOf = <R extends string>(catalogue: Catalogue<R>, code: R, details: Details = {}, pointer?: string): RpcFailure => {
  const { kind, zh, en } = catalogue[code];
  return new RpcFailure(kind, code, details, pointer === undefined ? {} : { fields: [{ pointer, code, zh, en }] });
};

/** An INVALID_ARGUMENT that names the field. */
export const invalidField = (pointer: string, code: string, zh: string, en: string): RpcFailure =>
  new RpcFailure('invalid', code, {}, { fields: [{ pointer, code, zh, en }] });

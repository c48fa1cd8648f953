import type { FieldError } from './failure.js';
import type { CallFacts } from './grpc-status.js';
import type { Refusal } from './refusal.js';
import { wireStatus } from './status-codes.js';

export const PROBLEM_TYPE = 'application/problem+json; charset=utf-8';

/** RFC 9457, the one error shape of every HTTP route. `title`, `detail` and `errors[].message` are in the caller's language, `messages` has both. */
export type Problem = {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly code: string;
  readonly details: Readonly<Record<string, string>>;
  readonly requestId: string;
  readonly traceId?: string;
  readonly retryAfterMs?: number;
  readonly errors: readonly (FieldError & { readonly message: string })[];
  readonly messages: Readonly<Record<'zh' | 'en', { readonly title: string; readonly remedy: string }>>;
};

/** A refusal as problem+json. `status` only where HTTP has a nearer word than the kind's (404 of a route, 405, 413, 415). */
export const problemOf = (refusal: Refusal, { book, locale, requestId, traceId }: CallFacts, status = wireStatus(refusal.kind).http): Problem => {
  const { title, remedy } = book.words(refusal, locale);
  return {
    type: `/docs/errors#${refusal.code}`, title, status, detail: remedy, code: refusal.code, details: refusal.details, requestId,
    ...(traceId !== undefined && { traceId }),
    ...(refusal.retryAfterMs !== undefined && { retryAfterMs: refusal.retryAfterMs }),
    errors: refusal.fields.map((field) => ({ ...field, message: field[locale] })),
    messages: { zh: book.words(refusal, 'zh'), en: book.words(refusal, 'en') },
  };
};

/** Whole seconds for `Retry-After`, at least one. */
export const retryAfterSeconds = (refusal: Refusal): number | undefined =>
  refusal.retryAfterMs === undefined ? undefined : Math.max(1, Math.ceil(refusal.retryAfterMs / 1000));

/** `zh` or `en` by an Accept-Language header; the first that fits wins, Chinese where it says nothing we speak. */
export const localeOf = (acceptLanguage: string | undefined): 'zh' | 'en' => {
  const wanted = (acceptLanguage ?? '').split(',').map((part, i) => {
    const [tag = '', ...parameters] = part.trim().toLowerCase().split(';');
    const q = parameters.map((text) => /^\s*q=([\d.]+)$/.exec(text)?.[1]).find((value) => value !== undefined);
    return { tag, q: q === undefined ? 1 : Number(q), i };
  });
  wanted.sort((a, b) => b.q - a.q || a.i - b.i);
  for (const { tag, q } of wanted) {
    if (q > 0 && tag.startsWith('zh')) return 'zh';
    if (q > 0 && tag.startsWith('en')) return 'en';
  }
  return 'zh';
};

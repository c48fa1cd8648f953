import { ShapeError } from '@vouchsafe/codec';
import { type Details, isFault } from '@vouchsafe/kernel';
import { type FieldError, isRpcFailure, type Kind } from './failure.js';

/** How a call ended badly, whatever was thrown; the edges (gRPC, HTTP) print it. `internal` tells nothing but ids. */
export type Refusal = {
  readonly kind: Kind | 'deadline' | 'cancelled' | 'internal';
  readonly code: string;
  readonly details: Details;
  readonly fields: readonly FieldError[];
  readonly retryAfterMs?: number;
};

/** Refusals travel in gRPC trailers: one that grew with its request would take the whole connection with it. */
const FIELDS_MAX = 20;
const DETAILS_MAX = 20;
const DETAIL_CHARS_MAX = 256;
const bounded = (details: Details): Details => {
  const entries = Object.entries(details);
  const isSmall = entries.length <= DETAILS_MAX && entries.every(([, value]) => value.length <= DETAIL_CHARS_MAX);
  return isSmall ? details : Object.fromEntries(entries.slice(0, DETAILS_MAX).map(([name, value]) => [name, clipped(value)]));
};
const shortened = ({ pointer, code, zh, en }: FieldError): FieldError => ({ pointer: clipped(pointer), code, zh: clipped(zh), en: clipped(en) });
/** Cut between characters, never within one. */
const clipped = (text: string): string => (text.length <= DETAIL_CHARS_MAX ? text : `${[...text.slice(0, DETAIL_CHARS_MAX)].slice(0, -1).join('')}…`);

/** A fault's retry hint where nothing better is known. */
const RETRY_AFTER_MS = 1_000;

/** What a thrown thing means to a caller. Never shows a fault's or bug's own message: it may name streams and files. */
export const refusalOf = (error: unknown): Refusal => {
  if (isRpcFailure(error)) {
    const { kind, code, details, more } = error;
    // Clocks tell fractions of milliseconds; what is sent is whole.
    return { kind, code, details: bounded(details), fields: (more.fields ?? []).slice(0, FIELDS_MAX).map(shortened), ...(more.retryAfterMs !== undefined && { retryAfterMs: Math.max(0, Math.ceil(more.retryAfterMs)) }) };
  }
  if (isFault(error)) return faultRefusal(error.code, error.retryable);
  if (isShapeError(error)) return { kind: 'invalid', code: 'FIELD_INVALID', details: {}, fields: [shapeField(error)] };
  if ((error as { name?: unknown } | null | undefined)?.name === 'AbortError') return plain('cancelled', 'CANCELLED');
  return plain('internal', 'INTERNAL');
};

const plain = (kind: Refusal['kind'], code: string): Refusal => ({ kind, code, details: {}, fields: [] });
const faultRefusal = (code: string, retryable: boolean): Refusal => {
  switch (code) {
    case 'ABORTED': return { ...plain('aborted', code), retryAfterMs: RETRY_AFTER_MS };
    case 'DEADLINE_EXCEEDED': return plain('deadline', code);
    default: return { ...plain('unavailable', code), ...(retryable && { retryAfterMs: RETRY_AFTER_MS }) };
  }
};
const isShapeError = (error: unknown): error is ShapeError => error instanceof Error && error.name === 'ShapeError';
/** `lines[0].quantity` of a shape is `/lines/0/quantity` of the request. */
const shapeField = ({ path, expected }: ShapeError): FieldError => ({
  pointer: path === '' ? '' : `/${path.replace(/\[(\d+)\]/g, '.$1').split('.').filter((part) => part !== '').join('/')}`,
  code: 'FIELD_INVALID', zh: `应为 ${expected}`, en: `Expected ${expected}.`,
});

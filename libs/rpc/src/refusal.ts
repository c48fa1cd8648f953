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

/** A fault's retry hint where nothing better is known. */
const RETRY_AFTER_MS = 1_000;

/** What a thrown thing means to a caller. Never shows a fault's or bug's own message: it may name streams and files. */
export const refusalOf = (error: unknown): Refusal => {
  if (isRpcFailure(error)) {
    const { kind, code, details, more } = error;
    // Clocks tell fractions of milliseconds; what is sent is whole.
    return { kind, code, details, fields: more.fields ?? [], ...(more.retryAfterMs !== undefined && { retryAfterMs: Math.max(0, Math.ceil(more.retryAfterMs)) }) };
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

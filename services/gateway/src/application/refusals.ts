import { type ErrorBook, refusalOf, type Refusal } from '@vouchsafe/rpc';
import type { Log } from '@vouchsafe/runtime';
import { withinTrace } from '@vouchsafe/telemetry';

type Failed = { readonly requestId: string; readonly method: string; readonly traceparent?: string | undefined };

/** Turns what was thrown into what a caller is told; bugs are logged with the call's id and trace, for the caller learns nothing else. */
export const explain = (error: unknown, { book, log }: { readonly book: ErrorBook; readonly log: Log }, failed: Failed): Refusal => {
  const refusal = refusalOf(error);
  withinTrace(failed.traceparent, () => tell(refusal, error, { book, log }, failed));
  return refusal;
};
const tell = (refusal: Refusal, error: unknown, { book, log }: { readonly book: ErrorBook; readonly log: Log }, { requestId, method }: Failed): void => {
  if (refusal.kind === 'internal') log.error({ requestId, method, error: error instanceof Error ? error.stack : String(error) }, 'a call failed by a bug');
  else if (refusal.kind === 'unavailable') log.warn({ requestId, method, code: refusal.code, error: String(error) }, 'a call failed by a fault');
  else if (!book.entries.has(refusal.code)) log.warn({ requestId, method, code: refusal.code }, 'a code is missing in the error catalogue');
};
/** What a caller is told whose deadline passed. */
export const TOO_LATE: Refusal = { kind: 'deadline', code: 'DEADLINE_EXCEEDED', details: {}, fields: [] };

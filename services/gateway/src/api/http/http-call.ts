import type { FastifyReply, FastifyRequest } from 'fastify';
import { localeOf, type Locale, PROBLEM_TYPE, problemOf, type ErrorBook, type Refusal, retryAfterSeconds } from '@vouchsafe/rpc';
import type { RateLimit } from '../../application/rate-limit.js';
import { requestIdOf, traceIdOf, traceparentOf } from '../call-facts.js';

/** What of an HTTP request every answer to it needs. */
export type HttpFacts = { readonly requestId: string; readonly callId: string; readonly locale: Locale; readonly traceparent: string | undefined };

export const text = (value: string | readonly string[] | undefined): string => (typeof value === 'string' ? value : (value?.[0] ?? ''));

export const factsOf = ({ headers }: FastifyRequest, nextRequestId: () => string): HttpFacts => {
  const callId = nextRequestId();
  return {
    callId, requestId: requestIdOf(text(headers['x-request-id'])) ?? callId,
    locale: localeOf(headers['accept-language']),
    traceparent: traceparentOf(text(headers['traceparent'])),
  };
};

/** Headers of every answer of the API: it may hold a secret, and it can be asked about. */
export const apiHeaders = (facts: HttpFacts, limit: RateLimit | undefined): Record<string, string> => ({
  'cache-control': 'no-store', 'x-request-id': facts.requestId, 'x-content-type-options': 'nosniff', vary: 'accept, accept-language, authorization', ...(limit && rateHeaders(limit)),
});
const rateHeaders = (limit: RateLimit): Record<string, string> => {
  const { limit: most, remaining, resetMs } = limit.rate();
  return { 'ratelimit-limit': String(most), 'ratelimit-remaining': String(remaining), 'ratelimit-reset': String(Math.ceil(resetMs / 1000)) };
};

/** What HTTP adds to a refusal: a nearer status, and headers such as Allow. */
export type HttpExtra = { readonly status?: number; readonly headers?: Readonly<Record<string, string>> };

/** The one error shape, on every route. */
export const problemText = (refusal: Refusal, facts: Omit<HttpFacts, 'callId'>, book: ErrorBook, status?: number): string =>
  JSON.stringify(problemOf(refusal, { book, locale: facts.locale, requestId: facts.requestId, traceId: traceIdOf(facts.traceparent) }, status));
export const sendProblem = (reply: FastifyReply, refusal: Refusal, facts: HttpFacts, book: ErrorBook, extra: HttpExtra & { readonly limit?: RateLimit } = {}): FastifyReply => {
  const problem = problemOf(refusal, { book, locale: facts.locale, requestId: facts.requestId, traceId: traceIdOf(facts.traceparent) }, extra.status);
  const retryAfter = retryAfterSeconds(refusal);
  return reply
    .code(problem.status)
    .headers({
      ...apiHeaders(facts, extra.limit), 'content-type': PROBLEM_TYPE, 'content-language': facts.locale,
      ...(retryAfter !== undefined && { 'retry-after': String(retryAfter) }), ...(refusal.kind === 'unauthenticated' && { 'www-authenticate': 'Bearer realm="vouchsafe"' }), ...extra.headers,
    })
    .send(`${JSON.stringify(problem)}\n`);
};

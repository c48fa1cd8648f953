import { money } from '@vouchsafe/kernel';
import { BrokenCircuitError, bulkhead, BulkheadRejectedError, circuitBreaker, ConsecutiveBreaker, handleAll, wrap } from 'cockatiel';
import { z } from 'zod';
import type { TopUpProvider } from '../application/ports.js';
import type { ProviderConfig } from '../config.js';
import type { ProviderAnswer } from '../domain/top-up-messages.js';

/** Failed calls in a row after which a provider is left alone for {@link HALF_OPEN_MS}. */
const BREAKER_CALLS = 5;
const HALF_OPEN_MS = 5_000;
/** Calls at one provider at once, and how many more may wait. */
const CONCURRENT = 32;
const WAITING_MAX = 10_000;
const BODY_MAX = 64 * 1024;

const word = z.string().regex(/^[A-Z0-9_]{1,64}$/).catch('PROVIDER_SAID_NO'); // free text could name the account
const answerBody = z.object({
  status: z.enum(['succeeded', 'failed', 'partial', 'processing', 'unknown']),
  delivered: z.int().min(0).optional(),
  reference: z.string().max(100).optional(),
  reason: word.optional(),
  charged: z.object({ minor: z.string().regex(/^\d{1,15}$/), currency: z.string().regex(/^[A-Z]{3}$/) }).optional(),
});

/**
 * A provider that speaks our small JSON protocol (`POST <base>/topups`, `GET <base>/topups/<request number>`). It is called at
 * its configured address only: no redirect is followed. Whatever goes wrong is "unknown"; only an answer is an answer.
 */
export const httpProvider = ({ baseUrl, token, timeoutMs }: ProviderConfig): TopUpProvider => {
  const base = baseUrl.endsWith('/') ? baseUrl : `${baseUrl}/`;
  const guarded = wrap(bulkhead(CONCURRENT, WAITING_MAX), circuitBreaker(handleAll, { halfOpenAfter: HALF_OPEN_MS, breaker: new ConsecutiveBreaker(BREAKER_CALLS) }));
  const headers = { accept: 'application/json', ...(token !== undefined && { authorization: `Bearer ${token}` }) };
  const call = async (path: string, init: RequestInit, signal: AbortSignal): Promise<ProviderAnswer> => {
    try {
      return await guarded.execute(() => fetchAnswer(new URL(path, base), { ...init, redirect: 'error', signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]) }));
    } catch (error) {
      return { status: 'unknown', reason: reasonOf(error) };
    }
  };
  return {
    submit: ({ requestNumber, account, quantity, face, sku }, signal) => {
      const body = JSON.stringify({ requestNumber, account: account.reveal(), quantity, face: { minor: face.minor.toString(), currency: face.currency }, ...(sku !== undefined && { sku }) });
      return call('topups', { method: 'POST', headers: { ...headers, 'content-type': 'application/json' }, body }, signal);
    },
    query: (requestNumber, signal) => call(`topups/${encodeURIComponent(requestNumber)}`, { method: 'GET', headers }, signal),
  };
};

const fetchAnswer = async (url: URL, init: RequestInit): Promise<ProviderAnswer> => {
  const response = await fetch(url, init);
  if (init.method === 'GET' && response.status === 404) {
    await response.body?.cancel();
    return { status: 'absent' };
  }
  const text = await textOf(response);
  if (!response.ok) throw new ProviderTrouble(`HTTP_${response.status}`);
  return toAnswer(text);
};
/** At most {@link BODY_MAX} bytes of the body. */
const textOf = async (response: Response): Promise<string> => {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body ?? []) {
    size += chunk.length;
    if (size > BODY_MAX) throw new ProviderTrouble('ANSWER_TOO_LARGE');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
};
const toAnswer = (text: string): ProviderAnswer => {
  const parsed = answerBody.safeParse(jsonOf(text));
  if (!parsed.success) throw new ProviderTrouble('ANSWER_UNREADABLE');
  const { status, delivered = 0, reference, charged } = parsed.data;
  const named = reference === undefined ? {} : { reference };
  const more = charged ? { ...named, charged: money(BigInt(charged.minor), charged.currency) } : named;
  switch (status) {
    case 'succeeded': return { status, ...more };
    case 'partial': return { status, delivered, ...more };
    case 'failed': return { status, reason: parsed.data.reason ?? 'PROVIDER_SAID_NO' };
    case 'processing': return { status: 'accepted', ...named };
    case 'unknown': return { status, reason: parsed.data.reason ?? 'PROVIDER_DOES_NOT_KNOW' };
  }
};
const jsonOf = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // not JSON: the schema refuses it
  }
};

class ProviderTrouble extends Error {
  override readonly name = 'ProviderTrouble';
}
/** A word without anything a provider sent. */
const reasonOf = (error: unknown): string => {
  if (error instanceof ProviderTrouble) return error.message;
  if (error instanceof BrokenCircuitError) return 'PROVIDER_LEFT_ALONE';
  if (error instanceof BulkheadRejectedError) return 'PROVIDER_BUSY';
  if (error instanceof Error && (error.name === 'TimeoutError' || error.name === 'AbortError')) return 'NO_ANSWER_IN_TIME';
  return 'PROVIDER_UNREACHABLE';
};

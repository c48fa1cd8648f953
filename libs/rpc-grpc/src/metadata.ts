import { Metadata } from '@grpc/grpc-js';
import { type Instant, instant } from '@vouchsafe/kernel';
import type { CallContext } from '@vouchsafe/rpc';
import type { Verified } from './token-verifier.js';

const AUTHORIZATION = 'authorization';
const BEARER = 'Bearer ';

/** What travels beside a request: who calls (as a token), which call it belongs to, in which language, in which trace. */
export const metadataOf = ({ requestId, locale, trace }: CallContext, token: string): Metadata => {
  const metadata = new Metadata();
  metadata.set(AUTHORIZATION, BEARER + token);
  metadata.set('x-request-id', requestId);
  metadata.set('accept-language', locale);
  if (trace !== undefined && trace !== '') metadata.set('traceparent', trace);
  return metadata;
};

export const tokenIn = (metadata: Metadata): string => {
  const text = textOf(metadata, AUTHORIZATION);
  return text.startsWith(BEARER) ? text.slice(BEARER.length) : '';
};

/** The context as the service sees it: who calls by the token, everything else as it came. The deadline is told in this machine's time. */
export const contextOf = (metadata: Metadata, { caller, approvalId }: Verified & { readonly ok: true }, deadline: Instant, signal: () => AbortSignal): CallContext => {
  const trace = textOf(metadata, 'traceparent');
  return {
    caller, deadline, requestId: textOf(metadata, 'x-request-id'), locale: textOf(metadata, 'accept-language') === 'en' ? 'en' : 'zh',
    ...(trace !== '' && { trace }), ...(approvalId !== undefined && { approvalId }),
    get signal() { return signal(); },
  };
};

/** The deadline of a call: of one that names none, `lifeMs` from now. */
export const deadlineOf = (deadline: Date | number, now: Instant, lifeMs: number): Instant => {
  const at = typeof deadline === 'number' ? deadline : deadline.getTime();
  return instant(Number.isFinite(at) ? Math.min(at, now + lifeMs) : now + lifeMs);
};

const textOf = (metadata: Metadata, name: string): string => {
  const [value] = metadata.get(name);
  return typeof value === 'string' ? value : '';
};

import type { Metadata } from '@grpc/grpc-js';
import { localeOf, type Locale } from '@vouchsafe/rpc';
import type { Namespace } from '@vouchsafe/runtime';

/** What of a grpc-js call the edge needs, whatever its kind. */
export type AnyCall = { readonly metadata: Metadata; readonly cancelled: boolean; getPeer(): string; getDeadline(): Date | number };

export const header = (metadata: Metadata, name: string): string => {
  const [value] = metadata.get(name);
  return typeof value === 'string' ? value : '';
};

/** `203.0.113.7` of `203.0.113.7:5000`. */
export const peerIpOf = (peer: string): string => {
  const colon = peer.lastIndexOf(':');
  return colon < 0 ? peer : peer.slice(0, colon);
};

/** Most calls say nothing about their language. */
export const languageOf = (metadata: Metadata): Locale => {
  const wanted = header(metadata, 'accept-language');
  return wanted === '' ? 'zh' : localeOf(wanted);
};

const REQUEST_ID = /^[A-Za-z0-9._~-]{1,64}$/;
/** The caller's own id for the call, if it has the form of one. */
export const requestIdOf = (text: string): string | undefined => (REQUEST_ID.test(text) ? text : undefined);

const TRACEPARENT = /^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/;
export const traceparentOf = (text: string): string | undefined => (TRACEPARENT.test(text) ? text : undefined);
/** The trace's id in it. */
export const traceIdOf = (traceparent: string | undefined): string | undefined => traceparent?.slice(3, 35);

export const modeHeader = (text: string): Namespace | undefined => (text === 'live' || text === 'sandbox' ? text : undefined);

/** Milliseconds to a call's deadline; undefined where it has none. */
export const millisLeft = (deadline: Date | number, now: number): number | undefined => {
  const at = typeof deadline === 'number' ? deadline : deadline.getTime();
  return Number.isFinite(at) ? Math.max(0, at - now) : undefined;
};

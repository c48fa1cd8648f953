import { createHmac, timingSafeEqual } from 'node:crypto';
import type { Instant } from '@vouchsafe/kernel';

/** How far a notice's timestamp may lie from our clock. */
const SKEW_MS = 300_000;

/** HMAC-SHA256, hex, over the timestamp, a dot and the raw body. */
export const signatureOf = (secret: string, timestamp: string, body: Uint8Array): string => createHmac('sha256', secret).update(`${timestamp}.`).update(body).digest('hex');

export const isSignedBy = (secret: string, { body, timestamp, signature }: { body: Uint8Array; timestamp: string; signature: string }): boolean => {
  const [given, right] = [Buffer.from(signature, 'hex'), Buffer.from(signatureOf(secret, timestamp, body), 'hex')];
  return given.length === right.length && timingSafeEqual(given, right);
};
export const isFresh = (timestamp: string, at: Instant): boolean => /^\d{13}$/.test(timestamp) && Math.abs(Number(timestamp) - at) <= SKEW_MS;

import type { Metadata } from '@grpc/grpc-js';
import { accessDenied } from './errors.js';

/** What somebody may do here. */
export type Visitor = { readonly name: string; readonly may: 'read' | 'append' };
/** User and password as they were shown; undefined: nobody knows them. */
export type Authenticate = (credentials: { readonly user: string; readonly password: string }, peer: string) => Promise<Visitor | undefined>;

/**
 * Who calls, by basic auth in the call's metadata. Official clients send none without TLS; then `anonymous` says who they are,
 * and whoever does show credentials is judged by them. Throws where nobody is let in.
 */
export const visitorOf = async (metadata: Metadata, peer: string, authenticate: Authenticate, anonymous: Visitor | undefined): Promise<Visitor> => {
  const [header] = metadata.get('authorization');
  if (header === undefined) {
    if (anonymous) return anonymous;
    throw accessDenied('credentials are needed', false);
  }
  const shown = basic(String(header));
  const visitor = shown && (await authenticate(shown, peer));
  if (!visitor) throw accessDenied('these credentials are not known', false);
  return visitor;
};

const basic = (header: string): { readonly user: string; readonly password: string } | undefined => {
  const [, encoded] = /^basic ([a-z0-9+/=]+)$/i.exec(header) ?? [];
  if (encoded === undefined) return undefined;
  const text = Buffer.from(encoded, 'base64').toString('utf8');
  const colon = text.indexOf(':');
  return colon < 0 ? undefined : { user: text.slice(0, colon), password: text.slice(colon + 1) };
};

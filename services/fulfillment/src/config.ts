import { z } from 'zod';

const isLoopback = (host: string): boolean => host === 'localhost' || host === '[::1]' || /^127(\.\d{1,3}){3}$/.test(host);
/** Where a provider is called; plain http only on this machine. */
const baseUrl = z.string().refine((text) => {
  if (!URL.canParse(text)) return false;
  const { protocol, hostname, search, hash, username, password } = new URL(text);
  return (protocol === 'https:' || (protocol === 'http:' && isLoopback(hostname))) && search === '' && hash === '' && username === '' && password === '';
}, { message: 'must be https (http on this machine only), without query, fragment or credentials' });

const provider = z.strictObject({
  name: z.string().regex(/^[a-z0-9-]{1,40}$/),
  kind: z.enum(['http', 'sandbox']),
  baseUrl,
  /** Sent as a bearer token. */
  token: z.string().min(16).optional(),
  timeoutMs: z.int().min(100).max(60_000).default(10_000),
  /** Asked when this one failed for good. */
  next: z.string().optional(),
});
export type ProviderConfig = z.output<typeof provider>;

/** Settings of fulfillment. `namespace` decides whether sandbox providers may be composed. */
export const fulfillmentConfig = z.strictObject({
  namespace: z.enum(['live', 'sandbox']),
  providers: z.array(provider).max(50).default([]),
  /** After so long without an answer on record a provider is asked what became of an attempt. Longer than every time limit. */
  silenceMs: z.int().min(1_000).max(600_000).default(75_000),
}).superRefine(({ namespace, providers, silenceMs }, context) => {
  const names = new Set(providers.map(({ name }) => name));
  const problem = (index: number, field: string, message: string): void => context.addIssue({ code: 'custom', path: ['providers', index, field], message });
  providers.forEach(({ name, kind, next, timeoutMs }, index) => {
    if (namespace === 'live' && kind === 'sandbox') problem(index, 'kind', 'a sandbox provider cannot serve live orders');
    if (next !== undefined && (!names.has(next) || next === name)) problem(index, 'next', 'must name another provider of this list');
    if (timeoutMs >= silenceMs) problem(index, 'timeoutMs', 'must be shorter than silenceMs');
    if (providers.findIndex((other) => other.name === name) !== index) problem(index, 'name', 'is there twice');
  });
});
export type FulfillmentConfig = z.output<typeof fulfillmentConfig>;

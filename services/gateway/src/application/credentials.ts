import { hash } from 'node:crypto';
import type { MessageInitShape } from '@bufbuild/protobuf';
import { type AuthenticateRequestSchema, IdentityService } from '@vouchsafe/proto/access/internal/v1/identity';
import { type CallContext, type Caller, failureOf, RpcFailure, serviceCaller } from '@vouchsafe/rpc';
import type { Clock, Namespace } from '@vouchsafe/runtime';
import { plusMs } from '@vouchsafe/kernel';
import { LRUCache } from 'lru-cache';
import { gatewayErrors } from './errors.js';
import type { GatewayNamespace } from './ports.js';
import { RateLimit } from './rate-limit.js';

/** What a caller shows at the door. `signed` is asked for only where a signature is to be checked. */
export type Shown = {
  readonly authorization: string;
  readonly peerIp: string;
  /** What a signature covers; undefined where a body is not there as a whole (streams of requests). */
  signed(): Signed | undefined;
};
export type Signed = { readonly method: string; readonly path: string; readonly query: string; readonly body: Uint8Array };
/** A caller known, with the limits of the credential that was shown. */
export type Known = { readonly caller: Caller; readonly limit: RateLimit };
type Cached = Known & { readonly untilMs: number };

export type CredentialLimits = { readonly ratePerSecond: number; readonly concurrency: number; readonly failuresPerMinute: number };

const CACHED_MAX = 20_000;
const LIMITS_MAX = 50_000;
const ADDRESSES_MAX = 20_000;
const AUTHENTICATE_MS = 5_000;
const MINUTE_MS = 60_000;

/** The mode that a key's text names; undefined where it names none. */
export const modeOf = (authorization: string): Namespace | undefined => {
  const at = authorization.indexOf('vs_');
  if (at < 0) return undefined;
  if (authorization.startsWith('vs_live_', at)) return 'live';
  return authorization.startsWith('vs_sandbox_', at) ? 'sandbox' : undefined;
};

/** Who calls in one namespace: asks access, remembers its answer as long as it says, forgets it when access tells of a change. */
export class Credentials {
  readonly #cache = new LRUCache<string, Cached>({ max: CACHED_MAX });
  /** By credential, beyond the cache: a bucket is not refilled by asking again. */
  readonly #limits = new LRUCache<string, { readonly limit: RateLimit; readonly terms: string }>({ max: LIMITS_MAX });
  readonly #failures = new LRUCache<string, { readonly from: number; count: number }>({ max: ADDRESSES_MAX });
  /** Grows with every change heard, so that an answer asked for before it is not remembered after it. */
  #changes = 0;

  constructor(readonly mode: Namespace, readonly namespace: GatewayNamespace, readonly clock: Clock, readonly limits: CredentialLimits) {}

  /** Known from the cache, without asking. The cheap case, and nearly every call of a bearer. */
  cached(shown: Shown): Known | undefined {
    const cached = this.#cache.get(keyOf(shown));
    return cached && cached.untilMs > this.clock.now() ? cached : undefined;
  }

  /** Asks access. RpcFailure with access's code where nobody is let in; an address that fails too often is told to wait. */
  async ask(shown: Shown, requestId: string): Promise<Known> {
    const failures = this.#failuresOf(shown.peerIp);
    if (failures.count >= this.limits.failuresPerMinute) {
      throw new RpcFailure('throttled', 'TOO_MANY_FAILURES', {}, { retryAfterMs: Math.max(1, failures.from + MINUTE_MS - this.clock.monotonicMs()) });
    }
    const changes = this.#changes;
    const answer = await this.namespace.rpc.call(IdentityService.method.authenticate, this.#request(shown), this.#context(requestId));
    if (answer.rejection !== '') {
      failures.count++;
      throw new RpcFailure('unauthenticated', answer.rejection); // access's catalogue says what it means
    }
    const caller: Caller = {
      principalId: answer.principalId, kind: answer.kind as Caller['kind'], namespace: this.mode, credentialId: answer.credentialId, permissions: new Set(answer.permissions),
      ...(answer.channelId !== '' && { channelId: answer.channelId }), ...(answer.terminalId !== '' && { terminalId: answer.terminalId }),
    };
    const known = { caller: Object.freeze(caller), limit: this.#limitOf(answer) };
    const untilMs = Number(answer.cacheUntilMs);
    if (untilMs > this.clock.now() && changes === this.#changes) this.#cache.set(keyOf(shown), { ...known, untilMs });
    return known;
  }

  /** Drops what is remembered of a principal. */
  forget(principalId: string): void {
    this.#changes++;
    for (const [key, { caller }] of this.#cache.entries()) if (caller.principalId === principalId) this.#cache.delete(key);
  }

  #request(shown: Shown): MessageInitShape<typeof AuthenticateRequestSchema> {
    const { authorization, peerIp } = shown;
    if (!/^vs-/i.test(authorization)) return { authorization, peerIp };
    const call = shown.signed();
    if (!call) throw failureOf(gatewayErrors, 'SIGNED_STREAM_UNSUPPORTED');
    const { method, path, query, body } = call;
    return { authorization, peerIp, method, path, query, bodySha256: hash('sha256', body, 'buffer') };
  }
  #context(requestId: string): CallContext {
    return { caller: serviceCaller('gateway', this.mode), requestId, deadline: plusMs(this.namespace.clock.now(), AUTHENTICATE_MS), locale: 'en' };
  }

  #limitOf({ credentialId, ratePerSecond, concurrency }: { readonly credentialId: string; readonly ratePerSecond: number; readonly concurrency: number }): RateLimit {
    const perSecond = ratePerSecond > 0 ? ratePerSecond : this.limits.ratePerSecond;
    const atOnce = concurrency > 0 ? concurrency : this.limits.concurrency;
    const terms = `${perSecond}/${atOnce}`;
    const known = this.#limits.get(credentialId);
    if (known?.terms === terms) return known.limit;
    const limit = new RateLimit(perSecond, atOnce, this.clock.monotonicMs());
    this.#limits.set(credentialId, { limit, terms });
    return limit;
  }

  #failuresOf(peerIp: string): { readonly from: number; count: number } {
    const now = this.clock.monotonicMs();
    const known = this.#failures.get(peerIp);
    if (known && now - known.from < MINUTE_MS) return known;
    const fresh = { from: now, count: 0 };
    this.#failures.set(peerIp, fresh);
    return fresh;
  }
}
/** The secret itself is not kept as a key. */
const keyOf = ({ authorization, peerIp }: Shown): string => hash('sha256', `${peerIp}\n${authorization}`, 'base64');

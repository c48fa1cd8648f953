import type { Envelope } from '@vouchsafe/event-store';
import type { Details, Instant } from '@vouchsafe/kernel';
import type { Clock } from '@vouchsafe/runtime';
import type { Chunk } from '../domain/chunk.js';
import { grantDecider } from '../domain/grant.js';
import type { GrantCommand } from '../domain/grant-messages.js';
import type { GrantHost } from './ports.js';

/** `isNew`: an event was appended, at `revision`. */
export type Changed = { readonly ok: true; readonly chunk: Chunk; readonly revision: number; readonly isNew: boolean } | { readonly ok: false; readonly code: string; readonly details: Details };

/** One decision on a grant chunk by staff or a till: freeze, unfreeze, extend, reverse, note a look-up. */
export const aftersales = (grants: GrantHost, clock: Clock) =>
  async (stream: string, commandAt: (at: Instant) => GrantCommand, who: Omit<Envelope, 'at'>, options: { readonly validateOnly?: boolean; readonly etag?: string } = {}): Promise<Changed> => {
    const at = clock.now();
    const command = commandAt(at);
    const before = await grants.load(stream);
    if (options.etag && options.etag !== etagOf(before.revision)) return { ok: false, code: 'ETAG_DIFFERS', details: {} };
    if (options.validateOnly) {
      const decision = grantDecider.decide(command, before.state);
      return decision.ok ? { ok: true, chunk: decision.events.reduce(grantDecider.evolve, before.state), revision: before.revision, isNew: false } : decision;
    }
    const done = await grants.handle(stream, command, { ...who, at });
    return done.ok ? { ok: true, chunk: done.state, revision: done.revision, isNew: done.events.length > 0 } : done;
  };
/** Of a chunk: changes with every event in it. */
export const etagOf = (revision: number): string => `"${revision}"`;

import type { EventStore } from '@vouchsafe/event-store';
import type { Principal } from '../domain/principal.js';
import { permissionsOf } from '../domain/roles.js';
import { principalStream } from './streams.js';

/** Events of one principal that are read, and principals looked at, for one approval; beyond it nobody is taken for independent. */
const EVENTS_MAX = 2_000;
const PRINCIPALS_MAX = 200;

/**
 * Whether `approver` is somebody else than `requester` in more than name: not set up (made, given a role or a key, enabled) by the
 * requester, nor by anybody whom the requester set up. Otherwise one person with the right to make principals would be two.
 */
export const isIndependent = async (store: Pick<EventStore, 'readStream'>, approver: string, requester: string): Promise<boolean> => {
  const seen = new Set([approver]);
  for (const principalId of seen) {
    if (principalId === requester || seen.size > PRINCIPALS_MAX) return false;
    const events = await store.readStream(principalStream.of(principalId), { max: EVENTS_MAX });
    if (events.length === EVENTS_MAX) return false;
    for (const { principal } of events) seen.add(principal);
  }
  return true;
};

/** Whether a principal may decide about requests of others now. Keys of machines are nobody's second opinion. */
export const mayDecide = (principal: Principal | undefined): boolean =>
  principal !== undefined && principal.kind === 'person' && !principal.disabled && permissionsOf(principal.roles).includes('approval:decide');

import type { EventStore, InTurn, Soon } from '@vouchsafe/event-store';
import type { Details, Instant } from '@vouchsafe/kernel';
import { type Clock, eventIdOf, uuidv5 } from '@vouchsafe/runtime';
import { type Chunk, type Use, unitOf } from '../domain/chunk.js';
import { grantDecider } from '../domain/grant.js';
import type { TerminalClaim } from '../domain/terminal.js';
import { type Decided, type Errand, errands, redeemCommand, type UseRequest, type Who } from './errand.js';
import type { Zones } from './local-time.js';
import type { Located } from './locate.js';
import type { GrantHost, Irrevocable, TerminalHost } from './ports.js';
import { whenThere } from './soon.js';
import { claimStreamOf, tillDays } from './till-days.js';

export type { UseRequest } from './errand.js';
export type UseAnswer =
  | { readonly ok: true; readonly use: Use; readonly located: Located }
  | { readonly ok: false; readonly code: string; readonly details: Details };
export type RedemptionOptions = {
  readonly store: EventStore; readonly grants: GrantHost; readonly terminals: TerminalHost; readonly clock: Clock; readonly zones: Zones; readonly turns: InTurn;
  readonly irrevocable: Irrevocable;
};

/** Uses vouchers: the till's number is claimed first, then the grant decides, and the same number gets the same answer again. */
export const redemptions = ({ store, grants, terminals, clock, zones, turns, irrevocable }: RedemptionOptions) => {
  const daysOf = tillDays(zones);
  const claim = errands({ grants, terminals, zones });
  /** On the disk of the journal before it is answered. A repeat notes it again: its first answer may have died before. */
  const note = async ({ located: { unit }, redemptionId, who }: Errand, { known, used }: Extract<Decided, { ok: true }>, made: Use): Promise<void> => {
    const eventId = eventIdOf(redemptionId, 0);
    const revision = used.events.length > 0 ? used.revision : await revisionOf(known.grant, eventId);
    if (revision === undefined || made.reversedAt !== undefined) return;
    await irrevocable.redeemed({ redemptionId, unit, grant: used.state.grant!, use: made, principal: who.principal, inLog: { stream: known.grant, eventId, revision } });
  };
  const redeem = async (request: UseRequest, located: Located, who: Who): Promise<UseAnswer> => {
    const { grant } = located.chunk;
    const doubt = grant && irrevocable.doubt(located.unit, grant);
    if (doubt) return { ok: false, code: doubt, details: {} };
    const at = clock.now();
    const redemptionId = redemptionIdOf(request);
    const correlation = grant?.orderId ?? redemptionId;
    const errand = { request, located, who, at, redemptionId, correlation };
    const decided = turns.run(redemptionId, () => whenThere(claimStream(request, at), (stream) => claim(errand, stream)));
    const done = decided instanceof Promise ? await decided : decided;
    if (!done.ok) return done;
    const { known, used } = done;
    const made = useIn(used.state, known)!;
    await note(errand, done, made);
    return { ok: true, use: made, located: { stream: known.grant, place: known.place, chunk: used.state, unit: located.unit } };
  };
  const revisionOf = async (stream: string, eventId: string): Promise<number | undefined> =>
    (await store.readStream(stream, { direction: 'backwards', max: REVISIONS_MAX })).find(({ id }) => id === eventId)?.revision;
  /** Numbers of a till that named no day may be of yesterday: repeated over midnight they must find their claim. */
  const claimStream = ({ till, key, businessDay, facts }: Pick<UseRequest, 'till' | 'key' | 'businessDay' | 'facts'>, at: Instant): Soon<string> => {
    if (businessDay !== undefined) return claimStreamOf(till, businessDay);
    const { today, yesterday } = daysOf(till, facts.zone, at);
    return whenThere(terminals.look(yesterday), ({ state }) => (state.claims.has(key) ? yesterday : today));
  };
  return {
    /** Decided one at a time per number, so that two equal requests at once cannot be answered differently. */
    redeem,
    /** What a redemption would be answered now; records nothing. */
    wouldRedeem: (request: UseRequest, { chunk, place }: Located): { readonly ok: true } | { readonly ok: false; readonly code: string; readonly details: Details } => {
      const decision = grantDecider.decide(redeemCommand(request, { redemptionId: '', place }, zones, clock.now()), chunk);
      return decision.ok ? { ok: true } : decision;
    },
    /** The claim behind a till's number, with the grant that decided; undefined: it never came. */
    find: async (request: Pick<UseRequest, 'till' | 'key' | 'businessDay' | 'facts'>): Promise<{ readonly claim: TerminalClaim; readonly chunk: Chunk } | undefined> => {
      const { state } = await terminals.load(await claimStream(request, clock.now()));
      const claim = state.claims.get(request.key);
      return claim && { claim, chunk: (await grants.load(claim.grant)).state };
    },
  };
};
export type Redemptions = ReturnType<typeof redemptions>;

/** How far back in a chunk's stream a repeated redemption is looked for; found further back it is in the journal since long. */
const REVISIONS_MAX = 1_000;
/** One per till, day it named, and number: the same for ever. */
const redemptionIdOf = ({ till, businessDay, key }: UseRequest): string => `rdm_${uuidv5(`redemption/${till}/${businessDay ?? ''}/${key}`)}`;
export const useIn = (chunk: Chunk, { place, redemptionId }: { readonly place: number; readonly redemptionId: string }): Use | undefined =>
  unitOf(chunk, place).uses.find((use) => use.redemptionId === redemptionId);

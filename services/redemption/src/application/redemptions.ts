import type { Envelope, EventStore } from '@vouchsafe/event-store';
import type { Details, Instant, Money } from '@vouchsafe/kernel';
import { type Clock, eventIdOf, uuidv5 } from '@vouchsafe/runtime';
import { type Chunk, type Use, unitOf } from '../domain/chunk.js';
import { grantDecider } from '../domain/grant.js';
import type { GrantCommand } from '../domain/grant-messages.js';
import type { TerminalClaim } from '../domain/terminal.js';
import type { KeyedTurns } from './in-turn.js';
import type { Zones } from './local-time.js';
import type { Located } from './locate.js';
import type { GrantHost, Irrevocable, TerminalFacts, TerminalHost } from './ports.js';

/** What is asked at a till for a unit that was found. `key`: the till's sequence or request id. */
export type UseRequest = {
  readonly till: string; readonly key: string; readonly businessDay?: string; readonly facts: TerminalFacts;
  readonly amount?: Money; readonly scene?: string;
};
export type UseAnswer =
  | { readonly ok: true; readonly use: Use; readonly located: Located }
  | { readonly ok: false; readonly code: string; readonly details: Details };
type Redeem = Extract<GrantCommand, { type: 'Redeem' }>;

export type RedemptionOptions = {
  readonly store: EventStore; readonly grants: GrantHost; readonly terminals: TerminalHost; readonly clock: Clock; readonly zones: Zones; readonly turns: KeyedTurns;
  readonly irrevocable: Irrevocable;
};
type Who = Omit<Envelope, 'at' | 'commandId' | 'correlation'>;

/** Uses vouchers: the till's number is claimed first, then the grant decides, and the same number gets the same answer again. */
export const redemptions = ({ store, grants, terminals, clock, zones, turns, irrevocable }: RedemptionOptions) => {
  const redeem = async (request: UseRequest, located: Located, who: Who): Promise<UseAnswer> => {
    const doubt = located.chunk.grant && irrevocable.doubt(located.unit, located.chunk.grant);
    if (doubt) return { ok: false, code: doubt, details: {} };
    const at = clock.now();
    const stream = await claimStream(request, at);
    const redemptionId = redemptionIdOf(request);
    const correlation = located.chunk.grant?.orderId ?? redemptionId;
    const claim = { key: request.key, fingerprint: fingerprintOf(request, located), redemptionId, grant: located.stream, place: located.place };
    const claimed = await terminals.handle(stream, { type: 'Claim', ...claim, at }, { ...who, commandId: `${redemptionId}/claim`, correlation, at });
    if (!claimed.ok) return claimed;
    const known = claimed.state.claims.get(request.key)!;
    if (known.refusal) return { ok: false, ...known.refusal };
    const used = await grants.handle(known.grant, commandOf(request, known, at), { ...who, commandId: redemptionId, correlation, at });
    if (!used.ok) {
      await terminals.handle(stream, { type: 'RecordRefusal', key: request.key, code: used.code, details: used.details, at }, { ...who, commandId: `${redemptionId}/refusal`, correlation, at });
      return used;
    }
    const use = useIn(used.state, known)!;
    const eventId = eventIdOf(redemptionId, 0);
    // A repeat notes the redemption again: its first answer may have died before the journal was written.
    const revision = used.events.length > 0 ? used.revision : await revisionOf(known.grant, eventId);
    if (revision !== undefined && use.reversedAt === undefined) {
      const inLog = { stream: known.grant, eventId, revision };
      await irrevocable.redeemed({ redemptionId, unit: located.unit, grant: used.state.grant!, use, principal: who.principal, inLog });
    }
    return { ok: true, use, located: { ...located, stream: known.grant, place: known.place, chunk: used.state } };
  };
  const revisionOf = async (stream: string, eventId: string): Promise<number | undefined> =>
    (await store.readStream(stream, { direction: 'backwards', max: REVISIONS_MAX })).find(({ id }) => id === eventId)?.revision;
  /** Numbers of a till that named no day may be of yesterday: repeated over midnight they must find their claim. */
  const claimStream = async ({ till, key, businessDay, facts }: Pick<UseRequest, 'till' | 'key' | 'businessDay' | 'facts'>, at: Instant): Promise<string> => {
    if (businessDay !== undefined) return `terminal-${till}_${businessDay}`;
    const yesterday = `terminal-${till}_${zones.local((at - DAY_MS) as Instant, facts.zone).date}`;
    const { state } = await terminals.load(yesterday);
    return state.claims.has(key) ? yesterday : `terminal-${till}_${zones.local(at, facts.zone).date}`;
  };
  return {
    /** One at a time per number, so that two equal requests at once cannot be answered differently. */
    redeem: (request: UseRequest, located: Located, who: Who): Promise<UseAnswer> =>
      turns(`${request.till}/${request.businessDay ?? ''}/${request.key}`, () => redeem(request, located, who)),
    /** What a redemption would be answered now; records nothing. */
    wouldRedeem: (request: UseRequest, { chunk, stream, place }: Located): { readonly ok: true } | { readonly ok: false; readonly code: string; readonly details: Details } => {
      const claim = { key: request.key, redemptionId: '', grant: stream, place, fingerprint: '', at: clock.now() };
      const decision = grantDecider.decide(commandOf(request, claim, clock.now()), chunk);
      return decision.ok ? { ok: true } : decision;
    },
    /** The claim behind a till's number, with the grant that decided; undefined: it never came. */
    find: async (request: Pick<UseRequest, 'till' | 'key' | 'businessDay' | 'facts'>): Promise<{ readonly claim: TerminalClaim; readonly chunk: Chunk } | undefined> => {
      const { state } = await terminals.load(await claimStream(request, clock.now()));
      const claim = state.claims.get(request.key);
      return claim && { claim, chunk: (await grants.load(claim.grant)).state };
    },
  };
  function commandOf({ till, key, facts, amount, scene }: UseRequest, claim: TerminalClaim, at: Instant): Redeem {
    const { weekday, minute } = zones.local(at, facts.zone);
    return {
      type: 'Redeem', redemptionId: claim.redemptionId, place: claim.place, claim: { till, key }, terminalId: facts.terminalId, storeId: facts.storeId,
      local: { weekday, minute }, at, ...(scene !== undefined && { scene }), ...(amount && { amount }), ...(facts.partner && { partner: facts.partner }),
    };
  }
};
export type Redemptions = ReturnType<typeof redemptions>;

const DAY_MS = 86_400_000;
/** How far back in a chunk's stream a repeated redemption is looked for; found further back it is in the journal since long. */
const REVISIONS_MAX = 1_000;
/** One per till, day it named, and number: the same for ever. */
const redemptionIdOf = ({ till, businessDay, key }: UseRequest): string => `rdm_${uuidv5(`redemption/${till}/${businessDay ?? ''}/${key}`)}`;
/** What must be equal for a repeat: the unit (never its code), the amount, the scene. Nothing in it is secret. */
const fingerprintOf = ({ amount, scene }: UseRequest, { unit }: Located): string =>
  `${unit.batchId}/${unit.index}${amount ? `/${amount.minor}${amount.currency}` : ''}${scene === undefined ? '' : `/${scene}`}`;
export const useIn = (chunk: Chunk, { place, redemptionId }: { readonly place: number; readonly redemptionId: string }): Use | undefined =>
  unitOf(chunk, place).uses.find((use) => use.redemptionId === redemptionId);

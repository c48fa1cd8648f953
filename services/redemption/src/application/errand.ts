import type { Envelope, Soon } from '@vouchsafe/event-store';
import type { Details, Instant, Money, Of } from '@vouchsafe/kernel';
import type { GrantCommand } from '../domain/grant-messages.js';
import type { TerminalClaim } from '../domain/terminal.js';
import type { Zones } from './local-time.js';
import type { Located } from './locate.js';
import type { GrantHost, TerminalFacts, TerminalHost } from './ports.js';
import { whenThere } from './soon.js';

/** What is asked at a till for a unit that was found. `key`: the till's sequence or request id. */
export type UseRequest = {
  readonly till: string; readonly key: string; readonly businessDay?: string; readonly facts: TerminalFacts;
  readonly amount?: Money; readonly scene?: string;
};
export type Who = Omit<Envelope, 'at' | 'commandId' | 'correlation'>;
type Redeem = Of<GrantCommand, 'Redeem'>;

/** One request on its way through the till's day and the grant. */
export type Errand = { readonly request: UseRequest; readonly located: Located; readonly who: Who; readonly at: Instant; readonly redemptionId: string; readonly correlation: string };
type Used = Extract<Awaited<ReturnType<GrantHost['handle']>>, { ok: true }>;
export type Refused = { readonly ok: false; readonly code: string; readonly details: Details };
export type Decided = { readonly ok: true; readonly known: TerminalClaim; readonly used: Used } | Refused;

/** Carries a request through: the till's number is claimed first, then the grant decides; a refusal is kept with the number. */
export const errands = ({ grants, terminals, zones }: { readonly grants: GrantHost; readonly terminals: TerminalHost; readonly zones: Zones }) => {
  /** `stream`: the till's day it is claimed in. */
  const claim = (errand: Errand, stream: string): Soon<Decided> => {
    const { request, located, redemptionId, at } = errand;
    const asked = { type: 'Claim', key: request.key, fingerprint: fingerprintOf(request, located), redemptionId, grant: located.stream, place: located.place, at } as const;
    return whenThere(terminals.decide(stream, asked, envelopeOf(errand, `${redemptionId}/claim`)), (claimed): Soon<Decided> => {
      if (!claimed.ok) return claimed;
      const known = claimed.state.claims.get(request.key)!;
      return known.refusal ? { ok: false, ...known.refusal } : use(errand, stream, known);
    });
  };
  const use = (errand: Errand, stream: string, known: TerminalClaim): Soon<Decided> => {
    const asked = redeemCommand(errand.request, known, zones, errand.at);
    return whenThere(grants.decide(known.grant, asked, envelopeOf(errand, errand.redemptionId)), (used): Soon<Decided> => (used.ok ? { ok: true, known, used } : refuse(errand, stream, used)));
  };
  const refuse = async (errand: Errand, stream: string, { code, details }: Refused): Promise<Refused> => {
    const { request, at, redemptionId } = errand;
    await terminals.handle(stream, { type: 'RecordRefusal', key: request.key, code, details, at }, envelopeOf(errand, `${redemptionId}/refusal`));
    return { ok: false, code, details };
  };
  return claim;
};

/** How the grant is asked. */
export const redeemCommand = ({ till, key, facts, amount, scene }: UseRequest, claim: Pick<TerminalClaim, 'redemptionId' | 'place'>, zones: Zones, at: Instant): Redeem => {
  const { terminalId, storeId, partner, zone } = facts;
  return {
    type: 'Redeem', redemptionId: claim.redemptionId, place: claim.place, claim: { till, key }, terminalId, storeId, local: zones.local(at, zone), at, scene, amount, partner,
  };
};

const envelopeOf = ({ who: { principal, trace }, correlation, at }: Errand, commandId: string): Envelope => ({ commandId, correlation, principal, trace, at });
/** What must be equal for a repeat: the unit (never its code), the amount, the scene. Nothing in it is secret. */
const fingerprintOf = ({ amount, scene }: UseRequest, { unit }: Located): string =>
  `${unit.batchId}/${unit.index}${amount ? `/${amount.minor}${amount.currency}` : ''}${scene === undefined ? '' : `/${scene}`}`;

import { accept, type Decision, type Of, reject } from '@vouchsafe/kernel';
import { type Chunk, placesIn, rangesAt, unitOf } from './chunk.js';
import type { Activation, GrantCommand, GrantEvent, GrantRejection, Place } from './grant-messages.js';

type Disclose = Of<GrantCommand, 'Disclose'>;

/** Askers refused in a chunk that are put on record; the first of each, no more, so that nobody fills the stream. */
const ALARMS_MAX = 16;

/**
 * Secrets of a chunk leave, to a principal: the order's own, within its allowance, or staff who broke the glass. A refused
 * asker is put on record once (`DisclosureRefused`), and whoever runs this must then answer {@link refusalOf}.
 */
export const disclose = (command: Disclose, chunk: Chunk): Decision<GrantEvent, GrantRejection> => {
  const { grant } = chunk;
  if (!grant) return reject('GRANT_UNKNOWN');
  const known = chunk.disclosures.get(command.disclosureId);
  if (known) return known.principalId === command.principalId ? accept() : reject('NOT_YOURS');
  const refusal = refusalOf(command, chunk);
  if (refusal) return refused(command, refusal, grant, chunk);
  const ranges = rangesAt(grant, disclosablePlaces(chunk).filter((place) => !command.doubtful?.includes(place)));
  if (ranges.length === 0) return accept();
  const { disclosureId, principalId, reason, approvalId, at } = command;
  return accept({
    type: 'UnitsDisclosed', disclosureId, orderId: grant.orderId, lineId: grant.lineId, principalId, ranges, at,
    ...(reason !== undefined && { reason }), ...(approvalId !== undefined && { approvalId }),
  });
};

/** Why a principal may not have this chunk's secrets now; undefined: it may. */
export const refusalOf = (command: Disclose, { grant, disclosures }: Chunk): 'NOT_YOURS' | 'DISCLOSURE_ALLOWANCE_SPENT' | undefined => {
  if (!grant) return undefined;
  if (command.reason !== undefined && command.approvalId !== undefined) return undefined; // break-glass: two persons, on record
  if (command.principalId !== grant.ownerPrincipal) return 'NOT_YOURS';
  const mine = disclosures.values().filter((disclosure) => disclosure.principalId === command.principalId && !disclosure.breakGlass);
  if (mine.length === 0) return undefined;
  const first = mine.reduce((least, { at }) => Math.min(least, at), Number.MAX_SAFE_INTEGER);
  const { rediscloseForMs, rediscloseTimes } = grant.terms;
  return command.at > first + rediscloseForMs || mine.length > rediscloseTimes ? 'DISCLOSURE_ALLOWANCE_SPENT' : undefined;
};
const refused = (command: Disclose, code: 'NOT_YOURS' | 'DISCLOSURE_ALLOWANCE_SPENT', grant: Activation, { alarms }: Chunk): Decision<GrantEvent, GrantRejection> => {
  const onRecord = alarms.includes(`${code}/${command.principalId}`) || alarms.length >= ALARMS_MAX || grant.chunk > 0;
  return onRecord ? reject(code) : accept({ type: 'DisclosureRefused', principalId: command.principalId, code, at: command.at });
};

/** Units whose secret may leave: neither frozen nor ended. */
export const disclosablePlaces = (chunk: Chunk): readonly Place[] => allPlaces(chunk).filter((place) => withheldBecause(chunk, place) === undefined);
export const withheldBecause = (chunk: Chunk, place: Place): 'VOUCHER_VOIDED' | 'VOUCHER_FROZEN' | undefined => {
  const { end, frozen } = unitOf(chunk, place);
  if (end?.by === 'voided') return 'VOUCHER_VOIDED';
  return frozen === undefined ? undefined : 'VOUCHER_FROZEN';
};
export const allPlaces = ({ grant }: Chunk): readonly Place[] => {
  if (!grant) return [];
  const { from, to } = placesIn(grant);
  return Array.from({ length: to - from }, (_, i) => from + i);
};

import type { Answer, CommandEnvelope } from '@vouchsafe/bus';
import { type CommandOf, type discloseUnits, grantStream, type ResultOf } from '@vouchsafe/contracts';
import type { EventStore } from '@vouchsafe/event-store';
import { type Of, type UnitRange, withoutUnits } from '@vouchsafe/kernel';
import type { Clock } from '@vouchsafe/runtime';
import { batchUnitAt, type Chunk, rangesAt } from '../domain/chunk.js';
import { allPlaces, refusalOf, withheldBecause } from '../domain/disclose.js';
import type { GrantCommand, Place } from '../domain/grant-messages.js';
import { chunkCount } from './activation.js';
import type { GrantHost, Irrevocable } from './ports.js';

type Command = CommandOf<typeof discloseUnits>;
type Result = ResultOf<typeof discloseUnits>;
type Ask = Of<GrantCommand, 'Disclose'>;
/** What one chunk gives; `refused`: it gives nothing, for this reason. */
type Part = Result & { readonly refused?: string };

/** Records that a line's secrets leave, chunk by chunk; what a chunk does not give is named as withheld. */
export const disclosure = (grants: GrantHost, clock: Clock, irrevocable: Irrevocable) =>
  async (command: Command, envelope: CommandEnvelope): Promise<Answer<Result>> => {
    const { disclosureId, orderId, lineId, unitsInLine, principalId, reason, approvalId } = command;
    const at = clock.now();
    const ask: Ask = { type: 'Disclose', disclosureId, principalId, at, ...(reason !== undefined && { reason }), ...(approvalId !== undefined && { approvalId }) };
    const inChunk = async (chunk: number): Promise<Part> => {
      const stream = grantStream(orderId, lineId, chunk);
      const { state } = await grants.load(stream);
      const doubtful = doubtfulPlaces(state, irrevocable);
      const done = await grants.handle(stream, doubtful.length > 0 ? { ...ask, doubtful } : ask, { ...envelope, commandId: `${envelope.commandId}/${chunk}`, at });
      return done.ok ? partOf(ask, done.state, doubtful) : refusedPart(done.state, done.code);
    };
    const parts = await Promise.all(Array.from({ length: chunkCount(unitsInLine) }, (_, chunk) => inChunk(chunk)));
    const unknown = parts.length === 0 || parts.some(({ refused }) => refused === 'GRANT_UNKNOWN');
    if (unknown) return { ok: false, code: 'GRANT_UNKNOWN', details: {} };
    const [{ refused }] = parts as [Part];
    if (refused !== undefined && parts.every((part) => part.refused !== undefined)) return { ok: false, code: refused, details: {} };
    return { ok: true, result: { ranges: parts.flatMap(({ ranges }) => ranges), withheld: parts.flatMap(({ withheld }) => withheld) } };
  };

const doubtfulPlaces = (chunk: Chunk, irrevocable: Irrevocable): readonly Place[] => {
  const { grant } = chunk;
  return grant ? allPlaces(chunk).filter((place) => irrevocable.doubt(batchUnitAt(grant, place)!, grant) === 'GRANT_HELD') : [];
};
const partOf = (ask: Ask, chunk: Chunk, doubtful: readonly Place[]): Part => {
  const known = chunk.disclosures.get(ask.disclosureId);
  const refused = known ? undefined : refusalOf(ask, chunk);
  if (refused) return refusedPart(chunk, refused);
  const held = (code: 'VOUCHER_VOIDED' | 'VOUCHER_FROZEN') => withheld(chunk, allPlaces(chunk).filter((place) => withheldBecause(chunk, place) === code), code);
  return { ranges: known?.ranges ?? [], withheld: [...held('VOUCHER_VOIDED'), ...held('VOUCHER_FROZEN'), ...withheld(chunk, doubtful, 'GRANT_HELD')] };
};
const refusedPart = (chunk: Chunk, refused: string): Part => ({ ranges: [], withheld: withheld(chunk, allPlaces(chunk), refused), refused });
const withheld = (chunk: Chunk, places: readonly Place[], code: string): Result['withheld'] =>
  chunk.grant ? rangesAt(chunk.grant, places).map((range) => ({ ...range, code })) : [];

type Claimed = { readonly disclosureId: string; readonly orderId: string; readonly lineId: string; readonly principalId: string; readonly ranges: readonly UnitRange[] };
/** Whether a disclosure of exactly such units to that principal is on record, durably. Asked before anything is opened. */
export const disclosureCheck = (grants: GrantHost, store: EventStore) =>
  async ({ disclosureId, orderId, lineId, principalId, ranges }: Claimed): Promise<boolean> => {
    let left = ranges;
    for (let chunk = 0, of = 1; chunk < of && left.length > 0; chunk++) {
      const { state } = await grants.load(grantStream(orderId, lineId, chunk));
      if (!state.grant) return false;
      of = chunkCount(state.grant.unitsInLine);
      const recorded = state.disclosures.get(disclosureId);
      if (recorded && recorded.principalId !== principalId) return false;
      for (const range of recorded?.ranges ?? []) left = withoutUnits(left, range);
    }
    if (ranges.length === 0 || left.length > 0) return false;
    await store.durable(store.head());
    return true;
  };

import type { Answer, CommandEnvelope } from '@vouchsafe/bus';
import { type CommandOf, type activateGrant, GRANT_CHUNK_UNITS, grantStream, type ResultOf } from '@vouchsafe/contracts';
import type { Handled, Soon } from '@vouchsafe/event-store';
import { type Instant, takeUnits, totalSize, type UnitRange } from '@vouchsafe/kernel';
import type { Clock } from '@vouchsafe/runtime';
import type { Chunk } from '../domain/chunk.js';
import type { GrantEvent, GrantRejection } from '../domain/grant-messages.js';
import type { Zones } from './local-time.js';
import type { GrantHost } from './ports.js';

type Command = CommandOf<typeof activateGrant>;
type Result = ResultOf<typeof activateGrant>;

/** A line's units cut into chunks, in their order. Frozen: streams derive from it. */
export const chunksOf = (ranges: readonly UnitRange[]): readonly { readonly chunk: number; readonly first: number; readonly ranges: readonly UnitRange[] }[] => {
  const chunks: { chunk: number; first: number; ranges: readonly UnitRange[] }[] = [];
  let left = ranges;
  for (let size = totalSize(left), first = 0; size > 0; size = totalSize(left)) {
    const { taken, rest } = takeUnits(left, Math.min(size, GRANT_CHUNK_UNITS));
    chunks.push({ chunk: chunks.length, first, ranges: taken });
    first += totalSize(taken);
    left = rest;
  }
  return chunks;
};
export const chunkCount = (unitsInLine: number): number => Math.ceil(unitsInLine / GRANT_CHUNK_UNITS);

type Part = ReturnType<typeof chunksOf>[number];

/** Opens all chunks of a line. The first one fixes the moment, so that a repeat after a crash gives the others the same validity. */
export const activation = (grants: GrantHost, clock: Clock, zones: Zones) => {
  const open = (command: Command, part: Part, unitsInLine: number, envelope: CommandEnvelope, at: Instant): Soon<Opened> => {
    const { orderId, lineId, reservationId, channelId, ownerPrincipal, productId, kind, terms, lineGross, taxRateBp, dims } = command;
    const { chunk, first, ranges } = part;
    const asked = {
      type: 'Activate', orderId, lineId, chunk, first, unitsInLine, reservationId, channelId, ownerPrincipal, productId, kind, ranges, terms,
      endsAt: endOf(command, at, zones), lineGross, taxRateBp, dims, at,
    } as const;
    const { commandId, correlation, principal, trace } = envelope;
    return grants.decide(grantStream(orderId, lineId, chunk), asked, { commandId: `${commandId}/${chunk}`, correlation, principal, trace, at });
  };
  const openAll = async (command: Command, unitsInLine: number, envelope: CommandEnvelope): Promise<Answer<Result>> => {
    const [head, ...tail] = chunksOf(command.ranges);
    const first = await open(command, head!, unitsInLine, envelope, clock.now());
    if (!first.ok) return first;
    const at = first.state.grant!.at;
    const others = await Promise.all(tail.map(async (chunk) => open(command, chunk, unitsInLine, envelope, at)));
    const refused = others.find((other) => !other.ok);
    return refused && !refused.ok ? refused : { ok: true, result: { chunks: others.length + 1, activatedAt: at } };
  };
  return (command: Command, envelope: CommandEnvelope): Soon<Answer<Result>> => {
    const unitsInLine = totalSize(command.ranges);
    if (unitsInLine === 0) return { ok: false, code: 'GRANT_DIFFERS', details: { units: '0' } };
    if (unitsInLine > GRANT_CHUNK_UNITS) return openAll(command, unitsInLine, envelope);
    const opened = open(command, { chunk: 0, first: 0, ranges: command.ranges }, unitsInLine, envelope, clock.now());
    return opened instanceof Promise ? opened.then(oneOpened) : oneOpened(opened);
  };
};
type Opened = Handled<Chunk, GrantEvent, GrantRejection>;
const oneOpened = (opened: Opened): Answer<Result> =>
  opened.ok ? { ok: true, result: { chunks: 1, activatedAt: opened.state.grant!.at } } : { ok: false, code: opened.code, details: opened.details };

/** The last instant of use, always the end of a day in the product's zone: of the last valid one or N days from now, whichever is first. */
const endOf = ({ terms }: Command, at: Instant, zones: Zones): Instant | undefined => {
  const { validUntil, validDays, zone } = terms;
  const byDate = validUntil === undefined ? undefined : zones.endOfDay(validUntil, zone, 0);
  const byDays = validDays ? zones.endOfDay(at, zone, validDays) : undefined;
  if (byDate === undefined || byDays === undefined) return byDate ?? byDays;
  return byDays < byDate ? byDays : byDate;
};

import type { Answer, CommandEnvelope } from '@vouchsafe/bus';
import { type CommandOf, type activateGrant, GRANT_CHUNK_UNITS, grantStream, type ResultOf } from '@vouchsafe/contracts';
import { type Instant, takeUnits, totalSize, type UnitRange } from '@vouchsafe/kernel';
import type { Clock } from '@vouchsafe/runtime';
import type { Activation } from '../domain/grant-messages.js';
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

/** Opens all chunks of a line. The first one fixes the moment, so that a repeat after a crash gives the others the same validity. */
export const activation = (grants: GrantHost, clock: Clock, zones: Zones) =>
  async (command: Command, envelope: CommandEnvelope): Promise<Answer<Result>> => {
    const { orderId, lineId, ranges, ...told } = command;
    const unitsInLine = totalSize(ranges);
    const [head, ...tail] = chunksOf(ranges);
    if (!head) return { ok: false, code: 'GRANT_DIFFERS', details: { units: '0' } };
    const open = (chunk: typeof head, at: Instant) => {
      const opening: Activation = { ...told, orderId, lineId, ...chunk, unitsInLine, ...withEnd(endOf(command, at, zones)), at };
      return grants.handle(grantStream(orderId, lineId, chunk.chunk), { type: 'Activate', ...opening }, { ...envelope, commandId: `${envelope.commandId}/${chunk.chunk}`, at });
    };
    const first = await open(head, clock.now());
    if (!first.ok) return first;
    const at = first.state.grant!.at;
    const others = await Promise.all(tail.map((chunk) => open(chunk, at)));
    const refused = others.find((other) => !other.ok);
    return refused && !refused.ok ? refused : { ok: true, result: { chunks: others.length + 1, activatedAt: at } };
  };

const withEnd = (endsAt: Instant | undefined): { endsAt?: Instant } => (endsAt === undefined ? {} : { endsAt });
/** The last instant of use, always the end of a day in the product's zone: of the last valid one or N days from now, whichever is first. */
const endOf = ({ terms }: Command, at: Instant, zones: Zones): Instant | undefined => {
  const { validUntil, validDays, zone } = terms;
  const byDate = validUntil === undefined ? undefined : zones.endOfDay(validUntil, zone, 0);
  const byDays = validDays ? zones.endOfDay(at, zone, validDays) : undefined;
  if (byDate === undefined || byDays === undefined) return byDate ?? byDays;
  return byDays < byDate ? byDays : byDate;
};

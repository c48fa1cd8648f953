import type { Answer, CommandEnvelope } from '@vouchsafe/bus';
import { type CommandOf, grantStream, type ResultOf, type voidUnits } from '@vouchsafe/contracts';
import type { InTurn, Soon } from '@vouchsafe/event-store';
import type { Clock } from '@vouchsafe/runtime';
import { batchUnitAt, type Chunk, isDisclosed, placeOf, unitOf } from '../domain/chunk.js';
import { allPlaces } from '../domain/disclose.js';
import { voidRefusal } from '../domain/ending.js';
import type { Place } from '../domain/grant-messages.js';
import { chunkCount } from './activation.js';
import type { GrantHost, Irrevocable } from './ports.js';

type Command = CommandOf<typeof voidUnits>;
type Result = ResultOf<typeof voidUnits>;

/**
 * Ends units of a line. Which ones, where only a number is asked, is chosen over all chunks: undisclosed first, then disclosed
 * and unused, by place; each chunk then decides about its own, and what it refuses is not replaced (RULES, Orders). A repeat
 * after a crash counts what the refund got already and chooses the rest only.
 */
export const voiding = (grants: GrantHost, clock: Clock, turns: InTurn, irrevocable: Irrevocable) => {
  const inTurn = async (command: Command, envelope: CommandEnvelope): Promise<Answer<Result>> => {
    const { orderId, lineId, unitsInLine, refundId, reason } = command;
    const streams = Array.from({ length: chunkCount(unitsInLine) }, (_, n) => grantStream(orderId, lineId, n));
    const chunks = await Promise.all(streams.map(async (stream) => (await grants.load(stream)).state));
    if (!chunks[0]?.grant) return { ok: false, code: 'GRANT_UNKNOWN', details: {} };
    const wanted = command.units ? named(command.units, chunks) : { places: pick(command, chunks), unknown: [] };
    const chosen = withoutDoubtful(wanted, chunks, irrevocable);
    const at = clock.now();
    const answers = await Promise.all(streams.map(async (stream, n) => {
      const known = chunks[n]!.voids.get(refundId);
      const places = chosen.places.filter((place) => inChunk(chunks[n]!, place));
      if (known || places.length === 0) return known && resultOf(chunks[n]!, refundId);
      const done = await grants.handle(stream, { type: 'Void', refundId, places, reason, at }, { ...envelope, commandId: `${envelope.commandId}/${n}`, at });
      return done.ok ? resultOf(done.state, refundId) : undefined;
    }));
    const given = answers.filter((answer) => answer !== undefined);
    return {
      ok: true,
      result: { accepted: given.flatMap(({ accepted }) => accepted), refused: [...given.flatMap(({ refused }) => refused), ...chosen.unknown] },
    };
  };
  /** One refund of a line at a time, or two would choose the same units. */
  return (command: Command, envelope: CommandEnvelope): Soon<Answer<Result>> =>
    turns.run(`${command.orderId}_${command.lineId}`, () => inTurn(command, envelope));
};

const inChunk = ({ grant }: Chunk, place: Place): boolean => grant !== undefined && batchUnitAt(grant, place) !== undefined && place >= grant.first;
const named = (units: NonNullable<Command['units']>, chunks: readonly Chunk[]) => {
  const places: Place[] = [];
  const unknown: { batchId: string; index: number; code: string }[] = [];
  for (const { batchId, index } of units) {
    const place = chunks.map(({ grant }) => grant && placeOf(grant, batchId, index)).find((found) => found !== undefined);
    if (place === undefined) unknown.push({ batchId, index, code: 'UNIT_UNKNOWN' });
    else places.push(place);
  }
  return { places, unknown };
};
type Chosen = { readonly places: readonly Place[]; readonly unknown: Result['refused'] };
/** What a restored log does not know to be used is not refunded. */
const withoutDoubtful = ({ places, unknown }: Chosen, chunks: readonly Chunk[], irrevocable: Irrevocable): Chosen => {
  const refused = [...unknown];
  const sound = places.filter((place) => {
    const grant = chunks.find((chunk) => inChunk(chunk, place))?.grant;
    const unit = grant && batchUnitAt(grant, place);
    const code = unit && irrevocable.doubt(unit, grant);
    if (code) refused.push({ ...unit, code });
    return !code;
  });
  return { places: sound, unknown: refused };
};
/** Best first; used and ended units come last, to be refused by name where nothing better is left. */
const pick = ({ quantity = 0, refundId, reason }: Command, chunks: readonly Chunk[]): readonly Place[] => {
  const had = chunks.reduce((n, { voids }) => n + answered(voids.get(refundId)), 0);
  const rank = (chunk: Chunk, place: Place): number => {
    if (!chunk.grant || voidRefusal(chunk.grant, unitOf(chunk, place), reason)) return 3;
    if (!isDisclosed(chunk, place)) return 0;
    return unitOf(chunk, place).used === 0n ? 1 : 2;
  };
  const open = chunks.filter(({ voids }) => !voids.has(refundId));
  const ranked = open.flatMap((chunk) => allPlaces(chunk).filter((place) => !unitOf(chunk, place).end).map((place) => ({ place, rank: rank(chunk, place) })));
  return ranked.sort((a, b) => a.rank - b.rank || a.place - b.place).slice(0, Math.max(0, quantity - had)).map(({ place }) => place);
};
const answered = (answer: { accepted: readonly { from: number; to: number }[]; refused: readonly unknown[] } | undefined): number =>
  answer ? answer.accepted.reduce((n, { from, to }) => n + to - from, 0) + answer.refused.length : 0;

const resultOf = ({ voids }: Chunk, refundId: string): Result | undefined => voids.get(refundId);

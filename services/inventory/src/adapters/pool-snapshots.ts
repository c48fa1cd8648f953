import { bool, dict, int, list, millis, oneOf, optional, record, type Shape, text, type TypeOf } from '@vouchsafe/codec';
import type { SnapshotCache, SnapshotOptions } from '@vouchsafe/event-store';
import { PersistentMap } from '@vouchsafe/kernel';
import type { Collection } from '@vouchsafe/read-store';
import type { Clock, Log } from '@vouchsafe/runtime';
import { List } from 'immutable';
import { noteDue } from '../domain/pending.js';
import type { Closed, DueBucket, Lane, OpenReservation, Stock } from '../domain/stock-types.js';
import { claim, terms, units } from './codecs.js';

/** Change it whenever `evolve` or the state changes: older snapshots are ignored then. */
const VERSION = '2';
/** Events between two snapshots of a pool: read in a fraction of a second, written seldom enough to cost next to nothing. */
const EVERY = 50_000;
/** A pool with more pending things is not written down now: it would hold others up. The next time is soon. */
const PENDING_MAX = 20_000;

const lane = record({ validUntil: optional(int), head: units, rest: list(units) });
const openReservation = record({ claim, quantity: int, ranges: list(units), heldUntil: millis, notAfter: millis });
/** Answers: what was committed in full (`out` where not all of it is out any more), of the others the kind. */
const closed = record({
  kind: oneOf('committed', 'released', 'expired', 'returned', 'exported'),
  sale: optional(record({ claim, quantity: int, ranges: list(units), out: optional(list(units)), revision: int })),
});
const flat = record({
  productId: text(), lanes: list(lane), reserved: int, sold: int, lost: int,
  batches: dict(record({ terms, quantity: int, recalled: bool, holes: list(units) })),
  open: list(openReservation), recent: dict(closed), recentUntil: int, older: dict(closed), olderUntil: int, quotas: dict(int),
  lowStockAt: int, heldEpoch: optional(int), reconciledEpoch: int, giveBacks: int, losses: int, revision: int, now: millis,
});
type Flat = TypeOf<typeof flat>;

/** A pool's whole state as JSON. */
export const stockShape: Shape<Stock> = {
  write: (stock) => flat.write(toFlat(stock)),
  read: (json, path) => fromFlat(flat.read(json, path)),
};

const toFlat = ({ shelf, batches, open, memory, quotas, due: _due, ...rest }: Stock): Flat => {
  const pending = open.size + memory.recent.size + memory.older.size;
  if (pending > PENDING_MAX) throw new PoolBusy(`${pending} pending`);
  return {
    ...rest,
    lanes: shelf.lanes.map(({ validUntil, head, rest: behind }) => ({ ...(Number.isFinite(validUntil) && { validUntil }), head: head!, rest: behind.toArray() })),
    batches: Object.fromEntries(batches), open: open.values(), quotas: Object.fromEntries(quotas),
    recent: flatAnswers(memory.recent), recentUntil: memory.recentUntil, older: flatAnswers(memory.older), olderUntil: memory.olderUntil,
  };
};
class PoolBusy extends Error {
  override readonly name = 'PoolBusy';
}
const flatClosed = (answer: Closed): TypeOf<typeof closed> => {
  if (answer.kind !== 'committed') return { kind: answer.kind };
  const { kind, claim, quantity, ranges, out, revision } = answer;
  return { kind, sale: { claim, quantity, ranges, out: out === ranges ? undefined : out, revision } };
};

const flatAnswers = (answers: PersistentMap<string, Closed>): Flat['recent'] => Object.fromEntries([...answers].map(([id, answer]) => [id, flatClosed(answer)]));

const fromFlat = ({ lanes, batches, open, recent, recentUntil, older, olderUntil, quotas, heldEpoch, ...rest }: Flat): Stock => {
  const shelves = lanes.map(toLane);
  return {
    ...rest, heldEpoch,
    shelf: { free: shelves.reduce((n, { free }) => n + free, 0), lanes: shelves },
    batches: new Map(Object.entries(batches)),
    open: PersistentMap.of(open.map((one) => [one.claim.reservationId, one])),
    due: open.reduce((due, one: OpenReservation) => noteDue(due, one.claim.reservationId, one.heldUntil), PersistentMap.empty<number, DueBucket>()),
    memory: { recent: toAnswers(recent), recentUntil, older: toAnswers(older), olderUntil },
    quotas: PersistentMap.of(Object.entries(quotas)),
  };
};
const toLane = ({ validUntil, head, rest }: TypeOf<typeof lane>): Lane => ({
  validUntil: validUntil ?? Number.POSITIVE_INFINITY, head, rest: List(rest), free: [head, ...rest].reduce((n, { from, to }) => n + to - from, 0),
});
const toClosed = ({ kind, sale }: TypeOf<typeof closed>): Closed => (kind === 'committed' ? { kind, ...sale!, out: sale!.out ?? sale!.ranges } : { kind });
const toAnswers = (answers: Flat['recent']): PersistentMap<string, Closed> => PersistentMap.of(Object.entries(answers).map(([id, answer]) => [id, toClosed(answer)]));

export type KeptSnapshot = { readonly bytes: string };
export const snapshotCollection = { name: 'pool_snapshots_v1', indexes: [] };
/** Snapshots among the views: lost with them, and made again. */
export const poolSnapshots = (collection: Collection<KeptSnapshot>, clock: Clock, log: Log): SnapshotOptions<Stock> => {
  const cache: SnapshotCache = {
    get: async (stream) => {
      const kept = await collection.get(stream);
      return kept && Buffer.from(kept.value.bytes, 'base64');
    },
    put: (stream, bytes) => collection.write([{ id: stream, value: { bytes: Buffer.from(bytes).toString('base64') }, revisions: { [stream]: clock.now() } }]),
  };
  return { every: EVERY, version: VERSION, shape: stockShape, cache, onError: (stream, error) => log.debug({ stream, error }, 'no snapshot of a pool just now') };
};

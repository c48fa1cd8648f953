import { type Instant, PersistentMap } from '@vouchsafe/kernel';
import type { Closed, DueBucket, Memory, OpenReservation } from './stock-types.js';

const BUCKET_MS = 60_000;
const bucketOf = (at: Instant): number => Math.floor(at / BUCKET_MS);

/** Notes when a reservation lapses. Constant time: ids are chained per minute and looked at only when that minute is over. */
export const noteDue = (due: PersistentMap<number, DueBucket>, id: string, heldUntil: Instant): PersistentMap<number, DueBucket> => {
  const before = due.get(bucketOf(heldUntil));
  return due.set(bucketOf(heldUntil), { open: (before?.open ?? 0) + 1, ids: { id, next: before?.ids } });
};
/** One reservation of that minute was closed; the last one takes the minute away. */
export const closeDue = (due: PersistentMap<number, DueBucket>, heldUntil: Instant): PersistentMap<number, DueBucket> => {
  const before = due.get(bucketOf(heldUntil));
  if (!before) return due;
  return before.open === 1 ? due.delete(bucketOf(heldUntil)) : due.set(bucketOf(heldUntil), { ...before, open: before.open - 1 });
};
/** Open reservations held until before `at`, at most `max`. */
export const lapsed = (due: PersistentMap<number, DueBucket>, open: PersistentMap<string, OpenReservation>, at: Instant, max: number): readonly OpenReservation[] => {
  const found: OpenReservation[] = [];
  for (const [bucket, { ids }] of due) {
    if (bucket > bucketOf(at)) continue;
    for (let cell = ids; cell && found.length < max; cell = cell.next) {
      const reservation = open.get(cell.id);
      if (reservation && reservation.heldUntil < at) found.push(reservation);
    }
  }
  return found;
};

export const noMemory: Memory = { recent: PersistentMap.empty(), recentUntil: 0, older: PersistentMap.empty(), olderUntil: 0 };
/** The answer given to `id` lately. */
export const recall = ({ recent, older }: Memory, id: string): Closed | undefined => recent.get(id) ?? older.get(id);
/** Keeps an answer at least until its command may not come again (`until`). */
export const keep = (memory: Memory, id: string, closed: Closed, until: number): Memory => ({
  ...memory, recent: memory.recent.set(id, closed), recentUntil: Math.max(memory.recentUntil, until),
});
/** Forgets the older generation once its time is over; so memory is bounded by the horizon of commands, not by their number. */
export const age = (memory: Memory, now: Instant): Memory =>
  memory.olderUntil < now && (memory.recent.size > 0 || memory.older.size > 0)
    ? { recent: PersistentMap.empty(), recentUntil: 0, older: memory.recent, olderUntil: memory.recentUntil }
    : memory;

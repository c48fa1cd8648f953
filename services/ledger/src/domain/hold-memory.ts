import { type Instant, PersistentMap } from '@vouchsafe/kernel';
import { fingerprintOf } from './fingerprint.js';

/** How a hold ended; kept until `notAfter`, so that one that comes late or again is not made anew. */
export type ClosedHold =
  | { readonly step: 'captured' | 'released'; readonly orderId: string; readonly minor: bigint; readonly notAfter: Instant }
  /** Released before it was known. */
  | { readonly step: 'forestalled'; readonly notAfter: Instant };
/** Holds that ended in segments before, by the fingerprints of their ids; none of them can come again after `until`. */
export type FadedHolds = { readonly until: Instant; readonly ids: ReadonlySet<number> };

/** Closed holds in two generations: the older one is dropped whole once none of it can come again. */
export type HoldMemory = {
  readonly current: PersistentMap<string, ClosedHold>; readonly currentUntil: Instant;
  readonly older: PersistentMap<string, ClosedHold>; readonly olderUntil: Instant;
  readonly faded: readonly FadedHolds[];
};
const NEVER = 0 as Instant;
export const emptyMemory: HoldMemory = { current: PersistentMap.empty(), currentUntil: NEVER, older: PersistentMap.empty(), olderUntil: NEVER, faded: [] };

export const remember = (memory: HoldMemory, holdId: string, hold: ClosedHold, at: Instant): HoldMemory => {
  const { notAfter } = hold;
  if (at > memory.olderUntil && memory.current.size > 0) {
    const { current, currentUntil, faded } = memory;
    return {
      current: PersistentMap.of([[holdId, hold]]), currentUntil: notAfter, older: current, olderUntil: currentUntil, faded: faded.filter(({ until }) => until >= at),
    };
  }
  return { ...memory, current: memory.current.set(holdId, hold), currentUntil: notAfter > memory.currentUntil ? notAfter : memory.currentUntil };
};

/** How a hold ended; `faded` if all that is known is that it did. Undefined: not known (any more). */
export const recall = ({ current, older, faded }: HoldMemory, holdId: string): ClosedHold | 'faded' | undefined => {
  const known = current.get(holdId) ?? older.get(holdId);
  if (known || faded.length === 0) return known;
  const id = fingerprintOf(holdId);
  for (let i = faded.length - 1; i >= 0; i--) if (faded[i]!.ids.has(id)) return 'faded';
  return undefined;
};

/** What the next segment must know at `at`. Two ids in 2^53 share a number; then a hold is refused, never made twice. */
export const handOn = ({ current, older, faded }: HoldMemory, at: Instant): readonly FadedHolds[] => {
  const kept = faded.filter(({ until }) => until >= at);
  const fresh = [older, current].flatMap((generation) => {
    const open = [...generation].filter(([, { notAfter }]) => notAfter >= at);
    if (open.length === 0) return [];
    const until = open.reduce((latest, [, { notAfter }]) => (notAfter > latest ? notAfter : latest), NEVER);
    return [{ until, ids: new Set(open.map(([id]) => fingerprintOf(id))) }];
  });
  return [...kept, ...fresh];
};

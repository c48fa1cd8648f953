import type { Position, RecordedEvent } from '@vouchsafe/event-store';
import { isFault } from '@vouchsafe/kernel';
import type { FollowedLog } from '../followed-log.js';
import type { Witness } from '../port.js';

/** Farther from the event before it than so many bytes of log it would take long to find again: then there is no witness. */
const NEAR_BYTES = 4 << 20;

/** What tells `newest` from another event, `after` lying before it and behind its follower's event before. */
export const witnessOf = (newest: RecordedEvent, after: Position): Witness | undefined =>
  newest.position - after > NEAR_BYTES ? undefined : { after, leaf: hex(newest) };

type Own = { readonly after: Position; readonly categories: readonly string[]; readonly upTo: Position };

/** The first event of these categories behind `after` and up to `upTo`. */
export const firstOwn = async (store: FollowedLog, { after, categories, upTo }: Own): Promise<RecordedEvent | undefined> => {
  for (let from = after; from < upTo; ) {
    const page = await store.readAll({ after: from, categories, max: 1 });
    const [first] = page.events;
    if (first) return first.position <= upTo ? first : undefined;
    if (page.atEnd || page.next <= from) return undefined;
    from = page.next;
  }
  return undefined;
};

type Reached = { readonly categories: readonly string[]; readonly applied: Position; readonly witness: Witness | undefined };

/** Whether the log still has what was handled. Another replica may have followed further than this process has heard of: only the log itself can tell. */
export const stillHas = async (store: FollowedLog, { categories, applied, witness }: Reached): Promise<boolean> => {
  try {
    if (applied > store.head()) await store.readAll({ after: applied, max: 1 });
    if (!witness) return true;
    const found = await firstOwn(store, { after: witness.after, categories, upTo: applied });
    return found !== undefined && hex(found) === witness.leaf;
  } catch (error) {
    if (isFault(error) && error.code === 'POSITION_UNKNOWN') return false;
    throw error;
  }
};

const hex = ({ leaf }: RecordedEvent): string => Buffer.from(leaf).toString('hex');

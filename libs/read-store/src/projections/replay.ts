import type { Position } from '@vouchsafe/event-store';
import { nextTurn } from '@vouchsafe/runtime';
import type { FollowedLog } from '../followed-log.js';
import type { Collection } from '../port.js';
import type { BoundProjection } from './bound.js';
import { Router } from './router.js';
import { applyBatch, type Halting } from './target.js';

const PAGE = 512;

/** Applies the log from `after` (exclusive) to `upTo` (inclusive) to one collection. May be repeated: documents keep revisions. */
export const replay = async (options: {
  readonly store: FollowedLog;
  readonly projections: readonly BoundProjection[];
  readonly collection: Collection<unknown>;
  readonly after: Position;
  readonly upTo: Position;
  readonly halting: Halting;
}): Promise<void> => {
  const { store, projections, collection, upTo, halting } = options;
  const router = new Router(projections, { unknown: () => {}, unreadable: (halted) => halting.add(halted) });
  for (let after = options.after; after < upTo; ) {
    const page = await store.readAll({ after, categories: router.categories, max: PAGE });
    const events = page.events.filter(({ position }) => position <= upTo);
    for (const deliveries of router.route(events).values()) await applyBatch(collection, deliveries, halting);
    if (page.atEnd || events.length < page.events.length) return;
    after = page.next;
    await nextTurn();
  }
};

import type { Position } from '@vouchsafe/event-store';
import { nextTurn } from '@vouchsafe/runtime';
import type { FollowedLog } from '../followed-log.js';
import type { Collection, ReadStore } from '../port.js';
import type { BoundProjection } from './bound.js';
import type { Halting } from './delivery.js';
import { GatheredDocuments } from './gathered-documents.js';
import { applyBatch, Routed } from './guarded.js';
import { Router } from './router.js';

const PAGE = 2048;

/** Applies the log from `after` (exclusive) to `upTo` (inclusive) to one collection, called `name`, that nobody else writes meanwhile. */
export const replay = async (options: {
  readonly store: FollowedLog;
  readonly readStore: ReadStore;
  readonly projections: readonly BoundProjection[];
  readonly name: string;
  readonly collection: Collection<unknown>;
  readonly after: Position;
  readonly upTo: Position;
  readonly halting: Halting;
}): Promise<void> => {
  const { store, readStore, projections, name, collection, upTo, halting } = options;
  const router = new Router(projections, { unknown: () => {}, unreadable: (halted) => halting.add(halted) });
  for (let after = options.after; after < upTo; ) {
    const page = await store.readAll({ after, categories: router.categories, max: PAGE });
    const events = page.events.filter(({ position }) => position <= upTo);
    if (readStore.commit) {
      const documents = new GatheredDocuments();
      router.route(events, documents);
      await documents.apply(() => collection, halting);
      await readStore.commit({ documents: new Map([...documents.changed().values()].map((changed) => [name, changed])) });
    } else {
      const routed = new Routed();
      router.route(events, routed);
      for (const byDocument of routed.byCollection.values()) await applyBatch(collection, byDocument, halting);
    }
    if (page.atEnd || events.length < page.events.length) return;
    after = page.next;
    await nextTurn();
  }
};

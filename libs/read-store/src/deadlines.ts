import type { Clock, Stop, Timers } from '@vouchsafe/runtime';
import type { Collection, Doc } from './port.js';

export type DeadlineOptions<T extends { readonly dueAt: number }> = {
  /** Kept by a projection; its spec needs the index `{ fields: ['dueAt'] }`. A document is deleted by the event that settles it. */
  readonly collection: Collection<T>;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly periodMs?: number;
  /** What keeps the collection; nothing is fired before it has caught up once. */
  readonly projections?: { caughtUp(): Promise<void> };
  /** Called for each due document, again at every round while it is there: twice must be harmless. */
  readonly onDue: (doc: Doc<T>) => Promise<void>;
  /** Told of every rejection; the document is tried again in the next round. */
  readonly onError: (error: unknown) => void;
};

const PERIOD_MS = 500;
const PAGE = 100;
/** A round never fires more; the next one goes on behind it, so that failing ones cannot keep others from their turn. */
const ROUND_MAX = 2000;
const CONCURRENT = 16;

/** Fires what is due, polled on the injected clock (ARCHITECTURE §4.6). */
export const startDeadlines = <T extends { readonly dueAt: number }>(options: DeadlineOptions<T>): Stop => {
  const { collection, clock, timers, projections, onError, periodMs = PERIOD_MS } = options;
  let ready = projections === undefined;
  let cursor: { readonly values: readonly [number]; readonly id: string } | undefined;
  const round = async (): Promise<void> => {
    if (!ready) await projections!.caughtUp();
    ready = true;
    const now = clock.now();
    for (let fired = 0; fired < ROUND_MAX; ) {
      const page = await collection.find({
        where: { dueAt: { lte: now } }, orderBy: [['dueAt', 'asc']], limit: PAGE, ...(cursor && { after: cursor }),
      });
      await fire(page, options);
      fired += page.length;
      const last = page[page.length - 1];
      cursor = page.length < PAGE || !last ? undefined : { values: [last.value.dueAt], id: last.id };
      if (!cursor) return;
    }
  };
  return timers.every(periodMs, round, onError);
};

const fire = async <T extends { readonly dueAt: number }>(page: readonly Doc<T>[], { onDue, onError }: DeadlineOptions<T>): Promise<void> => {
  let next = 0;
  const lane = async (): Promise<void> => {
    for (let doc = page[next++]; doc; doc = page[next++]) await onDue(doc).catch(onError);
  };
  await Promise.all(Array.from({ length: Math.min(CONCURRENT, page.length) }, lane));
};

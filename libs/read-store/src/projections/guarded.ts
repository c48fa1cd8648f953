import type { RecordedEvent } from '@vouchsafe/event-store';
import { nextTurn } from '@vouchsafe/runtime';
import type { Collection, Doc, WriteOp } from '../port.js';
import type { BoundProjection } from './bound.js';
import { type Halting, haltedAt } from './delivery.js';
import type { Deliveries } from './router.js';

/** An event on its way into a document: decoded once, shared by all projections of its codec. */
export type Delivery = { readonly bound: BoundProjection; readonly event: unknown; readonly meta: RecordedEvent };
/** What is delivered to each document of one collection, by its id, in the order of the events. */
export type ByDocument = ReadonlyMap<string, readonly Delivery[]>;

/** A batch's deliveries by collection and document. */
export class Routed implements Deliveries {
  readonly byCollection = new Map<string, Map<string, Delivery[]>>();

  add(bound: BoundProjection, event: unknown, meta: RecordedEvent, id: string): void {
    const { name } = bound.collection;
    let documents = this.byCollection.get(name);
    if (!documents) this.byCollection.set(name, (documents = new Map()));
    const known = documents.get(id);
    if (known) known.push({ bound, event, meta });
    else documents.set(id, [{ bound, event, meta }]);
  }
}

/**
 * How far in the log a document has seen: of all streams alike, for a revision per stream would be forgotten where one stream
 * deletes it and another makes it anew.
 */
const LOG = '@log';

/** Documents worked on in one turn of the event loop, which also takes orders. */
const DOCUMENTS_PER_TURN = 256;

/**
 * Applies a batch to the documents of one collection in memory and writes each changed one once. True if one was deleted. For a
 * store that saves the checkpoint apart: documents know what they have seen.
 */
export const applyBatch = async (collection: Collection<unknown>, byDocument: ByDocument, halting: Halting): Promise<boolean> => {
  const ids = [...byDocument.keys()];
  const parts: Promise<PromiseSettledResult<boolean>>[] = [];
  for (let at = 0; at < ids.length; at += DOCUMENTS_PER_TURN) {
    if (at > 0) await nextTurn();
    parts.push(settled(applyTo(collection, ids.slice(at, at + DOCUMENTS_PER_TURN), { byDocument, halting })));
  }
  const done = await Promise.all(parts); // all of it: a batch that is repeated must find nothing of the first attempt going on
  for (const part of done) if (part.status === 'rejected') throw part.reason;
  return done.some((part) => part.status === 'fulfilled' && part.value);
};
/** Heard at once: a rejection that waits for the parts after it to begin would count as unhandled and end the process. */
const settled = async <T>(work: Promise<T>): Promise<PromiseSettledResult<T>> => (await Promise.allSettled([work]))[0];

type Work = { readonly byDocument: ByDocument; readonly halting: Halting };
const applyTo = async (collection: Collection<unknown>, ids: readonly string[], { byDocument, halting }: Work): Promise<boolean> => {
  const docs = await collection.getMany(ids);
  const ops: WriteOp<unknown>[] = [];
  for (const id of ids) {
    const deliveries = byDocument.get(id)!;
    if (halting.has(deliveries[0]!.bound.collection.name, id)) continue;
    const op = applyOne(id, docs.get(id), { deliveries, halting });
    if (op) ops.push(op);
  }
  await collection.write(ops);
  return ops.some(({ value }) => value === undefined);
};

/**
 * The document after its events; undefined where nothing changes. One that came and went within the batch is not written
 * at all: it can only come again from its start, and then it comes and goes again.
 */
const applyOne = (
  id: string, doc: Doc<unknown> | undefined, { deliveries, halting }: { readonly deliveries: readonly Delivery[]; readonly halting: Halting },
): WriteOp<unknown> | undefined => {
  let value = doc?.value;
  let seen: number | undefined;
  let at = 0;
  try {
    while (at < deliveries.length) {
      const { meta } = deliveries[at]!;
      const end = endOfEvent(deliveries, at);
      if (isNew(meta, doc?.revisions)) {
        value = valueAfter(value, deliveries, { id, at, end });
        seen = meta.position;
      }
      at = end;
    }
  } catch (error) {
    const { bound, meta } = deliveries[at]!; // what was applied before it stays
    halting.add(haltedAt(bound, meta, { id, error }));
  }
  return value === doc?.value || seen === undefined ? undefined : { id, value, revisions: { [LOG]: seen }, onlyRevisions: true };
};

/** Documents of earlier versions know the revision of each stream instead. */
const isNew = ({ stream, revision, position }: RecordedEvent, known: Doc<unknown>['revisions'] | undefined): boolean =>
  known?.[LOG] === undefined ? revision > (known?.[stream] ?? -1) : position > known[LOG];

/** Several projections may feed a document with one event: it is new to all of them or to none. Index behind the event at `at`. */
const endOfEvent = (deliveries: readonly Delivery[], at: number): number => {
  let end = at + 1;
  while (end < deliveries.length && deliveries[end]!.meta === deliveries[at]!.meta) end++;
  return end;
};

/** The document after one event, that is delivered from `at` to `end`. */
const valueAfter = (before: unknown, deliveries: readonly Delivery[], { id, at, end }: { readonly id: string; readonly at: number; readonly end: number }): unknown => {
  let value = before;
  for (let i = at; i < end; i++) {
    const { bound, event, meta } = deliveries[i]!;
    value = bound.apply(value, event, meta, id);
  }
  return value;
};

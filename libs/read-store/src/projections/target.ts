import type { Position } from '@vouchsafe/event-store';
import { nextTurn } from '@vouchsafe/runtime';
import type { Collection, Doc, ProjectedMeta, WriteOp } from '../port.js';
import type { BoundProjection } from './bound.js';

/** An event on its way into a document: decoded once, shared by all projections of its codec. */
export type Delivery = {
  readonly bound: BoundProjection; readonly event: unknown; readonly meta: ProjectedMeta; readonly position: Position; readonly ids: readonly string[];
};

/** Where a document fed by many streams keeps the log position instead of a revision for each. */
export const LOG = '@log';
/** A document fed by more streams than this keeps the log position: its size must not grow with the number of orders. */
export const STREAMS_MAX = 16;

/** Documents worked on in one turn of the event loop, which also takes orders. */
const DOCUMENTS_PER_TURN = 256;

/** Applies a batch to the documents of one collection in memory and writes each changed one once. True if one was deleted. */
export const applyBatch = async (collection: Collection<unknown>, deliveries: readonly Delivery[]): Promise<boolean> => {
  const byDocument = new Map<string, Delivery[]>();
  for (const delivery of deliveries) {
    for (const id of delivery.ids) {
      const known = byDocument.get(id);
      if (!known) byDocument.set(id, [delivery]);
      else if (known[known.length - 1] !== delivery) known.push(delivery); // one that names an id twice means it once
    }
  }
  const ids = [...byDocument.keys()];
  const writes: Promise<boolean>[] = [];
  for (let at = 0; at < ids.length; at += DOCUMENTS_PER_TURN) {
    if (at > 0) await nextTurn();
    writes.push(applyTo(collection, ids.slice(at, at + DOCUMENTS_PER_TURN), byDocument));
  }
  return (await Promise.all(writes)).includes(true);
};

const applyTo = async (collection: Collection<unknown>, ids: readonly string[], byDocument: ReadonlyMap<string, readonly Delivery[]>): Promise<boolean> => {
  const docs = await collection.getMany(ids);
  const ops: WriteOp<unknown>[] = [];
  for (const id of ids) {
    const op = applyOne(id, docs.get(id), byDocument.get(id)!);
    if (op) ops.push(op);
  }
  await collection.write(ops);
  return ops.some(({ value }) => value === undefined);
};

/**
 * The document after its events; undefined where nothing changes. One that came and went within the batch is not written
 * at all: the batch can only be repeated from its start, and then it comes and goes again.
 */
const applyOne = (id: string, doc: Doc<unknown> | undefined, deliveries: readonly Delivery[]): WriteOp<unknown> | undefined => {
  let value = doc?.value;
  let revisions: Record<string, number> = { ...doc?.revisions };
  let position = -1;
  let fresh = false;
  for (const { bound, event, meta, position: here } of deliveries) {
    if (here !== position) {
      // judged once per event: several projections may apply the same one to the document
      position = here;
      fresh = isFresh(revisions, meta, position);
      if (fresh) revisions = raised(revisions, meta, position);
    }
    if (fresh) value = bound.apply(value, event, meta, id);
  }
  if (value === doc?.value) return undefined;
  return { id, value, revisions, onlyRevisions: true };
};

/** Whether the document has not seen the event yet. */
const isFresh = (revisions: Readonly<Record<string, number>>, { stream, revision }: ProjectedMeta, position: number): boolean => {
  const log = revisions[LOG];
  return log === undefined ? revision > (revisions[stream] ?? -1) : position > log;
};

const raised = (revisions: Record<string, number>, { stream, revision }: ProjectedMeta, position: number): Record<string, number> => {
  if (revisions[LOG] !== undefined) revisions[LOG] = position;
  else if (revisions[stream] === undefined && Object.keys(revisions).length >= STREAMS_MAX) return { [LOG]: position };
  else revisions[stream] = revision;
  return revisions;
};

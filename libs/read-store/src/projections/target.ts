import type { Position } from '@vouchsafe/event-store';
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

type Working = {
  value: unknown;
  revisions: Record<string, number>;
  readonly existed: boolean;
  before: unknown;
  /** Position of the newest event looked at in this batch, and whether it was new to the document. */
  position: number;
  fresh: boolean;
};

/** Applies a batch to the documents of one collection in memory and writes each changed one once. True if one was deleted. */
export const applyBatch = async (collection: Collection<unknown>, deliveries: readonly Delivery[]): Promise<boolean> => {
  const ids = new Set<string>();
  for (const delivery of deliveries) for (const id of delivery.ids) ids.add(id);
  if (ids.size === 0) return false;
  const docs = await collection.getMany([...ids]);
  const working = new Map<string, Working>();
  for (const delivery of deliveries) {
    for (const id of delivery.ids.length > 1 ? new Set(delivery.ids) : delivery.ids) applyOne(delivery, id, workingOf(working, docs, id));
  }
  const ops = writesOf(working);
  await collection.write(ops);
  return ops.some(({ value }) => value === undefined);
};

const workingOf = (working: Map<string, Working>, docs: ReadonlyMap<string, Doc<unknown>>, id: string): Working => {
  let doc = working.get(id);
  if (!doc) {
    const known = docs.get(id);
    doc = { value: known?.value, before: known?.value, revisions: { ...known?.revisions }, existed: known !== undefined, position: -1, fresh: false };
    working.set(id, doc);
  }
  return doc;
};

const applyOne = ({ bound, event, meta, position }: Delivery, id: string, doc: Working): void => {
  if (doc.position !== position) {
    doc.position = position;
    doc.fresh = isFresh(doc.revisions, meta, position);
    if (doc.fresh) doc.revisions = raised(doc.revisions, meta, position);
  }
  if (doc.fresh) doc.value = bound.apply(doc.value, event, meta, id);
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

/**
 * A document that came and went within the batch is not written at all: the batch can only be repeated whole or from its
 * start, and then it comes and goes again.
 */
const writesOf = (working: ReadonlyMap<string, Working>): WriteOp<unknown>[] => {
  const ops: WriteOp<unknown>[] = [];
  for (const [id, { value, before, revisions, existed }] of working) {
    if (value === before || (value === undefined && !existed)) continue;
    ops.push({ id, value, revisions, onlyRevisions: true });
  }
  return ops;
};

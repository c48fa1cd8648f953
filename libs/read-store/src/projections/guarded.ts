import type { RecordedEvent } from '@vouchsafe/event-store';
import { nextTurn } from '@vouchsafe/runtime';
import type { Collection, Doc, WriteOp } from '../port.js';
import type { BoundProjection } from './bound.js';
import type { Halted } from '../runner-port.js';

/** An event on its way into a document: decoded once, shared by all projections of its codec. */
export type Delivery = {
  readonly bound: BoundProjection; readonly event: unknown; readonly meta: RecordedEvent; readonly ids: readonly string[];
};

/** Where a document fed by many streams keeps the log position instead of a revision for each. */
const LOG = '@log';
/** A document fed by more streams than this keeps the log position: its size must not grow with the number of orders. */
const STREAMS_MAX = 16;

/** Documents worked on in one turn of the event loop, which also takes orders. */
const DOCUMENTS_PER_TURN = 256;

/** What stands still, and who is told of what must. */
export type Halting = { has(collection: string, document: string): boolean; add(halted: Halted): void };

/** Applies a batch to the documents of one collection in memory and writes each changed one once. True if one was deleted. */
export const applyBatch = async (collection: Collection<unknown>, deliveries: readonly Delivery[], halting: Halting): Promise<boolean> => {
  const byDocument = new Map<string, Delivery[]>();
  for (const delivery of deliveries) {
    for (const id of delivery.ids) {
      const known = byDocument.get(id);
      if (!known) byDocument.set(id, [delivery]);
      else if (known[known.length - 1] !== delivery) known.push(delivery); // one that names an id twice means it once
    }
  }
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

type Work = { readonly byDocument: ReadonlyMap<string, readonly Delivery[]>; readonly halting: Halting };
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
 * at all: the batch can only be repeated from its start, and then it comes and goes again.
 */
const applyOne = (
  id: string, doc: Doc<unknown> | undefined, { deliveries, halting }: { readonly deliveries: readonly Delivery[]; readonly halting: Halting },
): WriteOp<unknown> | undefined => {
  let value = doc?.value;
  const revisions = new Revisions(doc?.revisions);
  let at = 0;
  try {
    while (at < deliveries.length) {
      const { meta } = deliveries[at]!;
      const end = endOfEvent(deliveries, at);
      if (revisions.areBefore(meta)) {
        value = applied(value, deliveries, { id, at, end });
        revisions.raise(meta);
      }
      at = end;
    }
  } catch (error) {
    const { bound, meta } = deliveries[at]!; // what was applied before it stays
    halting.add({ collection: bound.collection.name, document: id, stream: meta.stream, revision: meta.revision, error: String(error) });
  }
  return value === doc?.value ? undefined : { id, value, revisions: revisions.asRecord(), onlyRevisions: true };
};

/** Several projections may feed a document with one event: it is new to all of them or to none. */
const endOfEvent = (deliveries: readonly Delivery[], at: number): number => {
  let end = at + 1;
  while (end < deliveries.length && deliveries[end]!.meta === deliveries[at]!.meta) end++;
  return end;
};

const applied = (before: unknown, deliveries: readonly Delivery[], { id, at, end }: { readonly id: string; readonly at: number; readonly end: number }): unknown => {
  let value = before;
  for (let i = at; i < end; i++) {
    const { bound, event, meta } = deliveries[i]!;
    value = bound.apply(value, event, meta, id);
  }
  return value;
};

/** How far a document has seen each stream that feeds it; beyond {@link STREAMS_MAX} of them, how far the log. */
class Revisions {
  readonly #byStream = new Map<string, number>();
  #log: number | undefined;

  constructor(known: Readonly<Record<string, number>> | undefined) {
    for (const stream in known) {
      if (stream === LOG) this.#log = known[stream];
      else this.#byStream.set(stream, known[stream]!);
    }
  }

  /** Whether the document has not seen the event yet. */
  areBefore({ stream, revision, position }: RecordedEvent): boolean {
    return this.#log === undefined ? revision > (this.#byStream.get(stream) ?? -1) : position > this.#log;
  }

  raise({ stream, revision, position }: RecordedEvent): void {
    if (this.#log === undefined && (this.#byStream.has(stream) || this.#byStream.size < STREAMS_MAX)) this.#byStream.set(stream, revision);
    else {
      this.#log = position;
      this.#byStream.clear();
    }
  }

  /** Without a prototype: an object with names of streams for keys is a dictionary, and shall be kept as one. */
  asRecord(): Readonly<Record<string, number>> {
    const record = Object.create(null) as Record<string, number>;
    if (this.#log !== undefined) record[LOG] = this.#log;
    for (const [stream, revision] of this.#byStream) record[stream] = revision;
    return record;
  }
}

import { type AppendRequest, type AppendResult, categoryOf, type EventStore, eventsOf, type Page, type RecordedEvent, type Soon } from '@vouchsafe/event-store';
import { type CallSpan, parseTraceparent, type SpanOutcome, type Tracing } from '@vouchsafe/telemetry';

const OK: SpanOutcome = { code: 'OK', kind: 'ok' };
/** A batch names so many of the traces it works on. */
const LINKS_MAX = 32;

/**
 * A store whose appends are spans under what caused them, and whose followers' batches (views, publishers) are spans in the
 * trace of an event of theirs that is recorded, linked to those of the others. The store itself where tracing is off.
 */
export const tracedStore = (store: EventStore, tracing: Tracing): EventStore => {
  if (!tracing.enabled) return store;
  const { feed } = store;
  return {
    get exclusive() { return store.exclusive; },
    get epoch() { return store.epoch; },
    append: (request) => appended(tracing, request, () => store.append(request)),
    appendMany: (requests) => store.appendMany(requests), // of imports: many a second, of no order
    readStream: (...args) => store.readStream(...args), revisionOf: (stream) => store.revisionOf(stream), readAll: (options) => store.readAll(options),
    head: (categories) => store.head(categories), durable: (position) => store.durable(position), close: () => store.close(),
    subscribe: (options) => followed(tracing, store.subscribe(options), options.categories),
    ...(feed && { feed: { read: async (after, maxBytes, signal) => {
      const page = await feed.read(after, maxBytes, signal);
      // The thread that reads them has no spans of its own: that they were handed over is told here.
      batchOf(tracing, 'hand over', eventsOf(page))?.end(OK);
      return page;
    } } }),
  };
};

const appended = async (tracing: Tracing, { stream, events }: AppendRequest, append: () => Soon<AppendResult>): Promise<AppendResult> => {
  const [first] = events;
  if (first?.trace === undefined) return append();
  const attributes = { 'event.types': events.map(({ type }) => type).join(' '), 'event.category': categoryOf(stream), 'vouchsafe.correlation': first.correlation };
  return tracing.inSpan(`append ${categoryOf(stream)}`, { parent: first.trace, attributes }, async (span) => {
    const result = await append();
    if (result.ok) span.set('event.revision', result.revision);
    else span.set('append.lost', true);
    return result;
  });
};

/** A batch's span lasts until whoever follows asks for the next one. */
async function* followed(tracing: Tracing, pages: AsyncIterable<Page>, categories: readonly string[] = []): AsyncIterable<Page> {
  const name = `follow ${[...categories].sort().join(' ') || 'all'}`;
  for await (const page of pages) {
    const span = batchOf(tracing, name, page.events);
    try {
      yield page;
    } finally {
      span?.end(OK);
    }
  }
}

const batchOf = (tracing: Tracing, name: string, events: readonly RecordedEvent[]): CallSpan | undefined => {
  const traces = [...new Set(events.flatMap(({ trace }) => (trace === undefined ? [] : [trace])))];
  if (traces.length === 0) return undefined;
  // Part of one trace, so that it is recorded where that one is; of the others only a link can tell.
  const parent = traces.find((trace) => parseTraceparent(trace)?.sampled) ?? traces[0];
  const links = traces.filter((trace) => trace !== parent).slice(0, LINKS_MAX);
  return tracing.start(name, { 'batch.events': events.length }, parent, { kind: 'consumer', links });
};

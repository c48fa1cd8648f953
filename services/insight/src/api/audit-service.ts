import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { type EventStore, type Position, type RecordedEvent, START } from '@vouchsafe/event-store';
import { isFault } from '@vouchsafe/kernel';
import { SecretsService } from '@vouchsafe/proto/inventory/internal/v1/secrets';
import type { AuditService, GetTimelineRequest, ReadEventsRequest } from '@vouchsafe/proto/audit/v1/audit';
import type { ProjectionRunner } from '@vouchsafe/read-store';
import { callAs, type CallContext, failureOf, type Handlers, pageScope, printPageToken, readPageToken, type Rpc, serviceCaller } from '@vouchsafe/rpc';
import type { Clock, Namespace } from '@vouchsafe/runtime';
import { aboutTimeline, orderTimeline, type TimelinePorts, voucherTimeline } from '../application/timeline.js';
import { insightErrors } from './errors.js';
import { cursorOf, eventRecord, positionOf } from './event-record.js';

export type AuditPorts = {
  readonly namespace: Namespace;
  readonly store: EventStore;
  readonly clock: Clock;
  readonly rpc: Rpc;
  readonly timeline: TimelinePorts;
  readonly runner: ProjectionRunner;
};

const PAGE_MAX = 500;
const PAGE_DEFAULT = 200;
const READ_PAGE = 256;
const CATCH_UP_MS = 2_000;
const LOOK_MS = 200;

/** RPCs of the audit: timelines, the event stream, integrity. */
export const auditService = (ports: AuditPorts): Handlers<typeof AuditService> => ({
  getTimeline: async (request, context) => {
    const subjects = [request.voucherId, request.orderId, request.channelId, request.accountId].filter(Boolean);
    if (subjects.length !== 1) throw failureOf(insightErrors, 'SUBJECT_REQUIRED', {}, '/orderId');
    await ports.runner.waitFor(ports.store.head(), CATCH_UP_MS);
    const events = await timelineOf(ports, request, context);
    if (events.length === 0) throw failureOf(insightErrors, 'SUBJECT_UNKNOWN');
    const scope = pageScope(request, context.caller);
    const [after = START] = readPageToken(scope, request.pageToken, 'number') ?? [];
    const rest = events.filter((event) => event.position > after);
    const size = Math.min(request.pageSize || PAGE_DEFAULT, PAGE_MAX);
    const page = rest.slice(0, size);
    return { events: page.map(eventRecord), nextPageToken: rest.length > size ? printPageToken(scope, [page.at(-1)!.position]) : '' };
  },
  readEvents: (request, context) => readEvents(ports, request, context),
  getIntegrity: async () => {
    const { store, clock, runner } = ports;
    await store.durable(store.head());
    // Asks the log whether anything of ours waits: after a quiet start the lag is unknown, and told as if it were one.
    await runner.waitFor(store.head(), LOOK_MS);
    const lag = runner.lag();
    const last = await lastEvent(store, lag.behind);
    return {
      events: BigInt(runner.stats().applied), viewsCaughtUp: lag.events === 0, viewsBehindEvents: BigInt(lag.events), epoch: BigInt(store.epoch),
      head: cursorOf(store.head()), lastLeaf: last ? Buffer.from(last.leaf).toString('hex') : '', at: timestampFromMs(clock.now()),
    };
  },
});

/** The event at a position. A position just before it is one the store need not know: then, after a start and until the next event, there is no answer. */
const lastEvent = async (store: EventStore, at: Position): Promise<RecordedEvent | undefined> => {
  try {
    const { events } = await store.readAll({ after: (at - 1) as Position, max: 1 });
    return events[0];
  } catch (error) {
    if (isFault(error) && error.code === 'POSITION_UNKNOWN') return undefined;
    throw error;
  }
};

const timelineOf = async (ports: AuditPorts, request: GetTimelineRequest, context: CallContext): Promise<readonly RecordedEvent[]> => {
  if (request.orderId) return orderTimeline(ports.timeline, request.orderId);
  if (request.channelId) return aboutTimeline(ports.timeline, request.channelId);
  if (request.accountId) return aboutTimeline(ports.timeline, request.accountId);
  const own = callAs(context, serviceCaller('insight', ports.namespace));
  const { units } = await ports.rpc.call(SecretsService.method.resolveVoucherIds, { voucherIds: [request.voucherId] }, own);
  const unit = units[0]?.found ? units[0].unit : undefined;
  return unit ? voucherTimeline(ports.timeline, { batchId: unit.batchId, index: Number(unit.index) }) : [];
};

type Wanted = (event: RecordedEvent) => boolean;
const filterOf = ({ types, correlation }: ReadEventsRequest): Wanted => (event) =>
  (types.length === 0 || types.includes(event.type)) && (!correlation || event.correlation === correlation);

async function* readEvents(ports: AuditPorts, request: ReadEventsRequest, context: CallContext) {
  const wanted = filterOf(request);
  let left = request.limit > 0 ? request.limit : Number.POSITIVE_INFINITY;
  for await (const page of pagesOf(ports, request, context)) {
    for (const event of page) {
      if (!wanted(event)) continue;
      yield eventRecord(event);
      if (--left === 0) return;
    }
  }
}

/** A cursor that no answer ever had: the caller's mistake, not a store that is away. */
const noSuchPlace = (error: unknown): never => {
  throw isFault(error) && error.code === 'POSITION_UNKNOWN' ? failureOf(insightErrors, 'CURSOR_INVALID', {}, '/cursor') : error;
};

/** What is there behind the cursor, then, with `follow`, what happens. */
async function* pagesOf({ store }: AuditPorts, { categories, cursor, follow }: ReadEventsRequest, context: CallContext): AsyncIterable<readonly RecordedEvent[]> {
  const only = categories.length > 0 ? { categories } : {};
  let after = cursor ? positionOf(cursor) : START;
  for (;;) {
    const page = await store.readAll({ after, ...only, max: READ_PAGE }).catch(noSuchPlace);
    yield page.events;
    after = page.next;
    if (page.atEnd) break;
  }
  if (!follow) return;
  const signal = context.signal ?? new AbortController().signal;
  for await (const page of store.subscribe({ after, ...only, signal })) yield page.events;
}

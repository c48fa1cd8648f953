import { titleOf } from '@vouchsafe/insight';
import { toJson } from '@bufbuild/protobuf';
import { timestampMs } from '@bufbuild/protobuf/wkt';
import { AuditService, type EventRecord, EventRecordSchema } from '@vouchsafe/proto/audit/v1/audit';
import type { Namespace } from '@vouchsafe/runtime';
import type { Connection } from '../client/connection.js';
import type { Speech } from '../speech.js';
import { allEvents, openLog } from './open-log.js';
import { eventLine } from './present.js';

/** One event of somebody's life: as JSON, and as a line for a person. */
export type Moment = { readonly json: unknown; readonly line: string };
const PAGE = 500;

/** Every event about an order or any other correlation id, read from the log alone. */
export const timelineOfLog = async (data: string, namespace: Namespace, id: string, { t }: Speech): Promise<readonly Moment[]> => {
  const store = await openLog(data, namespace);
  try {
    const moments: Moment[] = [];
    for await (const event of allEvents(store)) {
      if (event.correlation !== id && !event.stream.includes(id)) continue;
      const { stream, revision, position, type, occurredAt, recordedAt, correlation, causation, principal, data: told } = event;
      moments.push({ json: { position, stream, revision, type, id: event.id, occurredAt, recordedAt, correlation, causation, principal, data: told }, line: eventLine(event, titleOf(type), t) });
    }
    return moments;
  } finally {
    await store.close();
  }
};

/** The life of one voucher, asked of a running platform: which unit an id names only its vault knows. */
export const timelineOfVoucher = async (connection: Connection, voucherId: string, { t }: Speech): Promise<readonly Moment[]> => {
  const moments: Moment[] = [];
  let pageToken = '';
  do {
    const { events, nextPageToken } = await connection.call(AuditService.method.getTimeline, { voucherId, pageSize: PAGE, pageToken });
    moments.push(...events.map((event) => ({ json: toJson(EventRecordSchema, event), line: lineOf(event, t) })));
    pageToken = nextPageToken;
  } while (pageToken !== '');
  return moments;
};

const lineOf = ({ stream, revision, principal, recordedAt, type }: EventRecord, t: Speech['t']): string =>
  eventLine({ stream, revision: Number(revision), principal, recordedAt: recordedAt ? timestampMs(recordedAt) : 0 }, titleOf(type), t);

import { canonicalBytes, leafHash } from '@vouchsafe/event-store';
import type { Instant } from '@vouchsafe/kernel';
import { type ClientEvent, EsdbEvent } from './esdb-event.js';
import { userMetadataOf } from './user-metadata.js';

const ID = '6f1e8d5c-2b7a-5c3d-9e4f-0a1b2c3d4e5f';
const said = {
  correlation: 'ord_凭证', causation: 'cmd_1', principal: 'pri_1', occurredAt: -62_135_596_800_000 as Instant, recordedAt: 1_760_000_000_000 as Instant, epoch: 4, pub: 7,
  trace: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',
};
const data = { amount: '12', list: [1, null, { deep: true }] };
const leaf = leafHash(canonicalBytes({ ...said, id: ID, stream: 'order-1', revision: 3, type: 'order.Placed.v1', dataText: JSON.stringify(data) }));
const anEvent = (more: Partial<ClientEvent> = {}, metadata: object = {}): ClientEvent => ({
  id: ID, type: 'order.Placed.v1', streamId: 'sandbox.order-1', revision: 3n, isJson: true, data, created: new Date(0), position: { commit: 99n, prepare: 99n },
  metadata: { ...userMetadataOf({ ...said, leaf }), ...metadata }, ...more,
} as ClientEvent);

describe('an event as EventStoreDB gives it back', () => {
  it('says all that was said, under the stream’s own name', () => {
    const { id, type, stream, revision, position, correlation, causation, principal, occurredAt, recordedAt, epoch, pub, trace } = new EsdbEvent(anEvent(), 'order-1');
    expect({ id, type, stream, revision, position }).toEqual({ id: ID, type: 'order.Placed.v1', stream: 'order-1', revision: 3, position: 99 });
    expect({ correlation, causation, principal, occurredAt, recordedAt, epoch, pub, trace }).toEqual(said);
  });

  it('has the leaf that it was recorded with', () => {
    expect(new EsdbEvent(anEvent(), 'order-1').leaf).toEqual(leaf);
  });

  it.each([
    ['its data', { data: { ...data, amount: '13' } }, {}], ['its type', { type: 'order.Placed.v2' }, {}], ['its revision', { revision: 4n }, {}],
    ['its id', { id: ID.replace('6', '7') }, {}], ['its time', {}, { occurredAt: '2026-01-01T00:00:00.000Z' }], ['who did it', {}, { principal: 'pri_2' }],
  ])('is not proved once %s was changed', (_, more, metadata) => {
    const event = new EsdbEvent(anEvent(more, metadata), 'order-1');
    expect(() => event.leaf).toThrow(expect.objectContaining({ code: 'LOG_DAMAGED', retryable: false }));
  });

  it.each([
    ['has no metadata', { metadata: undefined }, {}], ['is not JSON', { isJson: false, data: new Uint8Array() }, {}], ['has metadata of others', {}, { recordedAt: undefined }],
    ['has a time that is none', {}, { occurredAt: 'yesterday' }], ['has an epoch that is none', {}, { epoch: 'first' }], ['counts with a fraction', {}, { pub: 1.5 }],
  ])('is told as foreign if it %s', (_, more, metadata) => {
    expect(() => new EsdbEvent(anEvent(more as Partial<ClientEvent>, metadata), 'order-1')).toThrow(expect.objectContaining({ code: 'EVENT_FOREIGN', retryable: false }));
  });
});

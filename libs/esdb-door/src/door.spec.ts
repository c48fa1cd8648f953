import { type AllStreamRecordedEvent, AccessDeniedError, ANY, BACKWARDS, END, EventStoreDBClient, eventTypeFilter, excludeSystemEvents, jsonEvent, MaxAppendSizeExceededError, NO_STREAM as NONE, STREAM_EXISTS, START as FIRST, StreamNotFoundError, streamNameFilter, WrongExpectedVersionError } from '@eventstore/db-client';
import { canonicalBytes, leafHash, NO_STREAM } from '@vouchsafe/event-store';
import { anAppend, readToEnd } from '@vouchsafe/event-store/testing';
import { type Instant, parseRfc3339 } from '@vouchsafe/kernel';
import { memoryDisk, systemClock } from '@vouchsafe/runtime';
import { type House, openHouse } from './testing/stores.js';

/** The official client alone, as an auditor has it. */
const clientTo = (house: House): EventStoreDBClient => EventStoreDBClient.connectionString(house.url);
type Seen = { readonly streamId: string; readonly revision: bigint };
const all = async <T extends { event?: unknown }>(reading: AsyncIterable<T>): Promise<NonNullable<T['event']>[]> => {
  const events: NonNullable<T['event']>[] = [];
  for await (const { event } of reading) if (event) events.push(event);
  return events;
};
const told = (events: readonly Seen[]): string[] => events.map(({ streamId, revision }) => `${streamId}@${revision}`);
const proposed = (type = 'test.Happened.v1', data: Record<string, unknown> = { a: 1 }) => jsonEvent({ type, data });

describe('the EventStoreDB door, for the official client', () => {
  let house: House;
  let client: EventStoreDBClient;
  beforeEach(async () => {
    house = await openHouse();
    client = clientTo(house);
  });
  afterEach(async () => {
    await client.dispose();
    await house.close();
  });
  const fill = async (): Promise<void> => {
    for (let i = 0; i < 6; i++) await house.store.append(anAppend('order-1', i - 1, `order ${i}`));
    for (let i = 0; i < 3; i++) await house.store.append(anAppend(`orders-${i}`, NO_STREAM, `orders ${i}`));
    await house.store.append({ ...anAppend('pool-1', NO_STREAM, 'pool', 2) });
  };

  describe('reading a stream', () => {
    it('goes forwards and backwards, from an end or a revision, no further than asked', async () => {
      await fill();
      const revisions = async (options: Parameters<EventStoreDBClient['readStream']>[1]) => (await all(client.readStream('order-1', options))).map(({ revision }) => Number(revision));
      expect(await revisions({})).toEqual([0, 1, 2, 3, 4, 5]);
      expect(await revisions({ maxCount: 2 })).toEqual([0, 1]);
      expect(await revisions({ fromRevision: 4n })).toEqual([4, 5]);
      expect(await revisions({ fromRevision: 9n })).toEqual([]);
      expect(await revisions({ fromRevision: END })).toEqual([]);
      expect(await revisions({ direction: BACKWARDS, fromRevision: END, maxCount: 2 })).toEqual([5, 4]);
      expect(await revisions({ direction: BACKWARDS, fromRevision: 1n })).toEqual([1, 0]);
      expect(await revisions({ direction: BACKWARDS, fromRevision: FIRST })).toEqual([0]);
    });

    it('hands out a long stream whole, also to a slow reader', async () => {
      for (let i = 0; i < 10; i++) await house.store.append(anAppend('pool-1', i * 200 - 1, `long ${i}`, 200));
      const revisions: number[] = [];
      for await (const { event } of client.readStream('pool-1')) {
        revisions.push(Number(event!.revision));
        if (revisions.length % 500 === 0) await new Promise((resolve) => setTimeout(resolve, 20));
      }
      expect(revisions).toEqual(Array.from({ length: 2_000 }, (_, i) => i));
    });

    it('says of a stream that is not there that it is not there', async () => {
      await expect(all(client.readStream('order-9'))).rejects.toBeInstanceOf(StreamNotFoundError);
      await expect(all(client.readStream('order-9'))).rejects.toMatchObject({ streamName: 'order-9' });
      expect((await client.getStreamMetadata('order-9')).metadata).toBeUndefined();
    });
  });

  describe('an event', () => {
    it('tells what our own log tells, and its leaf follows from what is told', async () => {
      await fill();
      const [event] = await all(client.readStream('pool-1', { fromRevision: 1n }));
      const [ours] = await house.store.readStream('pool-1', { from: 1, max: 1 });
      const said = event!.metadata as Record<string, unknown>;
      expect(event).toMatchObject({ id: ours!.id, type: ours!.type, streamId: 'pool-1', revision: 1n, data: ours!.data, isJson: true, created: new Date(ours!.recordedAt) });
      expect(said).toEqual({
        $correlationId: 'ord_1', $causationId: 'pool/1', principal: 'pri_1', occurredAt: '2025-10-09T08:53:20.000Z', recordedAt: new Date(ours!.recordedAt).toISOString(), epoch: 1,
        leaf: Buffer.from(ours!.leaf).toString('hex'),
      });
      const canonical = canonicalBytes({
        id: event!.id, stream: event!.streamId, revision: Number(event!.revision), type: event!.type, dataText: JSON.stringify(event!.data), epoch: Number(said.epoch),
        correlation: String(said.$correlationId), causation: String(said.$causationId), principal: String(said.principal), occurredAt: timeOf(said.occurredAt), recordedAt: timeOf(said.recordedAt),
      });
      expect(leafHash(canonical).toString('hex')).toBe(said.leaf);
    });

    it('tells our position as commit and prepare position', async () => {
      await fill();
      const events = await all<{ event?: AllStreamRecordedEvent }>(client.readAll());
      const ours = await readToEnd(house.store);
      expect(events.map(({ position }) => position)).toEqual(ours.map(({ position }) => ({ commit: BigInt(position), prepare: BigInt(position) })));
    });
  });

  describe('reading all', () => {
    it('begins with the event at a position, whichever it is, also after a restart', async () => {
      await house.close();
      const disk = memoryDisk();
      house = await openHouse({ disk });
      for (let i = 0; i < 700; i++) await house.store.append(anAppend(`order-${i % 7}`, Math.floor(i / 7) - 1, `e ${i}`));
      await house.store.durable(house.store.head());
      const ours = await readToEnd(house.store, { max: 1_000 });
      await house.close();
      house = await openHouse({ disk });
      client = clientTo(house);
      for (const [at, count] of [[0, 3], [1, 1], [350, 4], [349, 2], [699, 5]] as const) {
        const commit = BigInt(ours[at]!.position);
        const read = await all(client.readAll({ fromPosition: { commit, prepare: commit }, maxCount: count }));
        expect(told(read)).toEqual(ours.slice(at, at + count).map(({ stream, revision }) => `${stream}@${revision}`));
      }
      const behind = BigInt(ours.at(-1)!.position + 1);
      expect(await all(client.readAll({ fromPosition: { commit: behind, prepare: behind } }))).toEqual([]);
    });

    it('goes backwards from the end or from before a position', async () => {
      for (let i = 0; i < 2_000; i++) await house.store.append(anAppend(`order-${i % 7}`, Math.floor(i / 7) - 1, `e ${i}`));
      await house.store.durable(house.store.head());
      const ours = (await readToEnd(house.store, { max: 10_000 })).map(({ stream, revision, position }) => ({ name: `${stream}@${revision}`, position })).reverse();
      const read = async (options: object) => told(await all(client.readAll({ direction: BACKWARDS, fromPosition: END, ...options })));
      expect(await read({ maxCount: 3 })).toEqual(ours.slice(0, 3).map(({ name }) => name));
      expect(await read({})).toEqual(ours.map(({ name }) => name));
      for (const at of [0, 1, 700, 1_400, 1_999]) {
        const commit = BigInt(ours[at]!.position);
        expect(await read({ maxCount: 4, fromPosition: { commit, prepare: commit } })).toEqual(ours.slice(at + 1, at + 5).map(({ name }) => name));
      }
      expect(await read({ fromPosition: FIRST })).toEqual([]);
    });
  });

  describe('subscribing', () => {
    it('to a stream: what is there, a word that it is all, what comes', async () => {
      await fill();
      const heard: string[] = [];
      const subscription = client.subscribeToStream('order-1', { fromRevision: 3n });
      subscription.on('confirmation', () => heard.push('confirmed'));
      subscription.on('caughtUp', () => {
        heard.push('caught up');
        void house.store.appendMany([anAppend('order-1', 5, 'later'), anAppend('order-2', NO_STREAM, 'another')]);
      });
      for await (const { event } of subscription) {
        heard.push(`${event!.streamId}@${event!.revision}`);
        if (event!.revision === 6n) break;
      }
      expect(heard).toEqual(['confirmed', 'order-1@4', 'order-1@5', 'caught up', 'order-1@6']);
    });

    it('to all by prefixes of stream names, with places to go on from', async () => {
      await fill();
      const places: bigint[] = [];
      const subscription = client.subscribeToAll({
        filter: streamNameFilter({ prefixes: ['order-', 'pool-'], maxSearchWindow: 2, checkpointInterval: 2, checkpointReached: (_, { commit }) => void places.push(commit) }),
      });
      const events: Seen[] = [];
      for await (const { event } of subscription) {
        events.push(event!);
        if (event!.streamId === 'pool-1' && event!.revision === 1n) break;
      }
      expect(told(events)).toEqual(['order-1@0', 'order-1@1', 'order-1@2', 'order-1@3', 'order-1@4', 'order-1@5', 'pool-1@0', 'pool-1@1']);
      const ours = await readToEnd(house.store);
      expect(places).toEqual([ours[3]!.position, ours[7]!.position].map(BigInt));
    });

    it('to all by event types and by pattern, from behind a position, from the end', async () => {
      await fill();
      await house.store.append({ stream: 'order-2', expected: NO_STREAM, events: [{ ...anAppend('order-2', NO_STREAM, 'typed').events[0]!, type: 'order.Placed.v1' }] });
      await house.store.durable(house.store.head());
      const ours = await readToEnd(house.store);
      const first = async (options: Parameters<EventStoreDBClient['subscribeToAll']>[0]): Promise<string[]> => {
        for await (const { event } of client.subscribeToAll(options)) return told([event!]);
        return [];
      };
      expect(await first({ filter: eventTypeFilter({ prefixes: ['order.'] }) })).toEqual(['order-2@0']);
      expect(await first({ filter: eventTypeFilter({ regex: '^order\\.Pl' }) })).toEqual(['order-2@0']);
      expect(await first({ filter: streamNameFilter({ regex: '^pool' }) })).toEqual(['pool-1@0']);
      expect(await first({ filter: excludeSystemEvents() })).toEqual(['order-1@0']);
      expect(await first({ filter: streamNameFilter({ regex: '^(?!(\\$.+$|order.*$))' }) })).toEqual(['pool-1@0']);
      await expect(first({ filter: streamNameFilter({ regex: '^(?!a)b(c)' }) })).rejects.toThrow('RE2');
      const commit = BigInt(ours[0]!.position);
      expect(await first({ fromPosition: { commit, prepare: commit } })).toEqual(['order-1@1']);
      const fromEnd = first({ fromPosition: END });
      await systemClock().sleep(100);
      await house.store.append(anAppend('order-3', NO_STREAM, 'new'));
      expect(await fromEnd).toEqual(['order-3@0']);
    });
  });

  describe('appending', () => {
    it('needs the revision that the stream has; any is refused', async () => {
      expect(await client.appendToStream('order-1', proposed(), { expectedRevision: NONE })).toMatchObject({ success: true, nextExpectedRevision: 0n });
      expect(await client.appendToStream('order-1', [proposed(), proposed()], { expectedRevision: 0n })).toMatchObject({ success: true, nextExpectedRevision: 2n });
      expect(await client.appendToStream('order-1', proposed(), { expectedRevision: STREAM_EXISTS })).toMatchObject({ nextExpectedRevision: 3n });
      await expect(client.appendToStream('order-1', proposed(), { expectedRevision: ANY })).rejects.toThrow();
      await expect(client.appendToStream('order-2', proposed(), { expectedRevision: STREAM_EXISTS })).rejects.toBeInstanceOf(WrongExpectedVersionError);
      expect(await house.store.revisionOf('order-1')).toBe(3);
      expect(await house.store.revisionOf('order-2')).toBe(NO_STREAM);
    });

    // The client appends in batches where the server can and no credentials are given with the call.
    it.each([['in a batch', {}], ['in a call of its own', { credentials: { username: 'a', password: 'b' } }]])('%s tells both revisions when they differ', async (_, how) => {
      await client.appendToStream('order-1', [proposed(), proposed()], { expectedRevision: NONE, ...how });
      const wrong = client.appendToStream('order-1', proposed(), { expectedRevision: 7n, ...how });
      await expect(wrong).rejects.toBeInstanceOf(WrongExpectedVersionError);
      await expect(wrong).rejects.toMatchObject({ streamName: 'order-1', expectedVersion: 7n, actualVersion: 1n });
      await expect(client.appendToStream('order-1', proposed(), { expectedRevision: NONE, ...how })).rejects.toMatchObject({ expectedVersion: 'no_stream', actualVersion: 1n });
      await expect(client.appendToStream('order-2', proposed(), { expectedRevision: 0n, ...how })).rejects.toMatchObject({ actualVersion: 'no_stream' });
      const big = [proposed('test.Big.v1', { text: 'x'.repeat(600_000) }), proposed('test.Big.v1', { text: 'y'.repeat(600_000) })];
      await expect(client.appendToStream('order-3', big, { expectedRevision: NONE, ...how })).rejects.toBeInstanceOf(MaxAppendSizeExceededError);
      expect(await house.store.revisionOf('order-3')).toBe(NO_STREAM);
    });

    it('recognises the same append again', async () => {
      const same = proposed();
      const once = await client.appendToStream('order-1', same, { expectedRevision: NONE });
      await client.appendToStream('order-1', proposed(), { expectedRevision: 0n });
      expect(await client.appendToStream('order-1', same, { expectedRevision: NONE })).toEqual(once);
      expect(await house.store.revisionOf('order-1')).toBe(1);
    });

    it('takes a client’s metadata where it is ours, fills in what is missing, and refuses what would be lost', async () => {
      const event = jsonEvent({ type: 't', data: {}, metadata: { $correlationId: 'ord_9', occurredAt: '2020-01-02T03:04:05.000Z', pub: 3, epoch: 77, recordedAt: '1999-01-01T00:00:00.000Z', leaf: 'ff' } });
      await client.appendToStream('order-1', [event, proposed()], { expectedRevision: NONE });
      const [one, two] = await house.store.readStream('order-1', { max: 2 });
      expect(one).toMatchObject({ correlation: 'ord_9', causation: '', principal: 'tests', occurredAt: Date.UTC(2020, 0, 2, 3, 4, 5), pub: 3, epoch: house.store.epoch });
      expect([two!.correlation, two!.principal]).toEqual(['', 'tests']);
      expect(Math.abs(two!.recordedAt - two!.occurredAt)).toBeLessThan(60_000);
      await expect(client.appendToStream('order-2', jsonEvent({ type: 't', data: {}, metadata: { mine: 1 } }), { expectedRevision: NONE })).rejects.toThrow();
      expect(await house.store.revisionOf('order-2')).toBe(NO_STREAM);
    });

    it('never deletes, and never writes to a stream of the system', async () => {
      await fill();
      await expect(client.deleteStream('order-1')).rejects.toBeInstanceOf(AccessDeniedError);
      await expect(client.tombstoneStream('order-1')).rejects.toBeInstanceOf(AccessDeniedError);
      await expect(client.setStreamMetadata('order-1', { maxCount: 1 }, { expectedRevision: NONE })).rejects.toBeInstanceOf(AccessDeniedError);
      expect(await house.store.revisionOf('order-1')).toBe(5);
    });
  });

  it('is found by clients that look for a cluster', async () => {
    await fill();
    const finder = EventStoreDBClient.connectionString(`esdb+discover://127.0.0.1:${house.door.port}?tls=false&maxDiscoverAttempts=1`);
    expect(await all(finder.readStream('order-1', { maxCount: 1 }))).toHaveLength(1);
    await finder.dispose();
  });

  it('tells followers when it closes, and does not wait for them', async () => {
    const subscription = client.subscribeToAll();
    await new Promise((resolve) => subscription.on('confirmation', resolve));
    subscription.resume();
    const ended = new Promise<Error>((resolve) => subscription.on('error', resolve));
    await house.door.close();
    expect(await ended).toMatchObject({ type: 'unavailable' });
  });
});

const timeOf = (text: unknown): Instant => parseRfc3339(String(text))!;

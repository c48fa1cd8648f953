import { eventCodec, int, record, text } from '@vouchsafe/codec';
import { type EventStore, memoryStore, NO_STREAM, type Position } from '@vouchsafe/event-store';
import type { Message } from '@vouchsafe/kernel';
import { bind, compareCollections, type Projection, type ProjectionRunner, startProjections } from '@vouchsafe/read-store';
import { eventIdOf, silentLog, systemClock, systemRandom } from '@vouchsafe/runtime';
import { describeReal, type MongoServers, startMongo } from '@vouchsafe/test-servers';
import { type MongoReadStore, mongoReadStore } from './mongo-read-store.js';

type Event = Message<'Opened', { readonly owner: string }> | Message<'Added', { readonly amount: number }> | Message<'Closed'>;
const codec = eventCodec<Event>('till', {
  Opened: { version: 1, shape: record({ owner: text() }) },
  Added: { version: 1, shape: record({ amount: int }) },
  Closed: { version: 1, shape: record({}) },
});
type Card = { readonly owner: string; readonly sum: bigint };
const card: Projection<Event, Card> = {
  collection: { name: 'card', indexes: [{ fields: ['owner'] }] },
  idsOf: (_event, { stream }) => [stream],
  apply: (value, event) => {
    switch (event.type) {
      case 'Opened': return { owner: event.owner, sum: 0n };
      case 'Added': return value && { ...value, sum: value.sum + BigInt(event.amount) };
      case 'Closed': return undefined;
    }
  },
};
/** One document that all streams feed. */
const total: Projection<Event, { readonly sum: bigint }> = {
  collection: { name: 'total', indexes: [] },
  idsOf: (event) => (event.type === 'Added' ? ['all'] : []),
  apply: (value, event) => (event.type === 'Added' ? { sum: (value?.sum ?? 0n) + BigInt(event.amount) } : value),
};
const bound = [bind(card, codec, ['till']), bind(total, codec, ['till'])] as const;
const TILLS = 40;

describeReal(['MongoDB'], 'projections on MongoDB', () => {
  const clock = systemClock();
  const names = { next: 0 };
  let servers: MongoServers;
  const runners: ProjectionRunner[] = [];
  const stores: MongoReadStore[] = [];
  beforeAll(async () => {
    servers = await startMongo({ members: 1, own: true });
  });
  afterEach(async () => {
    for (const runner of runners.splice(0)) await runner.stop();
    for (const store of stores.splice(0)) await store.close();
  });
  afterAll(() => servers?.stop());

  const open = (database: string): MongoReadStore => {
    const store = mongoReadStore({ uri: servers.uri, database, indexes: 'apply', clock, random: systemRandom(), log: silentLog });
    stores.push(store);
    return store;
  };
  const start = async (store: EventStore, readStore: MongoReadStore): Promise<ProjectionRunner> => {
    const runner = await startProjections({ name: 'till', store, readStore, log: silentLog, clock, projections: bound });
    runners.push(runner);
    return runner;
  };
  let commands = 0;
  const append = async (store: EventStore, till: number, ...events: readonly Event[]): Promise<void> => {
    const stream = `till-${till}`;
    await store.append({
      stream, expected: (await store.revisionOf(stream)) ?? NO_STREAM,
      events: events.map((event) => ({
        id: eventIdOf(`command-${commands++}`, 0), occurredAt: clock.now(), correlation: stream, causation: 'c', principal: 'pri_x', ...codec.encode(event),
      })),
    });
  };
  const fill = async (store: EventStore, rounds: number): Promise<bigint> => {
    let sum = 0n;
    for (let round = 0; round < rounds; round++) {
      for (let till = 0; till < TILLS; till++) {
        if ((await store.readStream(`till-${till}`, { max: 1 })).length === 0) await append(store, till, { type: 'Opened', owner: `o${till % 3}` });
        await append(store, till, { type: 'Added', amount: till + round });
        sum += BigInt(till + round);
      }
    }
    return sum;
  };
  /** Built in one go, in a database of its own, from the same log. */
  const goldenOf = async (store: EventStore): Promise<MongoReadStore> => {
    const golden = open(`golden_${++names.next}`);
    await (await start(store, golden)).caughtUp();
    return golden;
  };
  const expectGolden = async (store: EventStore, readStore: MongoReadStore): Promise<void> => {
    const golden = await goldenOf(store);
    for (const { collection } of [card, total]) {
      expect(await compareCollections(await golden.collection(collection), await readStore.collection(collection))).toMatchObject({ equal: true, differences: [] });
    }
    expect(await (await readStore.collection<Card>(card.collection)).count()).toBeGreaterThanOrEqual(TILLS - 1);
  };

  it('applied twice give the same documents as once', async () => {
    const store = memoryStore(clock);
    const sum = await fill(store, 5);
    await append(store, 3, { type: 'Closed' });
    const database = `twice_${++names.next}`;
    const first = open(database);
    await (await start(store, first)).caughtUp();
    for (const runner of runners.splice(0)) await runner.stop();
    const readStore = open(database);
    await readStore.saveCheckpoint('till', -1 as Position);
    await (await start(store, readStore)).caughtUp();
    expect(await (await readStore.collection<Card>(card.collection)).count()).toBe(TILLS - 1);
    expect((await (await readStore.collection<{ sum: bigint }>(total.collection)).get('all'))?.value.sum).toBe(sum);
    await expectGolden(store, readStore);
  });

  it('are built anew beside the live ones, compared, and switched', async () => {
    const store = memoryStore(clock);
    await fill(store, 3);
    const readStore = open(`rebuild_${++names.next}`);
    const runner = await start(store, readStore);
    await runner.caughtUp();
    expect(await runner.rebuild('card')).toEqual({ equal: true, documents: TILLS, differences: [] });
    const cards = await readStore.collection<Card>(card.collection);
    await cards.write([{ id: 'till-7', value: { owner: 'a lie', sum: 1n }, revisions: { 'till-7': 99 } }]);
    expect(await runner.rebuild('card')).toMatchObject({ equal: false, differences: [expect.stringContaining('till-7')] });
    await fill(store, 1);
    await runner.caughtUp();
    expect(await readStore.collectionNames()).toEqual(['card', 'halted_till', 'total']);
    expect((await cards.get('till-7'))?.value).toEqual({ owner: 'o1', sum: BigInt(7 * 4 + 0 + 1 + 2 + 0) });
    await expectGolden(store, readStore);
  });

  it('go on by themselves when the server was killed, and are built anew when its data is lost', async () => {
    const store = memoryStore(clock);
    const readStore = open(`killed_${++names.next}`);
    const runner = await start(store, readStore);
    await fill(store, 2);
    await servers.kill(0);
    await fill(store, 2);
    await servers.restart(0);
    await fill(store, 1);
    await runner.caughtUp();
    await expectGolden(store, readStore);

    for (const one of runners.splice(0)) await one.stop();
    await servers.stop();
    servers = await startMongo({ members: 1, own: true });
    const afresh = open(`killed_${++names.next}`);
    await (await start(store, afresh)).caughtUp();
    await expectGolden(store, afresh);
  });
});

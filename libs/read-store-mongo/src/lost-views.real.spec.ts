import { type EventStore, memoryStore, NO_STREAM } from '@vouchsafe/event-store';
import type { Message } from '@vouchsafe/kernel';
import { eventCodec, int, record } from '@vouchsafe/codec';
import { bind, type Projection, type ProjectionRunner, startProjections } from '@vouchsafe/read-store';
import { eventIdOf, silentLog, systemClock, systemRandom } from '@vouchsafe/runtime';
import { describeReal, type MongoServers, startMongo } from '@vouchsafe/test-servers';
import { mongo } from 'mongoose';
import { type MongoReadStore, mongoReadStore } from './mongo-read-store.js';

type Added = Message<'Added', { readonly amount: number }>;
const codec = eventCodec<Added>('till', { Added: { version: 1, shape: record({ amount: int }) } });
type Till = { readonly sum: number; readonly owner: string };
const tills: Projection<Added, Till> = {
  collection: { name: 'tills', indexes: [{ fields: ['owner'] }] },
  idsOf: (_, { stream }) => [stream],
  apply: (value, { amount }) => ({ sum: (value?.sum ?? 0) + amount, owner: 'a' }),
};
const LOOK_MS = 50;
const PATIENCE_MS = 60_000;

describeReal(['MongoDB'], 'views that are lost under a running service', () => {
  const clock = systemClock();
  let servers: MongoServers;
  let client: mongo.MongoClient;
  let store: EventStore;
  let database: string;
  let next = 0;
  const open: { stop?(): Promise<void>; close?(): Promise<void> }[] = [];
  beforeAll(async () => {
    servers = await startMongo({ members: 1 });
    client = await new mongo.MongoClient(servers.uri).connect();
  });
  afterAll(async () => {
    await client?.close();
    await servers?.stop();
  });
  beforeEach(() => {
    store = memoryStore(clock);
    database = `lost_${process.pid}_${++next}`;
  });
  afterEach(async () => {
    for (const one of open.splice(0).reverse()) await (one.stop ?? one.close)?.call(one);
    await client.db(database).dropDatabase();
  });

  type Replica = { readonly readStore: MongoReadStore; readonly runner: ProjectionRunner };
  const replica = async (): Promise<Replica> => {
    const readStore = mongoReadStore({ uri: servers.uri, database, indexes: 'apply', clock, random: systemRandom(), log: silentLog, lookMs: LOOK_MS });
    open.push(readStore);
    const runner = await startProjections({ name: 'till', store, readStore, log: silentLog, clock, projections: [bind(tills, codec, ['till'])] });
    open.push(runner);
    return { readStore, runner };
  };
  let commands = 0;
  const add = async (till: number, amount: number): Promise<void> => {
    const stream = `till-${till}`;
    await store.append({
      stream, expected: (await store.revisionOf(stream)) ?? NO_STREAM,
      events: [{ id: eventIdOf(`command-${commands++}`, 0), occurredAt: clock.now(), correlation: stream, causation: 'c', principal: 'pri_x', ...codec.encode({ type: 'Added', amount }) }],
    });
  };
  const sums = async ({ readStore }: Replica): Promise<Readonly<Record<string, number>>> =>
    Object.fromEntries((await (await readStore.collection<Till>(tills.collection)).find({ limit: 99 })).map(({ id, value }) => [id, value.sum]));
  /** Asks again until the answer is that, or much time has gone. */
  const soon = async <T>(ask: () => Promise<T>, wanted: T): Promise<void> => {
    const until = clock.monotonicMs() + PATIENCE_MS;
    const answer = (): Promise<T | string> => ask().catch((error: Error) => error.message);
    while (JSON.stringify(await answer()) !== JSON.stringify(wanted) && clock.monotonicMs() < until) await clock.sleep(LOOK_MS);
    expect(await answer()).toEqual(wanted);
  };
  const filled = async (replicas = 1): Promise<readonly Replica[]> => {
    for (const till of [1, 2, 3]) await add(till, till);
    const all: Replica[] = [];
    for (let i = 0; i < replicas; i++) all.push(await replica());
    for (const { runner } of all) await runner.caughtUp();
    return all;
  };
  const whole = { 'till-1': 1, 'till-2': 2, 'till-3': 13 };

  it('are built anew when their database was dropped, though events go on; indexes too', async () => {
    const [one] = await filled();
    await client.db(database).dropDatabase();
    await add(3, 10); // alone, it would make a till of 10
    await soon(() => sums(one!), whole);
    const indexes = await client.db(database).collection('views.tills').indexes();
    expect(indexes.map(({ name }) => name)).toEqual(expect.arrayContaining(['deleted', 'owner']));
    await soon(async () => one!.readStore.rebuilding(), []);
    expect(one!.runner.stats().failing).toBeUndefined();
  });

  it('take what lay beside them along: it has its indexes again', async () => {
    const [one] = await filled();
    const beside = await one!.readStore.collection<{ readonly pub: number }>({ name: 'consumed', indexes: [] });
    await client.db(database).dropDatabase();
    await beside.write([{ id: 'a', value: { pub: 1 }, revisions: { pub: 1 } }]);
    await add(3, 10);
    await soon(() => sums(one!), whole);
    expect((await client.db(database).collection('views.consumed').indexes()).map(({ name }) => name)).toContain('deleted');
    expect((await beside.get('a'))?.value.pub).toBe(1);
  });

  it('are built anew when one collection was dropped', async () => {
    const [one] = await filled();
    await client.db(database).collection('views.tills').drop();
    await add(3, 10);
    await soon(() => sums(one!), whole);
  });

  it('are built anew when they were put back to an earlier state', async () => {
    const [one] = await filled();
    const checkpoints = client.db(database).collection<{ _id: string; position: number }>('checkpoints');
    await checkpoints.updateOne({ _id: 'projections/till' }, { $set: { position: 0 } });
    await client.db(database).collection('views.tills').deleteMany({});
    await add(3, 10);
    await soon(() => sums(one!), whole);
  });

  it('are built anew by replicas together', async () => {
    const both = await filled(2);
    await client.db(database).dropDatabase();
    await add(3, 10);
    for (const one of both) await soon(() => sums(one), whole);
    await add(1, 100);
    for (const one of both) await soon(() => sums(one), { ...whole, 'till-1': 101 });
    for (const one of both) await soon(async () => one.readStore.rebuilding(), []);
  });

  it('are told of, and not shown, until they are whole', async () => {
    await add(1, 1);
    const { readStore, runner } = await replica();
    await runner.caughtUp();
    const shown = await readStore.collection<Till>(tills.collection);
    await client.db(database).dropDatabase();
    const seen = new Set<string>();
    const until = clock.monotonicMs() + PATIENCE_MS;
    while (!seen.has('READ_STORE_REBUILDING') && clock.monotonicMs() < until) {
      seen.add(await shown.get('till-1').then((found) => (found ? 'there' : 'absent'), (error: { code: string }) => error.code));
      if (readStore.rebuilding().length > 0) expect(runner.stats().failing).toMatchObject({ code: 'READ_STORE_REBUILDING' });
    }
    expect(seen).toContain('READ_STORE_REBUILDING');
    await soon(async () => (await shown.get('till-1'))?.value.sum, 1);
  });

  it('are not lost where a service has opened its collections before they are filled', async () => {
    const early = mongoReadStore({ uri: servers.uri, database, indexes: 'apply', clock, random: systemRandom(), log: silentLog, lookMs: LOOK_MS });
    open.push(early);
    await early.collection(tills.collection);
    const identity = async (): Promise<string> => JSON.stringify((await client.db(database).listCollections({ name: 'views.tills' }).toArray()).map((one) => ('info' in one ? one.info : undefined)));
    const before = await identity();
    await add(1, 1);
    const one = await replica();
    await soon(() => sums(one), { 'till-1': 1 });
    expect(await identity()).toBe(before);
  });

  it('that another process left half built are built anew at the start', async () => {
    const [one] = await filled();
    await one!.runner.stop();
    open.splice(open.indexOf(one!.runner), 1);
    await client.db(database).collection('generations').deleteMany({});
    await client.db(database).collection<{ _id: string }>('views.tills').deleteOne({ _id: 'till-2' });
    await add(3, 10);
    await soon(async () => sums(await replica()), whole);
  });
});

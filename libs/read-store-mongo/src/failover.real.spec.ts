import type { Position } from '@vouchsafe/event-store';
import type { CollectionSpec } from '@vouchsafe/read-store';
import { describeReadStoreContract, type ReadStoreUnderTest } from '@vouchsafe/read-store/testing';
import { silentLog, systemClock, systemRandom } from '@vouchsafe/runtime';
import { describeReal, type MongoServers, startMongo } from '@vouchsafe/test-servers';
import { mongo } from 'mongoose';
import { type MongoReadStore, mongoReadStore } from './mongo-read-store.js';

const spec: CollectionSpec = { name: 'card', indexes: [{ fields: ['at'] }] };
const names = { next: 0 };
const STILL_MS = 5_000;

describeReal(['MongoDB'], 'a replica set of three whose primary', () => {
  let servers: MongoServers;
  const open = (database = `failover_${++names.next}`): MongoReadStore =>
    mongoReadStore({ uri: servers.uri, database, indexes: 'apply', clock: systemClock(), random: systemRandom(), log: silentLog });
  beforeAll(async () => {
    servers = await startMongo({ members: 3 });
  });
  afterAll(() => servers?.stop());

  const primary = async (): Promise<number> => {
    const client = new mongo.MongoClient(servers.uri);
    try {
      const { me } = await client.db('admin').command({ hello: 1 }) as unknown as { me: string };
      return servers.endpoints.indexOf(me);
    } finally {
      await client.close();
    }
  };

  it.each([
    ['is killed', (index: number) => servers.kill(index), (index: number) => servers.restart(index)],
    ['stands still for longer than an election takes', async (index: number) => {
      servers.pause(index);
      await systemClock().sleep(STILL_MS);
      servers.resume(index);
    }, async () => {}],
  ])('%s: nothing that was answered is lost, and no caller sees an error', async (_how, hurt, heal) => {
    const store = open();
    try {
      const cards = await store.collection<{ at: number }>(spec);
      const answered: string[] = [];
      let hurting = false;
      const work = async (writer: number): Promise<void> => {
        for (let n = 0; n < 40 || !hurting; n++) {
          const id = `${writer}_${n}`;
          await cards.write([{ id, value: { at: n }, revisions: { s: n } }, { id: 'shared', value: { at: n }, revisions: { [`w${writer}`]: n } }]);
          answered.push(id);
          await store.saveCheckpoint(`w${writer}`, n as Position);
          // What was answered is seen by the next read, whoever is primary by then.
          expect((await cards.get(id))?.value.at).toBe(n);
          expect((await cards.get('shared'))?.revisions[`w${writer}`]).toBe(n);
        }
      };
      const working = Promise.all([0, 1, 2, 3].map(work));
      const dead = await primary();
      await hurt(dead);
      hurting = true;
      await working;
      await heal(dead);
      expect((await cards.getMany(answered)).size).toBe(answered.length);
      expect(await cards.count({ at: { gte: 0 } })).toBe(answered.length + 1);
    } finally {
      await store.close();
    }
  });

  describe('has died and come back', () => {
    beforeAll(async () => {
      const dead = await primary();
      await servers.kill(dead);
      await servers.restart(dead);
    });
    const make = async (): Promise<ReadStoreUnderTest> => {
      const store = open();
      return { store, close: () => store.close() };
    };
    describeReadStoreContract('MongoDB after a fail-over', make);
  });
});

describeReal(['MongoDB'], 'an answer of MongoDB that is lost', () => {
  let servers: MongoServers;
  let store: MongoReadStore;
  beforeAll(async () => {
    servers = await startMongo({ members: 1, own: true });
  });
  afterAll(() => servers?.stop());
  beforeEach(() => {
    store = mongoReadStore({ uri: servers.uri, database: `lost_${++names.next}`, indexes: 'apply', clock: systemClock(), random: systemRandom(), log: silentLog });
  });
  afterEach(() => store.close());
  /** The command is done, then the server says that it does not know whether a majority has it. */
  const lose = async (command: string, times: number): Promise<void> => {
    const client = new mongo.MongoClient(servers.uri);
    try {
      await client.db('admin').command({ configureFailPoint: 'failCommand', mode: { times }, data: { failCommands: [command], writeConcernError: { code: 91, errmsg: 'going down' } } });
    } finally {
      await client.close();
    }
  };

  it('leaves a write done once', async () => {
    const cards = await store.collection<{ at: number }>(spec);
    await lose('update', 2);
    await cards.write([{ id: 'a', value: { at: 1 }, revisions: { s: 1 } }, { id: 'a', value: { at: 2 }, revisions: { s: 2 } }, { id: 'b', value: undefined, revisions: { s: 1 } }]);
    expect(await cards.get('a')).toEqual({ id: 'a', value: { at: 2 }, revisions: { s: 2 } });
    expect(await cards.count()).toBe(1);
  });

  it('leaves a collection replaced once', async () => {
    const cards = await store.collection<{ at: number }>(spec);
    const fresh = await store.collection<{ at: number }>({ ...spec, name: 'fresh' });
    await cards.write([{ id: 'a', value: { at: 1 }, revisions: { s: 1 } }]);
    await fresh.write([{ id: 'b', value: { at: 2 }, revisions: { s: 1 } }]);
    await lose('renameCollection', 1);
    await store.replaceCollection('card', 'fresh');
    expect((await cards.find({ limit: 9 })).map(({ id }) => id)).toEqual(['b']);
    expect(await store.collectionNames()).toEqual(['card']);
    await expect(store.replaceCollection('card', 'fresh')).rejects.toThrow('exists');
  });

  it('leaves a collection dropped, its indexes made', async () => {
    await lose('create', 1);
    await store.collection(spec);
    await lose('createIndexes', 1);
    await store.collection({ ...spec, indexes: [...spec.indexes, { fields: ['name'] }] });
    await lose('drop', 1);
    await store.dropCollection('card');
    expect(await store.collectionNames()).toEqual([]);
  });
});

import type { CollectionSpec, Query } from '@vouchsafe/read-store';
import { silentLog, systemClock, systemRandom } from '@vouchsafe/runtime';
import { describeReal, type MongoServers, startMongo } from '@vouchsafe/test-servers';
import { mongo } from 'mongoose';
import { applyIndexes, mongoReadStore, type MongoReadStore } from './mongo-read-store.js';
import { findPlan } from './query-filter.js';
import { indexedFieldsOf } from './stored-document.js';

const before: CollectionSpec = { name: 'card', indexes: [{ fields: ['owner', 'at'] }] };
const after: CollectionSpec = { name: 'card', indexes: [{ fields: ['owner', 'at'] }, { fields: ['owner', 'tags'] }] };

describeReal(['MongoDB'], 'indexes in MongoDB', () => {
  let servers: MongoServers;
  let client: mongo.MongoClient;
  const stores: MongoReadStore[] = [];
  const database = `indexes_${process.pid}`;
  beforeAll(async () => {
    servers = await startMongo({ members: 1 });
    client = new mongo.MongoClient(servers.uri);
  });
  beforeEach(() => client.db(database).dropDatabase());
  afterAll(async () => {
    for (const store of stores) await store.close();
    await client?.db(database).dropDatabase();
    await client?.close();
    await servers?.stop();
  });
  const options = () => ({ uri: servers.uri, database, clock: systemClock(), random: systemRandom(), log: silentLog });
  const open = (): MongoReadStore => {
    const store = mongoReadStore({ ...options(), indexes: 'check' });
    stores.push(store);
    return store;
  };
  const fill = async (): Promise<void> => {
    const cards = await open().collection(before);
    await cards.write(Array.from({ length: 300 }, (_, i) => ({ id: `d${i}`, value: { owner: `o${i % 3}`, at: i, tags: i % 2 ? ['odd'] : ['even'] }, revisions: { s: 0 } })));
  };

  it('are built by the command, not by a service that starts', async () => {
    await fill();
    await expect(open().collection(after)).rejects.toMatchObject({ code: 'READ_STORE_INDEXES_MISSING', retryable: false });
    expect(await applyIndexes(options(), [after])).toEqual([{ collection: 'card', created: ['owner+tags', 'owner+tags desc'], dropped: [] }]);
    const cards = await open().collection(after);
    expect(await cards.count({ owner: 'o1', tags: { has: 'odd' } })).toBe(50);
    expect(await applyIndexes(options(), [after])).toEqual([{ collection: 'card', created: [], dropped: [] }]);
    expect(await applyIndexes(options(), [before], { dropOthers: true })).toEqual([{ collection: 'card', created: [], dropped: ['owner+tags', 'owner+tags desc'] }]);
  });

  it('are there at once where a collection is new', async () => {
    await open().collection(after);
    await expect(open().collection(after)).resolves.toBeDefined();
  });

  it.each<[string, Query, number]>([
    ['one field, a page in order', { where: { owner: 'o1' }, orderBy: [['at', 'asc']], limit: 10 }, 12],
    ['newest first', { where: { owner: 'o1' }, orderBy: [['at', 'desc']], limit: 10 }, 12],
    ['the next page', { where: { owner: 'o1' }, orderBy: [['at', 'desc']], after: { values: [200], id: 'd200' }, limit: 10 }, 30],
    ['the next page, upwards', { where: { owner: 'o1' }, orderBy: [['at', 'asc']], after: { values: [100], id: 'd100' }, limit: 10 }, 30],
    ['all, by id, the next page', { after: { values: [], id: 'd200' }, limit: 10 }, 12],
    ['a member of a list', { where: { owner: 'o1', tags: { has: 'odd' } }, limit: 100 }, 52],
    ['a range', { where: { owner: 'o1', at: { gte: 30, lt: 60 } }, limit: 100 }, 12],
  ])('serve: %s', async (_name, query, examinedMax) => {
    await fill();
    await applyIndexes(options(), [after]);
    const { filter, sort, limit } = findPlan(indexedFieldsOf(after), query);
    const { executionStats, queryPlanner } = await client.db(database).collection('views.card').find(filter, { sort: new Map(sort), limit }).explain('executionStats');
    expect(JSON.stringify(queryPlanner.winningPlan)).not.toContain('COLLSCAN');
    expect(executionStats.totalDocsExamined).toBeLessThanOrEqual(examinedMax);
  });
});

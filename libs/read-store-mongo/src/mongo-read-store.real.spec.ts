import { systemClock, systemRandom, silentLog } from '@vouchsafe/runtime';
import { describeReadStoreContract, type ReadStoreUnderTest } from '@vouchsafe/read-store/testing';
import { describeReal, type MongoServers, startMongo } from '@vouchsafe/test-servers';
import { type MongoReadStore, mongoReadStore } from './mongo-read-store.js';

const databases = { next: 0 };
const open = (uri: string, database: string): MongoReadStore =>
  mongoReadStore({ uri, database, indexes: 'apply', clock: systemClock(), random: systemRandom(), log: silentLog });

describeReal(['MongoDB'], 'MongoDB as read store', () => {
  let servers: MongoServers;
  beforeAll(async () => {
    servers = await startMongo({ members: 1 });
  });
  afterAll(() => servers?.stop());

  const make = async (): Promise<ReadStoreUnderTest> => {
    const database = `read_store_${process.pid}_${++databases.next}`;
    let store = open(servers.uri, database);
    return {
      store,
      reopen: async () => {
        await store.close();
        store = open(servers.uri, database);
        return store;
      },
      close: () => store.close(),
    };
  };
  describeReadStoreContract('MongoDB', make);
});

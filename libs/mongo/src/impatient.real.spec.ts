import { type Log, silentLog, systemClock, systemRandom } from '@vouchsafe/runtime';
import { describeReal, type MongoServers, startMongo } from '@vouchsafe/test-servers';
import { Mongo } from './mongo.js';

const RECOVERED_MS = 60_000;
const patience = { attemptsMax: 1_000, forMs: 600_000, selectionMs: 200, silenceMs: 5_000 };

describeReal(['MongoDB'], 'whoever has something better to do than to wait for MongoDB', () => {
  let servers: MongoServers;
  beforeAll(async () => {
    servers = await startMongo({ members: 1, own: true });
  });
  afterAll(() => servers?.stop());

  it('is refused once nobody has answered for a while, whatever the patience; and is served when it is back', async () => {
    const clock = systemClock();
    let again = 0;
    const log: Log = { ...silentLog, debug: () => void again++ };
    const ours = new Mongo({ uri: servers.uri, database: 'ours', codes: 'TEST', clock, random: systemRandom(), log, patience, impatientAfterMs: 500 });
    const count = (): Promise<unknown> => ours.run(({ db, session }) => db.collection<{ _id: string }>('counts').updateOne({ _id: 'a' }, { $inc: { n: 1 } }, { upsert: true, session }));
    try {
      await count();
      await servers.kill(0);
      await expect(count()).rejects.toMatchObject({ code: 'TEST_UNREACHABLE', retryable: true });
      const before = again;
      for (let call = 0; call < 20; call++) await expect(count()).rejects.toMatchObject({ code: 'TEST_UNREACHABLE' });
      expect(again).toBe(before); // nobody waited and asked again
      await servers.restart(0);
      const until = clock.monotonicMs() + RECOVERED_MS;
      const isServed = (): Promise<boolean> => count().then(() => true, () => false);
      let served = false;
      while (!served && clock.monotonicMs() < until) {
        served = await isServed();
        await clock.sleep(50);
      }
      expect(served).toBe(true);
    } finally {
      await ours.close();
    }
  });
});

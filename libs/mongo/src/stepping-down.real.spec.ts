import { silentLog, systemClock, systemRandom } from '@vouchsafe/runtime';
import { describeReal, type MongoServers, startMongo } from '@vouchsafe/test-servers';
import { mongo } from 'mongoose';
import { Mongo } from './mongo.js';

const STEPS = 3;
const WRITES_AFTER = 5;

describeReal(['MongoDB'], 'a primary that steps down', () => {
  let servers: MongoServers;
  beforeAll(async () => {
    servers = await startMongo({ members: 1, own: true });
  });
  afterAll(() => servers?.stop());

  it('is worked with again once it is primary, and ends no process', async () => {
    const clock = systemClock();
    const ours = new Mongo({ uri: servers.uri, database: 'ours', codes: 'TEST', clock, random: systemRandom(), log: silentLog });
    const admin = await new mongo.MongoClient(servers.uri, { directConnection: true }).connect();
    let written = 0;
    const write = (): Promise<void> => ours.run(async ({ db, session }) => {
      await db.collection<{ _id: number }>('rows').updateOne({ _id: written }, { $set: { there: true } }, { upsert: true, session });
    });
    try {
      await write();
      for (let step = 0; step < STEPS; step++) {
        // What is asked in between is answered by an error that says how the set stands.
        await admin.db('admin').command({ replSetStepDown: 1, force: true }).catch(() => undefined);
        for (const until = written + WRITES_AFTER; written < until; written++) await write();
      }
      expect(await ours.run(({ db, session }) => db.collection('rows').countDocuments({}, { session }))).toBe(STEPS * WRITES_AFTER);
    } finally {
      await admin.close();
      await ours.close();
    }
  });
});

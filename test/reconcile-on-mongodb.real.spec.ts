import { memoryStore, NO_STREAM } from '@vouchsafe/event-store';
import { reconcileVault } from '@vouchsafe/inventory';
import { Mongo } from '@vouchsafe/mongo';
import { eventIdOf, silentLog, systemClock, systemRandom } from '@vouchsafe/runtime';
import { describeReal, type MongoServers, startMongo } from '@vouchsafe/test-servers';
import { localKeyWrap, type MaintainedCodeVault, type PlainRow } from '@vouchsafe/vault';
import { openMongoCodeVault } from '@vouchsafe/vault-mongo';

const clock = systemClock();
const random = systemRandom();
const codes = (from: number, to: number): PlainRow[] => Array.from({ length: to - from }, (_, i) => ({ line: i + 1, code: `CODE-${from + i}-ABCDEF` }));

describeReal(['MongoDB'], 'a vault in MongoDB, compared with the log', () => {
  const database = `reconcile_${process.pid}`;
  let servers: MongoServers;
  let vault: MaintainedCodeVault;
  beforeAll(async () => {
    servers = await startMongo({ members: 1 });
    vault = await openMongoCodeVault({
      place: { uri: servers.uri, database, indexes: 'apply', clock, random, log: silentLog }, namespace: 'live', wrap: localKeyWrap(Buffer.alloc(32, 7), random), random, clock,
    });
  });
  afterAll(async () => {
    await vault?.close();
    await servers?.stop();
  });

  it('gives up what the log never knew, whose codes block no more, and names what is damaged', async () => {
    const log = memoryStore(clock);
    for (const batchId of ['bat_known', 'bat_damaged']) {
      const event = { id: eventIdOf(batchId, 0), type: 'inventory.BatchPlanned.v1', data: {}, occurredAt: clock.now(), correlation: 'c', causation: 'c', principal: 'pri_x' };
      await log.append({ stream: `batch-${batchId}`, expected: NO_STREAM, events: [event] });
    }
    const seal = async (batchId: string, rows: readonly PlainRow[]): Promise<number> => {
      await vault.begin({ batchId, importId: `imp_${batchId}`, uses: 1 });
      return (await vault.seal(batchId, rows, { line: rows.length, refusals: [] })).sealed;
    };
    expect([await seal('bat_known', codes(0, 50)), await seal('bat_damaged', codes(50, 100)), await seal('bat_ahead', codes(100, 150))]).toEqual([50, 50, 50]);
    expect(await seal('bat_again', codes(100, 150))).toBe(0); // rows ahead of the log sell nothing, but block
    await vault.abort('bat_again');

    const mongo = new Mongo({ uri: servers.uri, database, codes: 'TEST', clock, random, log: silentLog });
    try {
      await mongo.run(async ({ db }) => {
        const { no } = (await db.collection<{ _id: string; no: number }>('batches').findOne({ _id: 'bat_damaged' }))!;
        await db.collection('blocks').updateOne({ b: no }, { $set: { body: Buffer.alloc(64) } });
      });
    } finally {
      await mongo.close();
    }

    expect(await reconcileVault(log, vault)).toEqual({ checked: 4, abandoned: ['bat_ahead'], damaged: ['bat_damaged'] });
    expect(await seal('bat_later', codes(100, 150))).toBe(50);
    expect(await reconcileVault(log, vault)).toMatchObject({ abandoned: ['bat_later'], damaged: ['bat_damaged'] });
  });
});

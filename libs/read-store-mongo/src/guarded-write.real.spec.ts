import { describeReal, type MongoServers, startMongo } from '@vouchsafe/test-servers';
import { mongo } from 'mongoose';
import { type Documents, guardedOf, writeGuarded } from './guarded-write.js';
import type { StoredDocument } from './stored-document.js';

const ROUNDS = 500;
const WRITERS = [0, 1, 2, 3];

/** What a reader of the manual would write: 11000 means that a newer one is there. */
const takenForStale = async (documents: Documents, id: string, revision: number): Promise<void> => {
  const { filter, update } = guardedOf({ id, value: { at: revision }, revisions: { s: revision } })!;
  try {
    await documents.updateOne(filter, update, { upsert: true });
  } catch (error) {
    if ((error as { code?: unknown }).code !== 11000) throw error;
  }
};

describeReal(['MongoDB'], 'a guarded upsert in MongoDB', () => {
  let servers: MongoServers;
  let client: mongo.MongoClient;
  let documents: Documents;
  beforeAll(async () => {
    servers = await startMongo({ members: 1 });
    client = new mongo.MongoClient(servers.uri, { maxPoolSize: 8 });
    documents = client.db(`guarded_write_${process.pid}`).collection<StoredDocument>('views.card');
  });
  afterAll(async () => {
    await client?.db(`guarded_write_${process.pid}`).dropDatabase();
    await client?.close();
    await servers?.stop();
  });

  /** Rounds in which the newest of four first writers was lost. */
  const lostBy = async (kind: string, write: (id: string, revision: number) => Promise<void>): Promise<number> => {
    let lost = 0;
    for (let round = 0; round < ROUNDS; round++) {
      const id = `${kind}_${round}`;
      await Promise.all(WRITERS.map((revision) => write(id, (revision + round) % WRITERS.length)));
      const found = await documents.findOne({ _id: id });
      if (found?.v?.['at'] !== WRITERS.length - 1) lost++;
    }
    return lost;
  };

  it('that answers "duplicate key" is not stale: taken so, first writers at once lose the newest revision', async () => {
    expect(await lostBy('naive', (id, revision) => takenForStale(documents, id, revision))).toBeGreaterThan(0);
  });

  it('repeated without upsert loses none', async () => {
    const write = (id: string, revision: number): Promise<void> =>
      client.withSession((session) => writeGuarded(documents, [guardedOf({ id, value: { at: revision }, revisions: { s: revision } })!], session));
    expect(await lostBy('repeated', write)).toBe(0);
  });
});

import { MongoClient } from 'mongodb';

/** Loses databases. How many there were. */
export const dropViews = async (uri: string, databases: readonly string[]): Promise<number> => {
  const client = new MongoClient(uri);
  try {
    await client.connect();
    const { databases: known } = await client.db('admin').admin().listDatabases({ nameOnly: true });
    const there = databases.filter((name) => known.some((one) => one.name === name));
    for (const name of there) await client.db(name).dropDatabase();
    return there.length;
  } finally {
    await client.close();
  }
};

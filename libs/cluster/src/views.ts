import { type Db, type Document, MongoClient } from 'mongodb';

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

const PAGE = 1_000;
/** Copies all databases whose names begin so onto another server, documents and indexes, as somebody would who clones a deployment. */
export const copyDatabases = async (from: string, to: string, prefix: string): Promise<void> => {
  const [source, target] = [new MongoClient(from, { promoteBuffers: true, useBigInt64: true }), new MongoClient(to)];
  try {
    await Promise.all([source.connect(), target.connect()]);
    const { databases } = await source.db('admin').admin().listDatabases({ nameOnly: true });
    for (const { name } of databases.filter((one) => one.name.startsWith(prefix))) await copyDatabase(source.db(name), target.db(name));
  } finally {
    await Promise.all([source.close(), target.close()]);
  }
};

const copyDatabase = async (source: Db, target: Db): Promise<void> => {
  for (const { name } of await source.listCollections({}, { nameOnly: true }).toArray()) {
    await target.createCollection(name);
    const indexes = (await source.collection(name).indexes()).filter((index) => index.name !== '_id_').map(({ v: _, ...index }) => index);
    if (indexes.length > 0) await target.collection(name).createIndexes(indexes);
    let page: Document[] = [];
    const put = async (): Promise<void> => {
      if (page.length > 0) await target.collection(name).insertMany(page, { writeConcern: { w: 'majority' } });
      page = [];
    };
    for await (const document of source.collection(name).find({}, { batchSize: PAGE })) if (page.push(document) >= PAGE) await put();
    await put();
  }
};

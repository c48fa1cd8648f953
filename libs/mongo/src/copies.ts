import { createReadStream } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { Fault } from '@vouchsafe/kernel';
import type { Namespace } from '@vouchsafe/runtime';
import { mongo } from 'mongoose';
import type { Mongo } from './mongo.js';

/** First line of a copy. */
type Header = { readonly copyOf: string; readonly version: 1; readonly namespace: Namespace };
type Line = { readonly c: string; readonly d: mongo.Document };
const { EJSON } = mongo.BSON;
const INSERTED_AT_ONCE = 500;
const BATCH = 1_000;

/** What is copied: said in the first line, so that nothing is put back as something else. */
export type CopyOf = { readonly what: string; readonly namespace: Namespace; readonly collections: readonly string[] };

/** Writes collections as they were at one instant: a line of Extended JSON per document; what was sealed stays sealed. The file must not exist. */
export const copyTo = (database: Mongo, { what, namespace, collections }: CopyOf, file: string): Promise<void> =>
  database.run(async ({ client, db }) => {
    const snapshot = client.startSession({ snapshot: true });
    const out = await open(file, 'w', 0o600); // an attempt begins anew
    try {
      await out.write(`${JSON.stringify({ copyOf: what, version: 1, namespace } satisfies Header)}\n`);
      for (const name of collections) {
        const documents = db.collection(name, { readConcern: { level: 'snapshot' } }).find({}, { session: snapshot, batchSize: BATCH });
        for await (const document of documents) await writeLine(out, { c: name, d: document });
      }
      await out.sync();
    } finally {
      await out.close();
      await snapshot.endSession();
    }
  });
const writeLine = async (out: FileHandle, line: Line): Promise<void> => {
  await out.write(`${EJSON.stringify(line, { relaxed: false })}\n`);
};

/** Puts a copy into an empty database. Faults, not retryable: `COPY_TARGET_NOT_EMPTY`, `COPY_WRONG` (of something else, or cut off). */
export const restoreCopy = async (database: Mongo, { what, namespace, collections }: CopyOf, file: string): Promise<void> => {
  const wrong = (reason: string): Fault => new Fault('COPY_WRONG', `${file} is no copy of the ${what}: ${reason}`, false);
  let header: Header | undefined;
  let waiting: Line[] = [];
  const put = async (): Promise<void> => {
    for (const name of collections) {
      const documents = waiting.filter(({ c }) => c === name).map(({ d }) => d);
      if (documents.length > 0) await database.run(({ db, session }) => db.collection(name).bulkWrite(documents.map((d) => ({ replaceOne: { filter: { _id: d['_id'] }, replacement: d, upsert: true } })), { session }));
    }
    waiting = [];
  };
  for (const name of collections) {
    if (await database.run(({ db, session }) => db.collection(name).findOne({}, { session }))) throw new Fault('COPY_TARGET_NOT_EMPTY', 'a copy is restored into an empty database only', false);
  }
  for await (const text of createInterface({ input: createReadStream(file), crlfDelay: Infinity })) {
    if (!header) {
      header = JSON.parse(text) as Header;
      if (header.copyOf !== what || header.version !== 1 || header.namespace !== namespace) throw wrong('its first line says so');
    } else waiting.push(EJSON.parse(text, { relaxed: false }) as Line);
    if (waiting.length >= INSERTED_AT_ONCE) await put();
  }
  if (!header) throw wrong('it is empty');
  await put();
};

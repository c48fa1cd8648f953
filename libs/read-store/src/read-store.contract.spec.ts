import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLog } from '@vouchsafe/runtime';
import { sqliteReadStore } from './sqlite-read-store.js';
import { describeReadStoreContract, type ReadStoreUnderTest } from './testing/read-store-contract.js';

const inMemory = async (): Promise<ReadStoreUnderTest> => {
  const store = sqliteReadStore({ file: ':memory:', log: silentLog });
  return { store, close: () => store.close() };
};

const inFile = (thread: string | false) => async (): Promise<ReadStoreUnderTest> => {
  const folder = mkdtempSync(join(tmpdir(), 'vouchsafe-read-store-'));
  const open = () => sqliteReadStore({ file: join(folder, 'views.db'), log: silentLog, thread });
  let store = open();
  return {
    store,
    reopen: async () => {
      await store.close();
      store = open();
      return store;
    },
    close: async () => {
      await store.close();
      rmSync(folder, { recursive: true });
    },
  };
};

describeReadStoreContract('SQLite in memory', inMemory);
describeReadStoreContract('SQLite in a file', inFile(false));

const compiled = join(__dirname, '..', 'dist', 'thread', 'views-worker.js');
if (existsSync(compiled)) describeReadStoreContract('SQLite in a file, written by a thread', inFile(compiled));
else it.skip('read store contract: SQLite in a file, written by a thread (not compiled: run `npm run compile`)', () => {});

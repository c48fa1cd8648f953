import { silentLog, systemClock, systemRandom } from '@vouchsafe/runtime';
import { describeReal, type MongoServers, startMongo } from '@vouchsafe/test-servers';
import { describeCodeVaultContract } from '@vouchsafe/vault/testing';
import { openMongoCodeVault } from './mongo-code-vault.js';

const databases = { next: 0 };

describeReal(['MongoDB'], 'MongoDB as vault of codes', () => {
  let servers: MongoServers;
  beforeAll(async () => {
    servers = await startMongo({ members: 1 });
  });
  afterAll(() => servers?.stop());

  describeCodeVaultContract('MongoDB', async () => {
    const database = `codes_${process.pid}_${++databases.next}`;
    const opened: { close(): Promise<void> }[] = [];
    return {
      open: async (options) => {
        const place = { uri: servers.uri, database, indexes: 'apply', clock: systemClock(), random: systemRandom(), log: silentLog } as const;
        const vault = await openMongoCodeVault({ place, ...options });
        opened.push(vault);
        return vault;
      },
      close: async () => {
        for (const vault of opened) await vault.close();
      },
    };
  });
});

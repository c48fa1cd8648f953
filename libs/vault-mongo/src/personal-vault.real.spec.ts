import { silentLog, systemClock, systemRandom } from '@vouchsafe/runtime';
import { describeReal, type MongoServers, startMongo } from '@vouchsafe/test-servers';
import { describePersonalVaultContract } from '@vouchsafe/vault/testing';
import { mongoPersonalVault } from './mongo-personal-vault.js';
import { restoreVault } from './vault-copies.js';

const databases = { next: 0 };

describeReal(['MongoDB'], 'MongoDB as vault of personal data', () => {
  let servers: MongoServers;
  beforeAll(async () => {
    servers = await startMongo({ members: 1 });
  });
  afterAll(() => servers?.stop());

  describePersonalVaultContract('MongoDB', async () => {
    const aPlace = () => ({ uri: servers.uri, database: `personal_${process.pid}_${++databases.next}`, clock: systemClock(), random: systemRandom(), log: silentLog });
    const own = aPlace();
    const opened: { close(): Promise<void> }[] = [];
    return {
      open: async (options) => {
        const vault = await mongoPersonalVault({ place: { ...own, indexes: 'apply' }, ...options });
        opened.push(vault);
        return vault;
      },
      openCopy: async (file, options) => {
        const place = aPlace();
        await restoreVault(place, 'personal', options.namespace, file);
        return mongoPersonalVault({ place: { ...place, indexes: 'check' }, ...options });
      },
      close: async () => {
        for (const vault of opened) await vault.close();
      },
    };
  });
});

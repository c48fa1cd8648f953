import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { copyParked, restoreParked } from '@vouchsafe/parked-mongo';
import { databaseName, SERVICES } from '@vouchsafe/process';
import { mongoReadStore } from '@vouchsafe/read-store-mongo';
import { silentLog, systemClock, systemRandom } from '@vouchsafe/runtime';
import { copyVault, restoreVault, type VaultKind } from '@vouchsafe/vault-mongo';
import type { DistributedPlaces } from './manifest.js';

export type Databases = Pick<DistributedPlaces, 'mongo' | 'database' | 'namespace'>;
const VAULTS: readonly (readonly [service: string, kind: VaultKind])[] = [['inventory', 'codes'], ['access', 'personal']];

/** A database of one of the services. */
export const placeOf = ({ mongo, database, namespace }: Databases, service: string, of?: 'parked' | 'vault') => ({ uri: mongo, database: databaseName(database, namespace, service, of), clock: systemClock(), random: systemRandom(), log: silentLog });
const vaultFile = (service: string): string => path.join('vaults', `${service}.ndjson`);
const parkedFile = (service: string): string => path.join('parked', `${service}.ndjson`);

/** Copies what no replay can rebuild: vaults and parked messages. Names of the files, within `target`. */
export const copyDatabases = async (databases: Databases, target: string): Promise<readonly string[]> => {
  for (const folder of ['vaults', 'parked']) mkdirSync(path.join(target, folder), { recursive: true, mode: 0o700 });
  for (const [service, kind] of VAULTS) await copyVault(placeOf(databases, service, 'vault'), kind, databases.namespace, path.join(target, vaultFile(service)));
  for (const service of SERVICES) await copyParked(placeOf(databases, service, 'parked'), databases.namespace, path.join(target, parkedFile(service)));
  return [...VAULTS.map(([service]) => vaultFile(service)), ...SERVICES.map(parkedFile)];
};

/** Puts it into databases that are empty. Fault `COPY_TARGET_NOT_EMPTY`. */
export const restoreDatabases = async (databases: Databases, from: string): Promise<void> => {
  for (const [service, kind] of VAULTS) await restoreVault(placeOf(databases, service, 'vault'), kind, databases.namespace, path.join(from, vaultFile(service)));
  for (const service of SERVICES) await restoreParked(placeOf(databases, service, 'parked'), databases.namespace, path.join(from, parkedFile(service)));
};

/** Databases of views that hold something: of a log that is about to be put back they tell what it has forgotten. */
export const viewsThere = async (databases: Databases): Promise<readonly string[]> => {
  const there: string[] = [];
  for (const service of SERVICES) {
    const place = placeOf(databases, service);
    const store = mongoReadStore({ ...place, indexes: 'check' });
    try {
      if ((await store.collectionNames()).length > 0) there.push(place.database);
    } finally {
      await store.close();
    }
  }
  return there;
};

import { existsSync } from 'node:fs';
import path from 'node:path';
import { openEmbeddedStore } from '@vouchsafe/event-store';
import { type Reconciled, reconcileVault } from '@vouchsafe/inventory';
import { createIds, type Log, type Namespace, nodeDisk, systemClock, systemRandom } from '@vouchsafe/runtime';
import { fileKeyWrap, type KeyWrap, openCodeVault, rotateKeyFile, sqlitePersonalVault, type SqliteCodeVault } from '@vouchsafe/vault';
import { openLog } from '../audit/open-log.js';
import { CommandFailure, EXIT } from '../speech.js';

export type VaultPlaces = { readonly data: string; readonly keys: string; readonly namespace: Namespace };
const clock = systemClock();
const random = systemRandom();

/** Makes a new key-encryption key and seals the data keys of both vaults under it. The platform must be stopped; interrupted, call it again. */
export const rotateKey = async (places: VaultPlaces, log: Log): Promise<{ readonly sealed: number }> =>
  alone(places, log, async (data, wrap) => {
    const codes = await openCodes(data, places.namespace, wrap, log);
    const personal = await sqlitePersonalVault({ file: path.join(data, 'personal.sqlite'), namespace: places.namespace, keys: wrap, random, ids: createIds(clock, random), clock, log });
    try {
      return { sealed: await rotateKeyFile({ file: keyFileOf(places), random, log, vaults: [codes, personal] }) };
    } finally {
      await codes.close();
      await personal.close();
    }
  });

/** Hashes all codes under a new look-up key. The platform must be stopped. */
export const rotateLookups = (places: VaultPlaces, log: Log): Promise<{ readonly hashed: number }> =>
  withCodes(places, log, async (codes) => ({ hashed: await codes.rotateLookups() }));

/** Gives up rows the log never knew, and proves every block. The platform must be stopped. */
export const reconcile = (places: VaultPlaces, log: Log): Promise<Reconciled> =>
  withCodes(places, log, async (codes) => {
    const store = await openLog(places.data, places.namespace);
    try {
      return await reconcileVault(store, codes);
    } finally {
      await store.close();
    }
  });

const keyFileOf = ({ keys, namespace }: VaultPlaces): string => path.join(keys, `${namespace}.key`);
const openCodes = (data: string, namespace: Namespace, wrap: KeyWrap, log: Log): Promise<SqliteCodeVault> =>
  openCodeVault({ file: path.join(data, 'codes.sqlite'), namespace, wrap, random, clock, log });
const withCodes = <T>(places: VaultPlaces, log: Log, work: (codes: SqliteCodeVault) => Promise<T>): Promise<T> =>
  alone(places, log, async (data, wrap) => {
    const codes = await openCodes(data, places.namespace, wrap, log);
    try {
      return await work(codes);
    } finally {
      await codes.close();
    }
  });

/** Takes the directory for a moment, so that nothing is done beside a running platform (Fault `DIRECTORY_IN_USE`). */
const alone = async <T>(places: VaultPlaces, log: Log, work: (data: string, wrap: KeyWrap) => Promise<T>): Promise<T> => {
  const data = path.join(places.data, places.namespace);
  for (const file of [data, keyFileOf(places)]) if (!existsSync(file)) throw new CommandFailure(EXIT.data, `不存在：${file}`, `there is no ${file}`);
  const store = await openEmbeddedStore({ disk: nodeDisk(data), clock, log, onFatal: (fault) => { throw fault; } });
  await store.close();
  return work(data, fileKeyWrap({ file: keyFileOf(places), dataDir: data, namespace: places.namespace, random, log }));
};

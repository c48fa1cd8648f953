import { readFile } from 'node:fs/promises';
import { Fault } from '@vouchsafe/kernel';
import { type CodeVault, fileKeyWrap, type KeyWrap, type Nonces, type PersonalVault, secretKeyWrap, transitKeyWrap } from '@vouchsafe/vault';
import { mongoPersonalVault, openMongoCodeVault, type VaultMongoOptions } from '@vouchsafe/vault-mongo';
import type { Ids } from '@vouchsafe/runtime';
import type { Closers } from '../closers.js';
import type { ServiceConfig } from './config.js';
import type { Machine } from './connections.js';

export type VaultPlaces = Machine & { readonly config: ServiceConfig; readonly dataDir: string; readonly place: VaultMongoOptions; readonly ids: Ids; readonly closers: Closers };

/** The key-encryption key: a KMS's or out of the secret, where one is given, else out of its file (made at the first start). */
const wrapOf = async ({ config, dataDir, clock, random, log }: VaultPlaces): Promise<KeyWrap> => {
  const { VOUCHSAFE_VAULT_SECRET: secret, VOUCHSAFE_VAULT_KEY: file, VOUCHSAFE_NAMESPACE: namespace } = config;
  const { VOUCHSAFE_KMS_ADDRESS: address, VOUCHSAFE_KMS_MOUNT: mount, VOUCHSAFE_KMS_KEY: key, VOUCHSAFE_KMS_TOKEN_FILE: tokenFile, VOUCHSAFE_KMS_NAMESPACE: kmsNamespace } = config;
  if (address !== undefined && key !== undefined && tokenFile !== undefined)
    return transitKeyWrap({ address, mount, key, token: () => tokenIn(tokenFile), ...(kmsNamespace !== undefined && { kmsNamespace }), clock, random, log });
  return secret === undefined ? fileKeyWrap({ file, dataDir, namespace, random, log }) : secretKeyWrap(secret, random);
};
const tokenIn = async (file: string): Promise<string> => {
  try {
    return (await readFile(file, 'utf8')).trim();
  } catch (error) {
    throw new Fault('KMS_TOKEN_MISSING', `${file} (VOUCHSAFE_KMS_TOKEN_FILE) cannot be read: mount the token there, or let the KMS's agent write it`, true, { cause: error });
  }
};

/** The vault of codes, for inventory. */
export const openCodes = async (places: VaultPlaces): Promise<CodeVault> => {
  const { config, place, random, clock, closers } = places;
  const vault = await openMongoCodeVault({ place, namespace: config.VOUCHSAFE_NAMESPACE, wrap: await wrapOf(places), random, clock });
  closers.add(() => vault.close());
  return vault;
};

/** The vault of personal data, for access. */
export const openPersonal = async (places: VaultPlaces): Promise<PersonalVault & Nonces> => {
  const { config, place, random, clock, ids, closers } = places;
  const vault = await mongoPersonalVault({ place, namespace: config.VOUCHSAFE_NAMESPACE, keys: await wrapOf(places), random, ids, clock });
  closers.add(() => vault.close());
  return vault;
};

import { type CodeVault, fileKeyWrap, type KeyWrap, type Nonces, type PersonalVault, secretKeyWrap } from '@vouchsafe/vault';
import { mongoPersonalVault, openMongoCodeVault, type VaultMongoOptions } from '@vouchsafe/vault-mongo';
import type { Ids } from '@vouchsafe/runtime';
import type { Closers } from '../closers.js';
import type { ServiceConfig } from './config.js';
import type { Machine } from './connections.js';

export type VaultPlaces = Machine & { readonly config: ServiceConfig; readonly dataDir: string; readonly place: VaultMongoOptions; readonly ids: Ids; readonly closers: Closers };

/** The key-encryption key: out of the secret, where one is given, else out of its file (made at the first start). */
const wrapOf = ({ config, dataDir, random, log }: VaultPlaces): KeyWrap => {
  const { VOUCHSAFE_VAULT_SECRET: secret, VOUCHSAFE_VAULT_KEY: file, VOUCHSAFE_NAMESPACE: namespace } = config;
  return secret === undefined ? fileKeyWrap({ file, dataDir, namespace, random, log }) : secretKeyWrap(secret, random);
};

/** The vault of codes, for inventory. */
export const openCodes = async (places: VaultPlaces): Promise<CodeVault> => {
  const { config, place, random, clock, closers } = places;
  const vault = await openMongoCodeVault({ place, namespace: config.VOUCHSAFE_NAMESPACE, wrap: wrapOf(places), random, clock });
  closers.add(() => vault.close());
  return vault;
};

/** The vault of personal data, for access. */
export const openPersonal = async (places: VaultPlaces): Promise<PersonalVault & Nonces> => {
  const { config, place, random, clock, ids, closers } = places;
  const vault = await mongoPersonalVault({ place, namespace: config.VOUCHSAFE_NAMESPACE, keys: wrapOf(places), random, ids, clock });
  closers.add(() => vault.close());
  return vault;
};

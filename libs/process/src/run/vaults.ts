import path from 'node:path';
import { type CodeVault, fileKeyWrap, type KeyWrap, type Nonces, openCodeVault, type PersonalVault, sqlitePersonalVault } from '@vouchsafe/vault';
import type { Ids } from '@vouchsafe/runtime';
import type { Closers } from '../closers.js';
import type { ServiceConfig } from './config.js';
import type { Machine } from './connections.js';

export type VaultPlaces = Machine & { readonly config: ServiceConfig; readonly ids: Ids; readonly closers: Closers };

const wrapOf = ({ config, random, log }: VaultPlaces): KeyWrap => fileKeyWrap({ file: config.VOUCHSAFE_VAULT_KEY, dataDir: config.VOUCHSAFE_DATA, namespace: config.VOUCHSAFE_NAMESPACE, random, log });

/** The vault of codes, for inventory. */
export const openCodes = async (places: VaultPlaces): Promise<CodeVault> => {
  const { config, random, clock, log, closers } = places;
  const vault = await openCodeVault({ file: path.join(config.VOUCHSAFE_DATA, 'codes.sqlite'), namespace: config.VOUCHSAFE_NAMESPACE, wrap: wrapOf(places), random, clock, log });
  closers.add(() => vault.close());
  return vault;
};

/** The vault of personal data, for access. */
export const openPersonal = async (places: VaultPlaces): Promise<PersonalVault & Nonces> => {
  const { config, random, clock, log, ids, closers } = places;
  const vault = await sqlitePersonalVault({ file: path.join(config.VOUCHSAFE_DATA, 'personal.sqlite'), namespace: config.VOUCHSAFE_NAMESPACE, keys: wrapOf(places), random, ids, clock, log });
  closers.add(() => vault.close());
  return vault;
};

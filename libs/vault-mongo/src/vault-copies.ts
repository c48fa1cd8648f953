import { copyTo, type CopyOf, Mongo, restoreCopy } from '@vouchsafe/mongo';
import type { Namespace } from '@vouchsafe/runtime';
import { CODE_VAULT_INDEXES } from './mongo-code-vault.js';
import { PERSONAL_VAULT_INDEXES, personalVaultCopy } from './mongo-personal-vault.js';
import { openVaultMongo, type VaultIndexes, type VaultMongoOptions } from './vault-mongo.js';

export type VaultKind = 'codes' | 'personal';
type Place = Omit<VaultMongoOptions, 'indexes'>;

const VAULTS: Readonly<Record<VaultKind, { readonly indexes: VaultIndexes; readonly copy: (namespace: Namespace) => CopyOf }>> = {
  codes: { indexes: CODE_VAULT_INDEXES, copy: (namespace) => ({ what: 'code vault', namespace, collections: [...Object.keys(CODE_VAULT_INDEXES), 'counters'] }) },
  personal: { indexes: PERSONAL_VAULT_INDEXES, copy: personalVaultCopy },
};

/** Copies a vault, as it is at one instant, into a new file, beside the services that use it. No key is needed: what is sealed stays sealed. */
export const copyVault = async (place: Place, kind: VaultKind, namespace: Namespace, file: string): Promise<void> => {
  const mongo = new Mongo({ ...place, codes: 'VAULT' });
  try {
    await copyTo(mongo, VAULTS[kind].copy(namespace), file);
  } finally {
    await mongo.close();
  }
};

/** Puts a copy into an empty database, with its indexes. Faults, not retryable: `COPY_TARGET_NOT_EMPTY`, `COPY_WRONG`. */
export const restoreVault = async (place: Place, kind: VaultKind, namespace: Namespace, file: string): Promise<void> => {
  const mongo = await openVaultMongo({ ...place, indexes: 'apply' }, VAULTS[kind].indexes);
  try {
    await restoreCopy(mongo, VAULTS[kind].copy(namespace), file);
  } finally {
    await mongo.close();
  }
};

import type { Clock, Log, Random } from '@vouchsafe/runtime';
import type { BoundProjection } from '@vouchsafe/read-store';
import { applyIndexes, type AppliedIndexes } from '@vouchsafe/read-store-mongo';
import { applyVaultIndexes, CODE_VAULT_INDEXES, PERSONAL_VAULT_INDEXES } from '@vouchsafe/vault-mongo';
import { databaseOf, type IndexesConfig } from './config.js';

/** What a service keeps in MongoDB: its views, and the vault that it owns. */
export type Kept = { readonly name: string; readonly views?: () => readonly BoundProjection[]; readonly vault?: keyof typeof VAULTS };
const VAULTS = { codes: CODE_VAULT_INDEXES, personal: PERSONAL_VAULT_INDEXES } as const;

export type IndexesApplied = { readonly service: string; readonly views: readonly AppliedIndexes[]; readonly vault: 'none' | 'applied' };

/**
 * Makes the indexes that a service's collections lack, before a version that needs them is started with `VOUCHSAFE_MONGO_INDEXES=check`.
 * Drops none, so an older version goes on beside it; may be run again, and while the service runs. Faults are those of the adapters
 * (`READ_STORE_…`, `VAULT_…`).
 */
export const applyServiceIndexes = async ({ name, views, vault }: Kept, config: IndexesConfig, machine: { readonly clock: Clock; readonly random: Random; readonly log: Log }): Promise<IndexesApplied> => {
  const { clock, random, log } = machine;
  const mongo = { uri: config.VOUCHSAFE_MONGO_URI, clock, random, log };
  const specs = new Map((views?.() ?? []).map(({ collection }) => [collection.name, collection]));
  const applied = await applyIndexes({ ...mongo, database: databaseOf(config, name) }, [...specs.values()]);
  if (vault) await applyVaultIndexes({ ...mongo, database: databaseOf(config, name, 'vault') }, VAULTS[vault]);
  return { service: name, views: applied, vault: vault ? 'applied' : 'none' };
};

export type { MongoCodeVaultOptions } from './mongo-code-vault.js';
export { CODE_VAULT_INDEXES, openMongoCodeVault } from './mongo-code-vault.js';
export type { VaultIndexes, VaultMongoOptions } from './vault-mongo.js';
export { applyVaultIndexes } from './vault-mongo.js';
export type { MongoPersonalVaultOptions } from './mongo-personal-vault.js';
export { mongoPersonalVault, PERSONAL_VAULT_INDEXES } from './mongo-personal-vault.js';
export type { VaultKind } from './vault-copies.js';
export { copyVault, restoreVault } from './vault-copies.js';

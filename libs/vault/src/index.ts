export type { KeyFileOptions, KeyRotation } from './key-file.js';
export { fileKeyWrap, rotateKeyFile, secretKeyWrap } from './key-file.js';
export type { KeyWrap } from './key-wrap.js';
export { eitherKeyWrap, KEK_BYTES, localKeyWrap } from './key-wrap.js';
export type { TransitOptions } from './transit-key-wrap.js';
export { transitKeyWrap } from './transit-key-wrap.js';
export type { Nonces, PersonalKind, PersonalOwner, PersonalValue, PersonalVault, ProtectedValue } from './personal-vault.js';
export { PERSONAL_KINDS, PERSONAL_VALUE_MAX, PERSONAL_VALUES_MAX, subjectOfRef } from './personal-vault.js';
export type { PersonalVaultStats, SqlitePersonalVaultOptions } from './sqlite-personal-vault.js';
export { sqlitePersonalVault } from './sqlite-personal-vault.js';
export type {
  BatchStatus, BatchUnits, CodeVault, Erasure, MaintainedCodeVault, NewBatch, OpenedUnit, PlainRow, RowRefusal, SealedLookupKey, SealResult, Segment, UnitRef, VaultBatch,
} from './code-vault.js';
export { HASH_BYTES, KEEP_HASH_BITS } from './code-vault.js';
export type { CodeVaultOptions, SqliteCodeVault } from './sqlite-code-vault.js';
export { openCodeVault } from './sqlite-code-vault.js';
export type { Spool, SpoolKeys } from './spool.js';
export { openSpool } from './spool.js';

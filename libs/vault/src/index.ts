export type { KeyFileOptions } from './key-file.js';
export { fileKeyWrap, secretKeyWrap } from './key-file.js';
export type { KeyWrap } from './key-wrap.js';
export { KEK_BYTES, localKeyWrap } from './key-wrap.js';
export type { Nonces, PersonalKind, PersonalOwner, PersonalValue, PersonalVault, ProtectedValue } from './personal-vault.js';
export { PERSONAL_KINDS, PERSONAL_VALUE_MAX, PERSONAL_VALUES_MAX, subjectOfRef } from './personal-vault.js';
export type { PersonalVaultStats, SqlitePersonalVaultOptions } from './sqlite-personal-vault.js';
export { sqlitePersonalVault } from './sqlite-personal-vault.js';

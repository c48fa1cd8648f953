export type { OpenVault, VaultGround } from './code-vault-contract.js';
export { describeCodeVaultContract } from './code-vault-contract.js';
export type { OpenPersonalVault, PersonalVaultGround } from './personal-vault-contract.js';
export { describePersonalVaultContract } from './personal-vault-contract.js';

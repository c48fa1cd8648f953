export type { OpenVault, VaultGround } from './code-vault-contract.js';
export { describeCodeVaultContract } from './code-vault-contract.js';
export { describeKeyWrapContract } from './key-wrap-contract.js';
export type { TransitStandIn } from './transit-stand-in.js';
export { startTransitStandIn } from './transit-stand-in.js';
export type { OpenPersonalVault, PersonalVaultGround } from './personal-vault-contract.js';
export { describePersonalVaultContract } from './personal-vault-contract.js';

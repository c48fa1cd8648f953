export { inventoryErrors } from './api/errors.js';
export type { InventoryPorts } from './application/ports.js';
export type { Reconciled } from './application/reconcile-vault.js';
export { reconcileVault } from './application/reconcile-vault.js';
export type { InventoryConfig } from './config.js';
export { inventoryConfig } from './config.js';
export { createInventory, inventoryProjections } from './create-inventory.js';

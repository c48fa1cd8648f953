import { runService } from '@vouchsafe/process/run';
import { inventoryConfig } from './config.js';
import { createInventory, inventoryProjections } from './create-inventory.js';

runService({
  name: 'inventory', views: inventoryProjections, vault: 'codes', settings: () => inventoryConfig,
  create: async (ports, settings) => createInventory({ ...ports, vault: await ports.codes(), spool: ports.disk('spool') }, settings),
});

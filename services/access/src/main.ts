import { runService } from '@vouchsafe/process/run';
import { composeAccess } from './compose.js';
import { accessConfig } from './config.js';

runService({ name: 'access', settings: () => accessConfig, create: async (ports, settings) => composeAccess({ ...ports, vault: await ports.personal() }, settings) });

import { runService } from '@vouchsafe/process/run';
import { catalogConfig } from './config.js';
import { createCatalog } from './create-catalog.js';

runService({ name: 'catalog', settings: () => catalogConfig, create: createCatalog });

import { runService } from '@vouchsafe/process/run';
import { riskConfig } from './config.js';
import { createRisk, riskProjections } from './create-risk.js';

runService({ name: 'risk', views: riskProjections, settings: () => riskConfig, create: (ports, settings) => createRisk({ ...ports, listDisk: ports.disk('lists') }, settings) });

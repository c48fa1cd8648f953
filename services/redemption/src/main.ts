import { runService } from '@vouchsafe/process/run';
import { redemptionConfig } from './config.js';
import { createRedemption } from './create.js';

runService({ name: 'redemption', settings: () => redemptionConfig, create: createRedemption });

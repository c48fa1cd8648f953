import { runService } from '@vouchsafe/process/run';
import { redemptionConfig } from './config.js';
import { createRedemption, redemptionProjections } from './create.js';

runService({ name: 'redemption', views: redemptionProjections, settings: () => redemptionConfig, create: createRedemption });

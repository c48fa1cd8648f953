import { runService } from '@vouchsafe/process/run';
import { z } from 'zod';
import { fulfillmentConfig } from './config.js';
import { createFulfillment, fulfillmentProjections } from './create.js';

runService({
  name: 'fulfillment', views: fulfillmentProjections, create: createFulfillment,
  // The namespace is the process's, not a setting; which providers are allowed depends on it.
  settings: (namespace) => z.looseObject({}).transform((given) => ({ ...given, namespace })).pipe(fulfillmentConfig),
});

import { noSettings, runService } from '@vouchsafe/process/run';
import { createInsight } from './index.js';

runService({ name: 'insight', settings: () => noSettings, create: createInsight });

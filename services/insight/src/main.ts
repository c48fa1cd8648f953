import { noSettings, runService } from '@vouchsafe/process/run';
import { createInsight, insightProjections } from './index.js';

runService({ name: 'insight', views: insightProjections, settings: () => noSettings, create: createInsight });

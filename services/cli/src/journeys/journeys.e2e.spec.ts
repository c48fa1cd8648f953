import { describeJourneys } from './describe-journeys.js';
import { openEmbedded } from './embedded-form.js';

describeJourneys('embedded', openEmbedded);

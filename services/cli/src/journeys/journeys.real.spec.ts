import { describeReal } from '@vouchsafe/test-servers';
import { describeJourneys } from './describe-journeys.js';
import { openDistributed } from './distributed-form.js';

describeReal(['Kafka', 'MongoDB'], 'all services as processes of their own', () => describeJourneys('distributed', openDistributed));

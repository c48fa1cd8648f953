import { describeReal } from '@vouchsafe/test-servers';

jest.setTimeout(5 * 60_000);

/** The same specification as embedded, byte for byte; only the house is made of other things. */
describeReal(['Kafka', 'MongoDB'], 'the journeys, every service a process of its own', () => {
  const form = process.env['VOUCHSAFE_TEST_FORM'];
  beforeAll(() => void (process.env['VOUCHSAFE_TEST_FORM'] = 'distributed'));
  afterAll(() => {
    if (form === undefined) delete process.env['VOUCHSAFE_TEST_FORM'];
    else process.env['VOUCHSAFE_TEST_FORM'] = form;
  });
  require('./journey.e2e.spec.js');
});

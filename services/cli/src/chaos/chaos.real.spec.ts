import { existsSync } from 'node:fs';
import path from 'node:path';
import { describeReal } from '@vouchsafe/test-servers';
import { perform } from './chaos.js';
import { SCENARIOS } from './scenarios.js';

const MINUTES = 60_000;
const LONG = process.env['VOUCHSAFE_LONG'] === '1';
/** The short form has these two; the long one all, in `vouchsafe chaos`. */
const SHORT = [1, 6];
/** Each starts a dozen processes, some of them thrice. */
const [SHORT_MINUTES, LONG_MINUTES] = [6, 20];
const isCompiled = existsSync(path.resolve(__dirname, '../../../order/dist/main.js'));

describeReal(['Kafka', 'MongoDB'], 'what is promised stays true', () => {
  it.each(SCENARIOS.filter(({ number }) => LONG || SHORT.includes(number)))('in scenario $number: $en', async (scenario) => {
    if (!isCompiled) throw new Error('compile first: the cluster starts services/*/dist/main.js');
    const told = await perform(scenario, { seed: 1, rounds: 1, rate: 4, patienceMs: MINUTES, keep: false }, () => {});
    expect(told).toMatchObject({ scenario: scenario.number, lost: 0, twice: 0, stuck: 0, ledger_sum: 0, damage: 0, wrong: [], examples: [] });
    expect(told.acked).toBeGreaterThan(0);
  }, (LONG ? LONG_MINUTES : SHORT_MINUTES) * MINUTES);
});

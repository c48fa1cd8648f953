import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { furnish } from '../demo/furnish.js';
import { describeEnduring } from './enduring.js';
import type { Form } from './form.js';
import { describePaying } from './paying.js';
import { describeProving } from './proving.js';
import { describeRedeeming } from './redeeming.js';
import { describeGivingBack, describeSelling } from './selling.js';
import { describeStreaming } from './streaming.js';
import { Visitors } from './visitors.js';

const OPEN_MS = 180_000;
const CLOSE_MS = 60_000;
/** Where a test run finds what stood behind each port. */
const TOLD = path.resolve(__dirname, '../../../../.cache/journeys');

/** The end-to-end journeys over the public contract, the same for every form of the platform. They build on each other, in order. */
export const describeJourneys = (name: string, open: () => Promise<Form>): void => {
  describe(`journeys on the ${name} form`, () => {
    let form: Form | undefined;
    let visitors: Visitors | undefined;
    const present = (): Visitors => {
      if (!visitors) throw new Error('the form is not open');
      return visitors;
    };
    beforeAll(async () => {
      form = await open();
      mkdirSync(TOLD, { recursive: true });
      writeFileSync(path.join(TOLD, `${name}.json`), JSON.stringify(form.behind));
      visitors = new Visitors(form);
      await furnish(visitors.admin, form.folder, { months: 160, seats: 5, coffee: 40, tens: 5 });
    }, OPEN_MS);
    afterAll(async () => {
      visitors?.close();
      await form?.close();
    }, CLOSE_MS);

    describe('selling', () => describeSelling(present));
    describe('giving back, and what others see', () => describeGivingBack(present));
    describe('streaming', () => describeStreaming(present));
    describe('at the tills', () => describeRedeeming(present));
    describe('what buyers pay', () => describePaying(present));
    describe('power cuts', () => describeEnduring(present));
    describe('proving', () => describeProving(present));
  });
};

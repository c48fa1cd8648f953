import * as fc from 'fast-check';
import { seededRandom } from '@vouchsafe/runtime';
import { CrashWorld } from '../testing/crash-world.js';

const LONG = process.env['VOUCHSAFE_LONG'] === '1';
jest.setTimeout(3_600_000); // long with VOUCHSAFE_LONG; seconds without

describe('a store whose machine loses power, or whose process is killed, at any operation of its disk', () => {
  it('has everything it acknowledged, whole appends only, in order, and goes on', async () => {
    let crashes = 0;
    let acknowledged = 0;
    const lives = fc.array(fc.oneof(fc.integer({ min: 1, max: 60 }), fc.integer({ min: 1, max: 400 })), {
      minLength: 3,
      maxLength: 8,
    });
    await fc.assert(
      fc.asyncProperty(fc.integer(), lives, async (seed, operations) => {
        const world = new CrashWorld(seededRandom(seed).fraction);
        for (const count of operations) await world.live(count);
        await world.check(await world.open());
        crashes += world.crashes;
        acknowledged += world.acknowledged;
      }),
      { numRuns: LONG ? 20_000 : 500 },
    );
    expect(crashes).toBeGreaterThan(LONG ? 50_000 : 1000);
    expect(acknowledged).toBeGreaterThan(crashes);
  });
});
